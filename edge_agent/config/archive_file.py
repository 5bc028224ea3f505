"""``[archive] file``: meters, places and what a crew needs to know of them, as a geographic information system exports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edge_agent.config.archive_rows import Row, read_rows
from edge_agent.config.archive_tree import Tree
from edge_agent.model import Site, Sites, Ticket

_HOW_TO_REACH = ("bus", "profile", "unit", "address")
FOR_EVER_MS = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """``meters``: where each stands, and its keys of ``[[meter]]``. ``open_relays``: ids of meters that are cut off."""

    version: int = 1
    meters: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    sites: Sites = field(default_factory=Sites)
    open_relays: tuple[str, ...] = ()

    @property
    def standing_tickets(self) -> tuple[Ticket, ...]:
        """A relay that the archive says is open stays so until the archive says otherwise."""
        return tuple(
            Ticket(id=f"relay-open-{meter}", kind="disconnect", meter=meter, from_utc_ms=0, until_utc_ms=FOR_EVER_MS)
            for meter in self.open_relays
        )


def read_archive_file(path: Path, problems: list[str]) -> ArchiveFile:
    """What is good of the file; every problem in one line with file and line.

    Raises:
        ConfigError: the file cannot be read at all.
    """
    rows = read_rows(path, problems)
    tree, meters = Tree(rows, problems), list[tuple[str, Mapping[str, Any]]]()
    of_nodes, of_meters, fed = dict[str, Site](), dict[str, Site](), set[str]()
    for row in rows.rows:
        node = tree.path_of(row)
        if not row.id:
            if node is not None:
                tree.declare(row, node)
                of_nodes.setdefault(node, row.site)
            continue
        fed.add(node or "")
        meters.append((row.where, {**row.meter, "node": node} if node else row.meter))
        of_meters.setdefault(row.id, row.site)
    if not rows.has_parents:
        tree.orphans(fed)
    nowhere = Site()
    return ArchiveFile(
        version=rows.version, meters=tuple(meters), open_relays=tuple(_open(rows.rows)),
        sites=Sites(
            nodes=MappingProxyType({node: site for node, site in of_nodes.items() if site != nowhere}),
            meters=MappingProxyType({meter: site for meter, site in of_meters.items() if site != nowhere}),
        ),
    )


def with_archive(
    configured: Sequence[tuple[str, Any]], archive: ArchiveFile, problems: list[str]
) -> list[tuple[str, Any]]:
    """The meters of the configuration and those of the file. A row that does not say how to reach its meter adds to that of the
    configuration what is not said there."""
    merged = list(configured)
    places = {entry["id"]: place for place, (_, entry) in enumerate(configured) if isinstance(entry, Mapping) and _is_named(entry)}
    added: dict[str, str] = {}
    for where, row in archive.meters:
        if any(key in row for key in _HOW_TO_REACH):
            merged.append((where, row))
            continue
        place, name = places.get(row["id"]), row["id"]
        if place is None:
            problems.append(f"{where}: meter {name!r} does not exist: neither this row nor a [[meter]] says how to reach it (bus, profile)")
        elif name in added:
            problems.append(f"{where}: id {name!r} is also {added[name]}; ids must differ")
        else:
            added[name] = where
            named, entry = merged[place]
            problems += [
                f"{where}: {key} = {row[key]!r}, but {named} says {entry[key]!r}" for key in row if key in entry and entry[key] != row[key]
            ]
            merged[place] = named, {**row, **entry}
    return merged


def _is_named(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("id"), str)


def _open(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row.id for row in rows if row.is_relay_open))
