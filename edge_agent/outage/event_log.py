"""Interruptions of customers from the messages of outage events: each group that came back has a duration of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_agent.outage.indices import Interruption

OUTAGE_KIND = "supply.lost"
_AREA = "area/"        # no meter id has a stroke


@dataclass(slots=True)
class _Open:
    """An event while its revisions are read: customers still out, and when their time began."""

    out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruptions:
    """``customers``: low-voltage counting, each meter is one; ``areas``: medium-voltage counting, a public transformer is one."""

    customers: list[Interruption] = field(default_factory=list)
    areas: list[Interruption] = field(default_factory=list)


def interruptions_of(messages: Iterable[Mapping[str, Any]], utc_ms_of: Callable[[str], int], *, until_ms: int) -> Interruptions:
    """From event messages of one agent, in order of publication; others than outages are passed over.

    ``utc_ms_of``: text of the contract -> ms. A customer that a later revision no longer names is back since that revision's evidence;
    what is not over at ``until_ms`` counts until then. An event that became part of a larger one ends there, and its customers go on in
    the other.
    """
    open_events: dict[str, _Open] = {}
    found = Interruptions()

    def close(event_id: str, names: Iterable[str], at_ms: int) -> None:
        known = open_events[event_id]
        for name in list(names):
            begin_ms = known.out.pop(name)
            target = found.areas if name == _AREA else found.customers
            target.append(Interruption(
                customer=name, event_id=event_id, begin_s=begin_ms / 1000.0, duration_s=max(0.0, (at_ms - begin_ms) / 1000.0)
            ))

    for message in messages:
        body = message["data"]
        if body.get("kind") != OUTAGE_KIND:
            continue
        event_id, named = body["event_id"], set(body.get("meters", ()))
        begin_ms = utc_ms_of(body["begin"])
        known = open_events.setdefault(event_id, _Open())
        if "end" in body:
            at_ms = utc_ms_of(body["end"])
            if body.get("superseded_by"):
                known.out.clear()       # the larger event has them, from the same begin or earlier
            close(event_id, known.out, at_ms)
            continue
        if body["scope"] == "area":
            named.add(_AREA)
        close(event_id, set(known.out) - named, utc_ms_of(body["evidence_to"]))
        for name in named - set(known.out):
            known.out[name] = begin_ms
    for event_id in open_events:
        close(event_id, set(open_events[event_id].out), until_ms)
    return found
