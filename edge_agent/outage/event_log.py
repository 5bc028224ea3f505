"""Interruptions of customers from the messages of outage events: each group that came back has a duration of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_agent.outage.indices import Interruption

OUTAGE_KINDS = {"supply.lost": "unknown", "supply.planned": "planned"}      # -> cause where the event names none
_AREA = "area/"        # no meter id has a stroke


@dataclass(slots=True)
class _Spell:
    customer: str
    begin_ms: int
    end_ms: int


@dataclass(slots=True)
class _Event:
    """An event while its revisions are read: customers still out since when, and spells that are over."""

    begin_ms: int
    parent: str = ""
    cause: str = "unknown"
    out: dict[str, int] = field(default_factory=dict)
    over: list[_Spell] = field(default_factory=list)

    def redate(self, begin_ms: int) -> None:
        """The begin was told more exactly: it is that of all who went out with it."""
        self.out = {name: begin_ms if since_ms == self.begin_ms else since_ms for name, since_ms in self.out.items()}
        for spell in self.over:
            if spell.begin_ms == self.begin_ms:
                spell.begin_ms = begin_ms
        self.begin_ms = begin_ms

    def end(self, names: Iterable[str], at_ms: int) -> None:
        self.over += [_Spell(name, self.out.pop(name), at_ms) for name in list(names)]

    def give_up(self, taken: _Spell) -> None:
        """Another event counts this customer from the begin of that spell on."""
        self.over = [spell for spell in self.over if spell.customer != taken.customer or spell.end_ms <= taken.begin_ms]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruptions:
    """``customers``: low-voltage counting, each meter is one; ``areas``: medium-voltage counting, a public transformer is one."""

    customers: list[Interruption] = field(default_factory=list)
    areas: list[Interruption] = field(default_factory=list)


def interruptions_of(
    messages: Iterable[Mapping[str, Any]], utc_ms_of: Callable[[str], int], *, until_ms: int, by_area: bool = False
) -> Interruptions:
    """From event messages, those of one area in order of publication; others than outages are passed over, and those that were discarded.

    ``utc_ms_of``: text of the contract -> ms. ``by_area``: customers and events are named ``area/name``; what names a meter or an event is
    known to be one of its area alone. A customer that a later revision no longer names is back since that revision's evidence; what is
    not over at ``until_ms`` counts until then. An event that became part of a larger one ends there, and its customers go on in the other;
    so do those whom a restoration left behind, in the event that names it as its parent.
    """
    events: dict[tuple[str, str], _Event] = {}
    for message in messages:
        body = message["data"]
        if body.get("kind") in OUTAGE_KINDS:
            event = events.setdefault((area_of(message), body["event_id"]), _Event(begin_ms=utc_ms_of(body["begin"])))
            _read(event, body, utc_ms_of)
    for event in events.values():
        event.end(list(event.out), until_ms)
    for (area, event_id), event in events.items():
        if (area, event.parent) in events and event.parent != event_id:
            for spell in event.over:
                events[area, event.parent].give_up(spell)
    found = Interruptions()
    for (area, event_id), event in events.items():
        before = f"{area}/" if by_area else ""
        for spell in event.over:
            target = found.areas if spell.customer == _AREA else found.customers
            target.append(Interruption(
                customer=before + spell.customer, event_id=before + event_id, begin_s=spell.begin_ms / 1000.0,
                duration_s=max(0.0, (spell.end_ms - spell.begin_ms) / 1000.0), cause=event.cause, area=area,
            ))
    return found


def area_of(message: Mapping[str, Any]) -> str:
    """The head of the path of what lost supply; of a message without a path its agent."""
    path = message["data"].get("node_path")
    return str(path[0]) if path else str(message.get("agent", ""))


def _read(event: _Event, body: Mapping[str, Any], utc_ms_of: Callable[[str], int]) -> None:
    """One revision."""
    event.parent = body.get("parent_id", "")
    event.redate(utc_ms_of(body["begin"]))
    event.cause = body.get("cause_kind") or OUTAGE_KINDS[body["kind"]]
    if body.get("state") == "discarded":
        event.out.clear()
        event.over.clear()
        return
    if "end" in body:
        if body.get("superseded_by"):
            event.out.clear()       # the larger event has them, from the same begin or earlier
        event.end(list(event.out), utc_ms_of(body["end"]))
        return
    named = set(body.get("meters", ()))
    if body["scope"] == "area":
        named.add(_AREA)
    event.end(set(event.out) - named, utc_ms_of(body["evidence_to"]))
    since_ms = utc_ms_of(body["reopened_at"]) if body.get("reopened_at") else event.begin_ms
    event.out |= dict.fromkeys(sorted(named - set(event.out)), since_ms)
