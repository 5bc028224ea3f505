"""``hplc-edge sim check-grid``: our grid solution beside a folder of reference solutions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from edge_agent.errors import ConfigError
from simulator.cli.rows import Row, print_rows


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="of the layout of ieee_european_lv (CSV and series) or lv_faults (JSON and cases)")
    parser.add_argument("--tree", action="store_true", help="refuse a network with a loop")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    from simulator.grid.check import check_folder  # scipy takes half a second: only who asks pays

    if not arguments.folder.is_dir():
        raise ConfigError([f"{arguments.folder}: no such folder"])
    rows: list[Row] = []
    for worst in check_folder(arguments.folder, _progress(quiet=arguments.json), must_be_tree=arguments.tree):
        compared = worst.compared
        rows.append(Row(name=f"{worst.name}: cases", figure=compared, unit="compared", goal=f"of {worst.cases}", ok=compared > 0))
        rows += [
            Row(name=f"{worst.name}: {name}", figure=figure, unit=unit, goal=f"<= {goal:g}", ok=figure <= goal)
            for name, figure, unit, goal in worst.figures()
        ]
    return print_rows(rows, as_json=arguments.json)


def _progress(*, quiet: bool) -> Callable[[str], None]:
    def say(text: str) -> None:
        if not quiet and sys.stderr.isatty():
            print(f"\r\x1b[K... {text}", end="", file=sys.stderr, flush=True)

    return say
