"""What of a loss of supply was announced: planned work in its time and zone, and the tickets of single meters. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge_agent.model import PlannedWork, Ticket, WorkBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """``work`` or ``ticket`` explains the silence of ``meters`` (archive indices)."""

    what: PlannedWork | Ticket
    meters: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Each meter that was asked about is in one of the three, in the order in which it was asked."""

    planned: tuple[Announced, ...]
    tickets: tuple[Announced, ...]
    unexplained: tuple[int, ...]


def is_covered(node: str, zone: str) -> bool:
    """Whether the place ``node`` is at or below ``zone``; the empty path is the whole area."""
    return not zone or node == zone or node.startswith(zone + "/")


def planned_for(
    book: WorkBook, nodes_of_meter: Sequence[str], meters: Iterable[int], at_utc_ms: int, *, margin_ms: int = 0
) -> tuple[Announced, ...]:
    """Planned work whose window holds ``at_utc_ms`` and whose zone holds some of ``meters``, with those that it holds.

    ``nodes_of_meter``: path of each meter, by archive index. ``margin_ms``: how much earlier or later than announced the work may be.
    A meter in the zones of several is told with the first that the book names, so that none is counted twice.
    """
    left, found = list(meters), []
    for work in book.planned:
        if not work.from_utc_ms - margin_ms <= at_utc_ms <= work.until_utc_ms + margin_ms:
            continue
        inside = [meter for meter in left if any(is_covered(nodes_of_meter[meter], zone) for zone in work.nodes)]
        if inside:
            found.append(Announced(what=work, meters=tuple(inside)))
            left = [meter for meter in left if meter not in set(inside)]
    return tuple(found)


def tickets_for(
    book: WorkBook, ids: Sequence[str], meters: Iterable[int], at_utc_ms: int, *, margin_ms: int = 0
) -> tuple[Announced, ...]:
    """Tickets of these meters that hold at that time; ``ids``: by archive index. The first that the book names counts."""
    valid: dict[str, Ticket] = {}
    for ticket in book.tickets:
        if ticket.from_utc_ms - margin_ms <= at_utc_ms <= ticket.until_utc_ms + margin_ms:
            valid.setdefault(ticket.meter, ticket)
    return tuple(Announced(what=valid[ids[meter]], meters=(meter,)) for meter in meters if ids[meter] in valid) if valid else ()


def split(
    book: WorkBook, nodes_of_meter: Sequence[str], ids: Sequence[str], meters: Sequence[int], at_utc_ms: int, *, margin_ms: int = 0
) -> Split:
    """What of ``meters`` a ticket explains (it names the meter itself), what planned work does, and what nothing does: the fault.

    Part of an outage inside and part outside a zone gives both: the part outside was not announced.
    """
    tickets = tickets_for(book, ids, meters, at_utc_ms, margin_ms=margin_ms)
    ticketed = {meter for announced in tickets for meter in announced.meters}
    planned = planned_for(
        book, nodes_of_meter, [meter for meter in meters if meter not in ticketed], at_utc_ms, margin_ms=margin_ms
    )
    explained = ticketed.union(*(announced.meters for announced in planned))
    return Split(planned=planned, tickets=tickets, unexplained=tuple(meter for meter in meters if meter not in explained))
