"""``hplc-edge score SET DIR``: the shipped detectors, with shipped settings, on a labelled folder; ``score outage`` on drawn outages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.cli.command import Command
from edge_agent.errors import ConfigError
from simulator.cli import score_outage
from simulator.cli.rows import Row, print_rows

if TYPE_CHECKING:
    from simulator.scoring.score_set import ScoreSet

ALL, OUTAGE = "all", "outage"


def configure(parser: argparse.ArgumentParser) -> None:
    from simulator.scoring.sets import find_sets

    sets = find_sets()
    told = "; ".join(f"{name}: {sets[name].summary}" for name in sorted(sets))
    told += f"; {ALL}: each that has a folder of its name in DIR; {OUTAGE}: {score_outage.SUMMARY}"
    parser.add_argument("set", metavar="SET", choices=[*sorted(sets), ALL, OUTAGE], help=told)
    parser.add_argument("directory", metavar="DIR", type=Path, nargs="?", help="a folder of the layout that the README of its set tells")
    parser.add_argument("--json", action="store_true")
    score_outage.configure(parser)


def run(arguments: argparse.Namespace) -> int:
    from simulator.scoring.sets import find_sets

    if arguments.set == OUTAGE:
        if arguments.directory is not None:
            raise ConfigError([f"{arguments.directory}: outages are drawn, not read from a folder; for an area give --area FILE"])
        return print_rows(score_outage.run(arguments), as_json=arguments.json)
    if arguments.directory is None:
        raise ConfigError([f"name the folder with the files of the set {arguments.set}"])
    if not arguments.directory.exists():
        raise ConfigError([f"{arguments.directory}: does not exist; name the folder with the files of the set {arguments.set}"])
    sets = find_sets()
    rows = _every(sets, arguments.directory) if arguments.set == ALL else _one(sets[arguments.set], arguments.directory)
    return print_rows(rows, as_json=arguments.json)


def _every(sets: dict[str, ScoreSet], directory: Path) -> list[Row]:
    found = [name for name in sorted(sets) if (directory / name).is_dir()]
    if not found:
        raise ConfigError([f"{directory}: has no folder of the name of a set; there are {', '.join(sorted(sets))}"])
    missing = ", ".join(name for name in sorted(sets) if name not in found)
    if missing:
        print(f"not in {directory}, so not scored: {missing}", file=sys.stderr)
    rows = []
    for name in found:
        print(name, file=sys.stderr, flush=True)
        rows += [Row(name=f"{name}: {row.name}", figure=row.figure, unit=row.unit, goal=row.goal, ok=row.ok)
                 for row in _one(sets[name], directory / name)]
    return rows


def _one(chosen: ScoreSet, directory: Path) -> list[Row]:
    rows = chosen.score(directory, _say)
    _say(1.0)
    return rows


def _say(share: float) -> None:
    if sys.stderr.isatty():
        print(f"\r{share:5.0%}", end="" if share < 1.0 else "\n", file=sys.stderr, flush=True)


COMMAND = Command(name="score", summary="run the shipped detectors on labelled data: how good they are", configure=configure, run=run)
