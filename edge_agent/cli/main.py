"""The ``hplc-edge`` command: finds all commands by entry point ``hplc_edge.commands`` and runs one."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version

from edge_agent.cli.command import Command
from edge_agent.errors import ConfigError, HplcEdgeError, LinkError

GROUP = "hplc_edge.commands"
DONE, CHECK_FAILED, WRONG_USE, OUTSIDE_FAILED = 0, 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; expected failures are one line each on stderr, a traceback is a bug."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    parser = argparse.ArgumentParser(prog="hplc-edge", description="Reads meters, detects faults at the edge, publishes over MQTT.")
    parser.add_argument("--version", action="version", version=f"hplc-edge {version('hplc-edge')}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    # only the chosen command is imported: 'run' on a concentrator must not load the simulator
    named = next((word for word in arguments if not word.startswith("-")), None)
    chosen = _load(found[named]) if named in found else None
    for name in sorted(found):
        if chosen is not None and name == chosen.name:
            command_parser = subparsers.add_parser(name, help=chosen.summary, description=chosen.summary)
            chosen.configure(command_parser)
        elif chosen is None:
            subparsers.add_parser(name, help=_load(found[name]).summary)
    parsed = parser.parse_args(arguments)
    assert chosen is not None  # argparse has refused every other word
    try:
        return chosen.run(parsed)
    except ConfigError as exc:
        for problem in exc.problems:
            print(f"hplc-edge {chosen.name}: {problem}", file=sys.stderr)
        return WRONG_USE
    except LinkError as exc:
        print(f"hplc-edge {chosen.name}: {exc}", file=sys.stderr)
        return OUTSIDE_FAILED
    except HplcEdgeError as exc:          # e.g. a grid that does not converge: said, and nothing of it used
        print(f"hplc-edge {chosen.name}: {exc}", file=sys.stderr)
        return CHECK_FAILED
    except BrokenPipeError:
        # the reader of our output left (| head): not our failure; keep the interpreter from complaining at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return 130


def _load(entry: EntryPoint) -> Command:
    command = entry.load()
    assert isinstance(command, Command), entry
    return command


if __name__ == "__main__":
    sys.exit(main())
