"""What the agent told of one outage: its messages, and what they are worth beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from edge_agent.contract.envelope import utc_ms_of
from edge_agent.model import Archive, Role

OUTAGE = "supply.lost"
SILENT = "meter.silent"
FIRM = frozenset({"confirmed", "localised", "partial"})      # what a crew may be sent for


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message. ``at_s``: published, in seconds after the fault; ``meters``: archive indices; ``is_over``: it ends an event."""

    at_s: float
    event_id: str
    kind: str
    state: str
    scope: str
    node_id: str
    phases: str
    meters: frozenset[int]
    is_over: bool
    is_retroactive: bool = False

    @property
    def is_firm(self) -> bool:
        return self.state in FIRM


def told_of(events: Iterable[Mapping[str, Any]], archive: Archive, fault_utc_ms: int) -> tuple[Told, ...]:
    """From event messages in order of publication."""
    return told_at([((utc_ms_of(event["data"]["published"]) - fault_utc_ms) / 1000.0, event) for event in events], archive)


def told_at(events: Iterable[tuple[float, Mapping[str, Any]]], archive: Archive) -> tuple[Told, ...]:
    """From event messages, each with its time in seconds after the fault."""
    known = {meter.id: meter.index for meter in archive.meters if meter.role is Role.CUSTOMER}
    return tuple(
        Told(
            at_s=at_s, event_id=body["event_id"], kind=body["kind"], state=body["state"], scope=body["scope"], node_id=body["node_id"],
            phases=body.get("phases", ""), is_over="end" in body, is_retroactive=bool(body.get("retroactive", False)),
            meters=frozenset(known[meter] for meter in body.get("meters", ()) if meter in known),
        )
        for at_s, body in ((at_s, event["data"]) for at_s, event in events)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Of one draw; times in seconds after the fault, None = never.

    ``suspected_s``, ``firm_s``, ``localised_s``: first message of an outage with one of its meters, of any state, of one that a crew may
    be sent for, of that word. ``exact``: just its meters are in the outages that are on when supply is switched on again.
    ``true_firm``, ``false_firm``, ``false_any``: events; false is one of whose meters in the end less than half were dark.
    ``silent_s``: its meters told as silent. ``restored_s``: after supply was switched on. ``nested``: what stayed dark is an event of just
    these meters. ``found_late``: told at all, also after supply was back.
    """

    suspected_s: float | None
    firm_s: float | None
    localised_s: float | None
    silent_s: float | None
    exact: bool
    outage_events: int
    true_firm: int
    false_firm: int
    false_any: int
    messages: int
    found_late: bool
    restored_s: float | None
    nested: bool


def verdict_of(told: Iterable[Told], dark: frozenset[int], dark_left: frozenset[int], *, back_s: float) -> Verdict:
    """``back_s``: when supply is switched on again, for all but ``dark_left``."""
    told = tuple(told)
    outages = [one for one in told if one.kind == OUTAGE]
    on = [one for one in outages if not one.is_over]
    mine = [one for one in on if one.meters & dark]
    last_on = {one.event_id: one for one in on if one.at_s <= back_s}
    over = {one.event_id for one in outages if one.is_over and one.at_s <= back_s and one.event_id in last_on
            and one.at_s >= last_on[one.event_id].at_s}
    standing: frozenset[int] = frozenset().union(*(one.meters for name, one in last_on.items() if name not in over))
    judged = {one.event_id: one for one in reversed(on)} | last_on      # as it stood when supply came back, or began after that
    false = {name for name, one in judged.items() if not one.meters or 2 * len(one.meters & dark) < len(one.meters)}
    firm = {one.event_id for one in on if one.is_firm}
    ends = [one for one in outages if one.is_over and one.event_id in {own.event_id for own in mine} and one.at_s >= back_s]
    return Verdict(
        suspected_s=_first(mine), firm_s=_first(one for one in mine if one.is_firm),
        localised_s=_first(one for one in mine if one.state == "localised"),
        silent_s=_first(one for one in told if one.kind == SILENT and not one.is_over and one.meters & dark),
        exact=bool(dark) and standing == dark, outage_events=len(judged), true_firm=len(firm - false), false_firm=len(firm & false),
        false_any=len(false), messages=len(told), found_late=any(one.meters & dark for one in outages),
        restored_s=ends[0].at_s - back_s if ends else None,
        nested=bool(dark_left) and any(one.meters == dark_left for one in on if one.at_s > back_s),
    )


def _first(told: Iterable[Told]) -> float | None:
    return min((one.at_s for one in told), default=None)
