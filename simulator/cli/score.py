"""``hplc-edge score SET DIR``: the shipped detectors, with shipped settings, on a labelled folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge_agent.cli.command import Command
from edge_agent.errors import ConfigError
from simulator.cli.rows import print_rows


def configure(parser: argparse.ArgumentParser) -> None:
    from simulator.scoring.sets import find_sets

    sets = find_sets()
    told = "; ".join(f"{name}: {sets[name].summary}" for name in sorted(sets))
    parser.add_argument("set", metavar="SET", choices=sorted(sets), help=told)
    parser.add_argument("directory", metavar="DIR", type=Path, help="a folder of the layout that the README of the set describes")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    from simulator.scoring.sets import find_sets

    if not arguments.directory.exists():
        raise ConfigError([f"{arguments.directory}: does not exist; name the folder with the files of the set {arguments.set}"])
    chosen = find_sets()[arguments.set]
    rows = chosen.score(arguments.directory, _say)
    _say(1.0)
    return print_rows(rows, as_json=arguments.json)


def _say(share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{share:5.0%}", end="" if share < 1.0 else "\n", file=sys.stderr, flush=True)


COMMAND = Command(name="score", summary="run the shipped detectors on labelled data: how good they are", configure=configure, run=run)
