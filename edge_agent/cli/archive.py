"""``hplc-edge archive check``: is an archive file good, and what tree does it make?"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from edge_agent.cli.command import Command
from edge_agent.config.archive_file import ArchiveFile, read_archive_file
from edge_agent.config.text_file import read_text
from edge_agent.config.wires import read_meter_tables
from edge_agent.config.work_file import parse_work
from edge_agent.errors import ConfigError
from edge_agent.model import Archive, Meter, WorkBook

_DONE, _CHECK_FAILED = 0, 1
_LEVELS = ("feeder", "branch", "box")
_SHOWN_METERS = 8


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="tell every problem of an archive file, or the tree that it makes")
    check.add_argument("file", metavar="FILE", type=Path, help="CSV or JSON, see docs/archive.md")
    check.add_argument("--work", type=Path, metavar="FILE", help="also check this file of announced work against the archive")
    check.add_argument("--json", action="store_true", help="one object")


def run(arguments: argparse.Namespace) -> int:
    problems: list[str] = []
    listed = read_archive_file(arguments.file, problems)
    archive = _archive(listed, problems)
    book = WorkBook()
    if arguments.work is not None:
        try:
            book = parse_work(arguments.work, read_text(arguments.work), archive)
        except ConfigError as exc:
            problems += exc.problems
    if arguments.json:
        print(json.dumps(_described(arguments.file, listed, archive, book, problems), ensure_ascii=False, indent=1))
    elif not problems:
        _show(arguments.file, listed, archive, book, has_work=arguments.work is not None)
    if problems and not arguments.json:
        for problem in problems:
            print(problem, file=sys.stderr)
        print(f"{arguments.file}: {len(problems)} problems", file=sys.stderr)
    return _CHECK_FAILED if problems else _DONE


def _archive(listed: ArchiveFile, problems: list[str]) -> Archive:
    """As far as the file alone goes: buses and profiles are those of a configuration, which ``run --check`` looks at."""
    tables = read_meter_tables([(where, {"bus": "", "profile": "", **row}) for where, row in listed.meters], problems)
    meters = [
        Meter(
            id=table.id, index=index, profile=table.profile, bus=table.bus, node=table.node, phases=table.phases or "a",
            grid_phases=table.grid_phases, tags=tuple(dict.fromkeys(table.tags)),
        )
        for index, (_, table) in enumerate(tables)
    ]
    return Archive("", tuple(meters), version=listed.version, sites=listed.sites)


def _level(node: str) -> str:
    depth = node.count("/")
    return _LEVELS[depth] if depth < len(_LEVELS) else f"level {depth + 1}"


def _phases(archive: Archive, node: str) -> Counter[str]:
    return Counter(archive.meters[index].grid_phases or "unknown" for index in archive.members(node))


def _tags(archive: Archive, node: str) -> Counter[str]:
    return Counter(tag for index in archive.members(node) for tag in archive.meters[index].tags)


def _described(path: Path, listed: ArchiveFile, archive: Archive, book: WorkBook, problems: list[str]) -> dict[str, Any]:
    sites = archive.sites
    return {
        "file": str(path), "ok": not problems, "problems": problems, "version": listed.version, "meters": len(archive.meters),
        "relays_open": list(listed.open_relays), "planned": len(book.planned), "tickets": len(book.tickets),
        "places": [
            {
                "node": node, "level": _level(node), "meters": [archive.meters[index].id for index in archive.members(node)],
                "phases": dict(_phases(archive, node)), "tags": dict(_tags(archive, node)),
                "has_coordinates": sites.of_node(node).latitude is not None,
            }
            for node in archive.nodes
        ],
    }


def _show(path: Path, listed: ArchiveFile, archive: Archive, book: WorkBook, *, has_work: bool) -> None:
    levels = Counter(map(_level, archive.nodes))
    counted = ", ".join(f"{count} {name if count == 1 else _plural(name)}" for name, count in levels.items())
    print(f"{path}: version {listed.version}, {len(archive.meters)} meters" + (f" below {counted}" if counted else ""))
    without = sum(not meter.node for meter in archive.meters)
    pointless = sum(archive.sites.of_meter(meter.id, meter.node).latitude is None for meter in archive.meters)
    for count, says in ((without, "without a place"), (pointless, "without coordinates"), (len(listed.open_relays), "with an open relay")):
        if count:
            print(f"{count} of {len(archive.meters)} meters {says}")
    if has_work:
        print(f"{len(book.planned)} planned works, {len(book.tickets)} tickets")
    for node in sorted(archive.nodes, key=lambda node: node.split("/")):
        members, own = archive.members(node), [meter.id for meter in archive.meters if meter.node == node]
        name = "  " * node.count("/") + node.rpartition("/")[2]
        phases = " ".join(f"{phase}:{count}" for phase, count in sorted(_phases(archive, node).items()))
        tags = "".join(f"  {tag}:{count}" for tag, count in sorted(_tags(archive, node).items()))
        ids = " ".join(own[:_SHOWN_METERS]) + (" …" if len(own) > _SHOWN_METERS else "")
        print(f"{name:28} {len(members):4} meters  {phases}{tags}" + (f"  {ids}" if ids else ""))


def _plural(name: str) -> str:
    return name if name.startswith("level") else {"branch": "branches", "box": "boxes"}.get(name, name + "s")


COMMAND = Command(name="archive", summary="check an archive of meters and places", configure=configure, run=run)
