"""``[archive] work``: what the utility has announced, a JSON file that its office rewrites while the agent runs.

    {"planned": [{"id": "W-17", "nodes": ["feeder-1/branch-2"], "from": "2026-11-26T09:00:00+08:00", "until": "…", "reason": "…"}],
     "tickets": [{"id": "T-3", "kind": "swap", "meter": "m0025", "from": "…", "until": "…"}]}
"""

from __future__ import annotations

import logging
import os
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_agent.config.text_file import MOST_BYTES, Entry, decode_text, parse_json
from edge_agent.errors import ConfigError
from edge_agent.model import Archive, PlannedWork, Ticket, WorkBook
from edge_agent.model.site import TicketKind

log = logging.getLogger("hplc_edge.config")

_KINDS = typing.get_args(TicketKind)
_PLANNED, _TICKET = ("id", "nodes", "from", "until", "reason"), ("id", "kind", "meter", "from", "until")
_LONGEST = 500             # characters of a text
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MS = 1 << 47         # the year 6429: what is later is no time


class WorkFile:
    """``standing``: tickets that hold whatever the file says (relays that the archive calls open)."""

    def __init__(self, path: Path, archive: Archive, standing: Sequence[Ticket] = ()) -> None:
        self._path, self._archive, self._standing = path, archive, tuple(standing)
        self._seen: tuple[int, int, int] | str | None = None       # what the file looked like, or why it could not be read
        self._has_given = not standing

    def poll(self) -> WorkBook | None:
        """The whole new book when the file has changed, None when it has not. Never raises.

        A file that is damaged is refused with one line in the log, once for each state of the file: the book that was taken before
        stays. So it does where the file is gone: an empty book is a file without entries. Tickets that stand do not wait for a good file.
        """
        book = self._changed()
        if book is None and not self._has_given:
            book = WorkBook()
        self._has_given |= book is not None
        return None if book is None else WorkBook(planned=book.planned, tickets=(*book.tickets, *self._standing))

    def _changed(self) -> WorkBook | None:
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                looks = status.st_mtime_ns, status.st_size, status.st_ino
                if looks == self._seen:
                    return None
                self._seen = looks
                content = file.read(MOST_BYTES + 1)
        except OSError as exc:
            if self._seen != str(exc.strerror):
                self._seen = str(exc.strerror)
                log.warning("%s: cannot be read: %s; what was announced before stays", self._path, exc.strerror)
            return None
        try:
            book = parse_work(self._path, decode_text(self._path, content), self._archive)
        except ConfigError as exc:
            more = f" (and {len(exc.problems) - 1} more problems)" if len(exc.problems) > 1 else ""
            log.warning("%s%s; what was announced before stays", exc.problems[0], more)
            return None
        log.info("%s: %d planned works, %d tickets", self._path, len(book.planned), len(book.tickets))
        return book


def parse_work(path: Path, text: str, archive: Archive) -> WorkBook:
    """The book that ``text`` holds, its nodes and meters being those of the archive.

    Raises:
        ConfigError: one line with file and line for every problem.
    """
    problems: list[str] = []
    top = parse_json(path, text, ("planned", "tickets"), problems)
    problems += [f"{path}: unknown key {key!r}; known: planned, tickets" for key in top if key not in ("planned", "tickets")]
    planned, tickets = list[PlannedWork](), list[Ticket]()
    nodes, meters = {"", *archive.nodes}, {meter.id for meter in archive.meters}
    ids: dict[str, int] = {}
    for key in ("planned", "tickets"):
        listed = top.get(key, ())
        if not isinstance(listed, tuple) or not all(isinstance(entry, Entry) for entry in listed):
            problems.append(f"{path}: {key}: a list of objects is expected")
            continue
        for entry in listed:
            found, where = list[str](), f"{path}:{entry.line}"
            work = _work(entry.values, key, found)
            if work is not None and work.id in ids:
                found.append(f"id {work.id!r} is also at line {ids[work.id]}; ids must differ")
            if isinstance(work, PlannedWork):
                found += [f"node {node!r} is no place of the archive" for node in work.nodes if node not in nodes]
                planned.append(work)
            elif work is not None:
                found += [] if work.meter in meters else [f"meter {work.meter!r} is not in the archive"]
                tickets.append(work)
            if work is not None:
                ids.setdefault(work.id, entry.line)
            problems += [f"{where}: {problem}" for problem in found]
    if problems:
        raise ConfigError(problems)
    return WorkBook(planned=tuple(planned), tickets=tuple(tickets))


def _work(values: Mapping[str, Any], key: str, problems: list[str]) -> PlannedWork | Ticket | None:
    """One entry; None when it has a problem of its own."""
    known = _PLANNED if key == "planned" else _TICKET
    problems += [f"unknown key {name[:40]!r}; known: {', '.join(known)}" for name in values if name not in known]
    problems += [f"missing key {name!r}" for name in known if name not in values and name != "reason"]
    if problems:
        return None
    for name in known:
        value = values.get(name, "")
        if name in ("from", "until"):
            continue
        texts = value if name == "nodes" and isinstance(value, list) else [value]
        if name == "nodes" and not (isinstance(value, list) and value):
            problems.append('nodes: a list of paths is expected; [""] is the whole area')
        elif any(not isinstance(text, str) or len(text) > _LONGEST or (text and not text.isprintable()) for text in texts):
            problems.append(f"{name} = {str(value)[:40]!r}: a text of at most {_LONGEST} characters that print is expected")
    begin_ms, end_ms = _utc_ms(values["from"], "from", problems), _utc_ms(values["until"], "until", problems)
    if not problems and not values["id"]:
        problems.append("id is empty")
    if not problems and end_ms <= begin_ms:
        problems.append(f"until = {values['until']!r} is not after from = {values['from']!r}")
    if key == "tickets" and not problems and values["kind"] not in _KINDS:
        problems.append(f"kind = {values['kind']!r}: one of {', '.join(_KINDS)}")
    if problems:
        return None
    if key == "planned":
        nodes = tuple(dict.fromkeys(values["nodes"]))
        return PlannedWork(id=values["id"], nodes=nodes, from_utc_ms=begin_ms, until_utc_ms=end_ms, reason=values.get("reason", ""))
    return Ticket(id=values["id"], kind=values["kind"], meter=values["meter"], from_utc_ms=begin_ms, until_utc_ms=end_ms)


def _utc_ms(value: object, name: str, problems: list[str]) -> int:
    """Of ISO 8601 with its distance from UTC, or of whole milliseconds since 1970."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_MS:
        return value
    moment: datetime | None = None
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if moment is None or moment.tzinfo is None:
        problems.append(f"{name} = {str(value)[:40]!r}: a time with its distance from UTC is expected, such as 2026-11-26T09:00:00+08:00")
        return 0
    utc_ms = round((moment - _EPOCH).total_seconds() * 1000)
    if not 0 <= utc_ms < _MOST_MS:
        problems.append(f"{name} = {str(value)[:40]!r}: is out of range")
    return utc_ms
