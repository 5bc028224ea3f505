"""``hplc-edge relearn``: after a meter was changed or an installation mended, detectors start anew for it; latched alarms are released."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge_agent.cli.command import Command
from edge_agent.config import load_config
from edge_agent.detect import find_detectors
from edge_agent.detect.relearn import Relearns
from edge_agent.errors import ConfigError
from edge_agent.state import RelearnRequest, Requests, requests_directory


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("meters", nargs="*", metavar="METER", help="id of a meter in the configuration")
    parser.add_argument("-c", "--config", type=Path, required=True, metavar="FILE", help="configuration of the agent")
    parser.add_argument("--all", action="store_true", help="all meters")
    parser.add_argument("--detector", action="append", default=[], metavar="NAME", help="only this detector; may be repeated")


def run(arguments: argparse.Namespace) -> int:
    config = load_config(arguments.config)
    known = [meter.id for meter in config.archive.meters]
    found = find_detectors()
    able = [name for name, settings in config.detectors.items() if isinstance(found[name].build(config.archive, settings), Relearns)]
    problems = [f"meter {name} is not in the configuration" for name in arguments.meters if name not in known]
    problems += [
        f"detector {name} learns nothing or is not on; those that do: {', '.join(able)}" for name in arguments.detector if name not in able
    ]
    if bool(arguments.meters) == arguments.all:
        problems.append("name the meters, or all of them with --all")
    if problems:
        raise ConfigError(problems)
    request = RelearnRequest(meters=tuple(known if arguments.all else arguments.meters), detectors=tuple(arguments.detector))
    try:
        Requests(requests_directory(config.state_dir)).add(request)
    except OSError as exc:
        raise ConfigError([f"{exc.filename}: the request cannot be left: {exc.strerror}"]) from exc
    print(f"{len(request.meters)} meters: {', '.join(arguments.detector or able)} start anew within 10 s, or when the agent is started")
    return 0


COMMAND = Command(name="relearn", summary="start detectors anew for meters, release latched alarms", configure=configure, run=run)
