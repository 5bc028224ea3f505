"""The life of events: a finding opens, revises or closes one; a condition that flaps stays one event.

An event is identified by what (finding kind) and where (place). Its ``revision`` rises strictly. A condition that comes back within
``reopen_s`` after it ended re-opens the same event instead of a new one, so a back end sees one event that says how often it came back.
The book is a cache: it is rebuilt from its last saved state and the journaled events that are newer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from edge_agent.contract import EventBody, SavedEvent, decode_saved_events, encode
from edge_agent.contract.envelope import utc_text
from edge_agent.events.kinds import EventKind, kind_of
from edge_agent.events.precursors import PastEvents
from edge_agent.model import Finding, Place, Stage
from edge_agent.model.finding import Severity

CONFIRMED_FROM = 0.95     # outage.md 1.4: what a crew may be sent for without asking again
MERGED = "merged"         # an event that goes on as part of a larger one
WITHDRAWN = "withdrawn"   # nobody watches it any more: whether it has ended is not known
Identity = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    reopen_s: float = 300.0
    momentary_max_s: float = 300.0      # IEEE 1366 counts longer ones as sustained; other rules use 180 s (outage.md 1.6)
    cim: dict[str, str] = field(default_factory=dict)     # "outage.start" -> code of your head end
    precursor_days: float = 30.0        # an outage names what was found at its place so long before; joints fail after 5-365 days

    def __post_init__(self) -> None:
        if not 0 <= self.precursor_days <= 366:
            raise ValueError(f"precursor_days = {self.precursor_days}: 0 (outages name no precursors) to 366")
        if self.reopen_s < 0 or self.momentary_max_s < 0:
            raise ValueError("reopen_s and momentary_max_s must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """One revision to publish, and whether the event is on after it."""

    kind: EventKind
    type: str
    cim: str
    severity: Severity
    body: EventBody
    is_on: bool


class EventBook:
    """All events that are on, and those that ended recently. ``new_id`` gives an id for a time in ms."""

    def __init__(self, settings: EventSettings, new_id: Callable[[int], str]) -> None:
        self._settings, self._new_id = settings, new_id
        self._events: dict[Identity, SavedEvent] = {}
        self._past = PastEvents(settings.precursor_days)
        self.ignored = 0       # ends of unknown events, begins that said nothing new

    def apply(self, finding: Finding, now_utc_ms: int) -> EventChange | None:
        """The revision that ``finding`` makes, or None when it says nothing new."""
        identity = (finding.kind, finding.place.kind, finding.place.id, finding.place.phases)
        known = self._events.get(identity)
        is_on = known is not None and known.end_utc_ms is None
        if finding.stage is Stage.END:
            if known is None or not is_on:
                self.ignored += 1
                return None
            return self._close(identity, known, finding, now_utc_ms)
        if known is not None and not is_on and now_utc_ms - (known.end_utc_ms or 0) > self._settings.reopen_s * 1000:
            known = None
        if known is not None and is_on and not _differs(known, finding):
            self.ignored += 1
            return None
        return self._open_or_revise(identity, known, finding, now_utc_ms)

    def withdraw_unwatched(self, watched: Set[tuple[str, Place]], now_utc_ms: int) -> list[EventChange]:
        """Close the events that no detector will ever end: its memory was lost, or the meter, node or detector is gone.

        Where the condition lasts and is found again within ``reopen_s`` the same event opens again.
        """
        return [
            self._withdraw(saved, now_utc_ms)
            for saved in self.active()
            if (saved.body.kind, Place(kind=saved.body.scope, id=saved.body.node_id, phases=saved.body.phases)) not in watched
        ]

    def forget_old(self, now_utc_ms: int) -> None:
        """Drop ended events that can no longer be re-opened."""
        old = [
            identity for identity, saved in self._events.items()
            if saved.end_utc_ms is not None and now_utc_ms - saved.end_utc_ms > self._settings.reopen_s * 1000
        ]
        for identity in old:
            del self._events[identity]
        self._past.forget_old(now_utc_ms)

    def published(self, revision: SavedEvent) -> None:
        """Keep the message in which a revision was journaled, to show it again as an alarm that is on."""
        known = self._events.get(_identity(revision.body))
        if known is None or known.body.revision <= revision.body.revision:
            self._events[_identity(revision.body)] = revision

    def active(self) -> list[SavedEvent]:
        """The events that are on."""
        return [saved for saved in self._events.values() if saved.end_utc_ms is None]

    def save(self) -> bytes:
        return encode(list(self._events.values())) + b"\n" + self._past.save()

    def load(self, data: bytes) -> None:
        """Raises ValueError for what ``save`` did not write."""
        events, _, past = data.partition(b"\n")
        found = {_identity(entry.body): entry for entry in decode_saved_events(events)}
        if past:       # absent where it was saved before events had precursors
            self._past.load(past)
        self._events = found
        for entry in found.values():
            self._past.note(entry)

    def restore(self, revisions: Iterable[SavedEvent]) -> None:
        """Take journaled revisions that may be newer than what was saved."""
        for found in revisions:
            known = self._events.get(_identity(found.body))
            if known is None or known.body.event_id != found.body.event_id or known.body.revision < found.body.revision:
                self._keep(_identity(found.body), found)

    def _keep(self, identity: Identity, event: SavedEvent) -> None:
        self._events[identity] = event
        self._past.note(event)

    def _open_or_revise(self, identity: Identity, known: SavedEvent | None, finding: Finding, now_utc_ms: int) -> EventChange:
        kind = kind_of(finding.kind)
        state: Literal["open", "confirmed", "suspected"] = "open"
        if kind.is_supply:
            state = "confirmed" if finding.confidence >= CONFIRMED_FROM else "suspected"
        is_new = known is None or known.end_utc_ms is not None
        begin_utc_ms = finding.at_utc_ms if known is None else known.begin_utc_ms
        body = EventBody(
            event_id=self._new_id(now_utc_ms) if known is None else known.body.event_id,
            revision=1 if known is None else known.body.revision + 1,
            reopened=0 if known is None else known.body.reopened + (known.end_utc_ms is not None),
            original_meters_affected=len(finding.meters) if known is None else known.body.original_meters_affected,
            state=state, begin=utc_text(begin_utc_ms),
            precursors=self._past.of(finding, now_utc_ms) if known is None else known.body.precursors, **_said(finding, kind, now_utc_ms),
        )
        self._keep(identity, SavedEvent(severity=finding.severity, end_utc_ms=None, begin_utc_ms=begin_utc_ms, body=body))
        return self._change(kind, "start" if is_new else "change", finding.severity, body, is_on=True)

    def _close(self, identity: Identity, known: SavedEvent, finding: Finding, now_utc_ms: int) -> EventChange:
        kind = kind_of(finding.kind)
        duration_s = max(0.0, (finding.at_utc_ms - known.begin_utc_ms) / 1000)
        body = EventBody(
            event_id=known.body.event_id, revision=known.body.revision + 1, reopened=known.body.reopened,
            original_meters_affected=known.body.original_meters_affected,
            state="restored" if kind.is_supply and not finding.superseded_by else "closed", begin=known.body.begin,
            end=utc_text(finding.at_utc_ms), duration_s=duration_s, superseded_by=finding.superseded_by,
            momentary=duration_s <= self._settings.momentary_max_s if kind.is_supply and not finding.superseded_by else None,
            precursors=known.body.precursors,
            **_said(finding, kind, now_utc_ms),
        )
        self._keep(
            identity, SavedEvent(severity=known.severity, end_utc_ms=finding.at_utc_ms, begin_utc_ms=known.begin_utc_ms, body=body)
        )
        word = MERGED if finding.superseded_by else kind.end_word
        return self._change(kind, word, "info", body, is_on=False)

    def _withdraw(self, known: SavedEvent, now_utc_ms: int) -> EventChange:
        kind, end_utc_ms = kind_of(known.body.kind), max(now_utc_ms, known.begin_utc_ms)
        body = known.body.revised(
            revision=known.body.revision + 1, state="closed", end=utc_text(end_utc_ms), published=utc_text(now_utc_ms),
            duration_s=(end_utc_ms - known.begin_utc_ms) / 1000, could_be=["still on", *known.body.could_be],
        )
        self._keep(
            _identity(body), SavedEvent(severity=known.severity, begin_utc_ms=known.begin_utc_ms, end_utc_ms=end_utc_ms, body=body)
        )
        return self._change(kind, WITHDRAWN, "info", body, is_on=False)

    def _change(self, kind: EventKind, word: str, severity: Severity, body: EventBody, *, is_on: bool) -> EventChange:
        name = f"{kind.type_name}.{word}"
        code = kind.cim_start if is_on else "" if word in (MERGED, WITHDRAWN) else kind.cim_end
        return EventChange(
            kind=kind, type=name, cim=self._settings.cim.get(name, code), severity=severity, body=body, is_on=is_on
        )


def _identity(body: EventBody) -> Identity:
    return body.kind, body.scope, body.node_id, body.phases


def _differs(known: SavedEvent, finding: Finding) -> bool:
    """Whether a finding on an event that is on says something that a reader would act on."""
    return (
        known.severity != finding.severity
        or set(known.body.meters) != set(finding.meters)
        or (known.body.confidence >= CONFIRMED_FROM) != (finding.confidence >= CONFIRMED_FROM)
    )


def _said(finding: Finding, kind: EventKind, now_utc_ms: int) -> dict[str, Any]:
    """The fields of a body that come straight from the finding."""
    return {
        "kind": finding.kind, "scope": finding.place.kind, "node_id": finding.place.id, "phases": finding.place.phases,
        "published": utc_text(now_utc_ms), "evidence_from": utc_text(finding.evidence_from_utc_ms),
        "evidence_to": utc_text(finding.evidence_to_utc_ms), "score": finding.score, "confidence": finding.confidence,
        "observed": finding.observed, "threshold": finding.threshold, "unit": finding.unit, "evidence": dict(finding.evidence),
        "could_be": list(finding.alternatives), "meters": list(finding.meters), "meters_affected": len(finding.meters),
        "scope_ambiguous_with": ["upstream"] if kind.is_supply and finding.place.kind == "area" else [],
        "suggested_action": kind.action,
    }
