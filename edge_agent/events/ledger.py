"""All events that are on or ended recently, with what every revision goes through: number, words, precursors, code."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from edge_agent.contract import EventBody, SavedEvent
from edge_agent.contract.envelope import utc_ms_of, utc_text
from edge_agent.events.change import EventChange, EventSettings
from edge_agent.events.event_body import BodyWriter
from edge_agent.events.kinds import EventKind, kind_of
from edge_agent.events.precursors import PastEvents
from edge_agent.model import Archive, Finding, Place
from edge_agent.model.finding import Severity

INCIDENT = "incident"     # kind of place of a condition that is told by incident
Identity = tuple[str, str, str, str]


class Ledger:
    """Kept by identity; ``ignored`` and ``refused`` count what made no revision."""

    def __init__(self, settings: EventSettings, new_id: Callable[[int], str], archive: Archive | None) -> None:
        self.settings, self.new_id = settings, new_id
        self.events: dict[Identity, SavedEvent] = {}
        self.past = PastEvents(settings.precursor_days)
        self.writer = BodyWriter(archive, settings.utc_offset_h)
        self.ignored = self.refused = 0

    def keep(self, event: SavedEvent) -> None:
        self.events[identity_of(event.body)] = event
        self.past.note(event)

    def send(self, event: SavedEvent, body: EventBody, word: str, now_utc_ms: int) -> EventChange:
        """Make ``body`` the next revision of an event and keep it. It is published after its evidence and after the revision before."""
        before = self.events.get(identity_of(body))
        published_ms = max(now_utc_ms, utc_ms_of(body.published), utc_ms_of(body.evidence_to) if body.incident else 0)
        body = self.writer.worded(
            body.revised(revision=1 if before is None else before.body.revision + 1, published=utc_text(published_ms))
        )
        self.keep(event.revised(body=body, message="", sent_utc_ms=now_utc_ms, is_unsent=False, sent_state=""))
        is_on = event.end_utc_ms is None
        return self._change(kind_of(body.kind), word, event.severity if is_on else "info", body, is_on=is_on)

    def of_incident(self, incident: str) -> EventBody | None:
        return next((saved.body for saved in self.events.values() if incident and saved.body.incident == incident), None)

    def superseded(self, finding: Finding) -> dict[str, Any]:
        """A finding names the incident or the place that covers it: told is the place of that one now, and its event."""
        name = finding.superseded_by
        own = "" if finding.outage is None else finding.outage.incident
        there = [
            saved.body for saved in self.events.values()
            if saved.end_utc_ms is None and saved.body.node_id == name and saved.body.incident not in ("", own)
        ]
        there.sort(key=lambda body: body.kind != finding.kind)
        covering = self.of_incident(name) or next(iter(there), None)
        return {
            "superseded_by": name if covering is None else covering.node_id,
            "superseded_by_event": "" if covering is None else covering.event_id,
        }

    def superseded_ids(self, event_id: str, finding: Finding, since_utc_ms: int) -> set[str]:
        """The events that go on as part of this one: those that say so, and those that named its incident or its place while it was on."""
        names = {finding.place.id, finding.outage.incident if finding.outage is not None else ""} - {""}
        return {
            saved.body.event_id for saved in self.events.values()
            if saved.body.event_id != event_id and (saved.body.superseded_by_event == event_id or (
                not saved.body.superseded_by_event and saved.body.superseded_by in names and (saved.end_utc_ms or 0) >= since_utc_ms
            ))
        }

    def _change(self, kind: EventKind, word: str, severity: Severity, body: EventBody, *, is_on: bool) -> EventChange:
        name = f"{kind.type_name}.{word}"
        code = kind.cim_start if word in ("start", "change") else kind.cim_end if word == kind.end_word else ""
        return EventChange(
            kind=kind, type=name, cim=self.settings.cim.get(name, code), severity=severity, body=body, is_on=is_on
        )


def identity_of(body: EventBody) -> Identity:
    """What and where, and of an outage its incident: its place may change, and whether it was planned may turn out later."""
    if body.incident:
        return incident_identity(body.kind, body.incident)
    return body.kind, body.scope, body.node_id, body.phases


def incident_identity(kind: str, incident: str) -> Identity:
    return kind_of(kind).event_class, INCIDENT, incident, ""


def is_watched(body: EventBody, watched: Set[tuple[str, Place]]) -> bool:
    """Whether a detector's condition keeps an event on: its place, or its incident whatever it is called by now."""
    place = Place(kind=body.scope, id=body.node_id, phases=body.phases)
    incident = Place(kind=INCIDENT, id=body.incident)
    return (body.kind, place) in watched or (bool(body.incident) and any(found == incident for _, found in watched))
