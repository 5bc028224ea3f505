"""The life of events: a finding opens, revises or closes one; a condition that flaps stays one event.

An event is identified by what (finding kind) and where (place), an outage by its incident: its place may be told more exactly later,
and a loss of supply may turn out to be planned work.
Its ``revision`` rises strictly. A condition that comes back within ``reopen_s`` after it ended re-opens the same event instead of a new
one, so a back end sees one event that says how often it came back; an outage does so until it is closed.
The book is a cache: it is rebuilt from its last saved state and the journaled events that are newer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from typing import Literal

from edge_agent.contract import Dispatch, EventBody, SavedEvent, decode_saved_events, encode
from edge_agent.contract.envelope import utc_text
from edge_agent.events.change import EventChange, EventSettings
from edge_agent.events.incident import FINAL
from edge_agent.events.kinds import kind_of
from edge_agent.events.ledger import Identity, Ledger, identity_of, is_watched
from edge_agent.events.outage_events import MERGED, OutageEvents
from edge_agent.events.sentences import STILL_ON
from edge_agent.model import Archive, Finding, Place, Stage

CONFIRMED_FROM = 0.95     # outage.md 1.4: what a crew may be sent for without asking again
WITHDRAWN = "withdrawn"   # nobody watches it any more: whether it has ended is not known
_KEPT_S = {"restored": 86_400.0, "closed": 3600.0, "discarded": 3600.0}      # an incident may still be closed, or told once more


class EventBook:
    """All events that are on, and those that ended recently. ``new_id`` gives an id for a time in ms.

    ``archive``: what is known of places and customers; without it events name neither location nor priority.
    """

    def __init__(self, settings: EventSettings, new_id: Callable[[int], str], archive: Archive | None = None) -> None:
        self._settings, self._ledger = settings, Ledger(settings, new_id, archive)
        self._outages = OutageEvents(self._ledger)

    @property
    def ignored(self) -> int:
        """Ends of unknown events, begins that said nothing new, findings older than what is known."""
        return self._ledger.ignored

    @property
    def refused(self) -> int:
        """Steps that the life of an event does not have."""
        return self._ledger.refused

    def apply(self, finding: Finding, now_utc_ms: int) -> EventChange | None:
        """The revision that ``finding`` makes, or None when it says nothing new, or nothing that cannot wait for ``due``.

        Within an incident the end of the evidence window never goes back, unless the clock did: an older finding is passed over.
        """
        if finding.outage is not None:
            return self._outages.apply(finding, finding.outage, now_utc_ms)
        known = self._ledger.events.get((finding.kind, finding.place.kind, finding.place.id, finding.place.phases))
        is_on = known is not None and known.end_utc_ms is None
        if finding.stage is Stage.END:
            if known is None or not is_on:
                self._ledger.ignored += 1
                return None
            return self._close(known, finding, now_utc_ms)
        if known is not None and not is_on and now_utc_ms - (known.end_utc_ms or 0) > self._settings.reopen_s * 1000:
            del self._ledger.events[identity_of(known.body)]
            known = None
        if known is not None and is_on and not _differs(known, finding):
            self._ledger.ignored += 1
            return None
        return self._open_or_revise(known, finding, now_utc_ms)

    def due(self, now_utc_ms: int) -> list[EventChange]:
        """Revisions of outages that had to wait (``change_every_s``); call it at every tick."""
        return self._outages.due(now_utc_ms)

    def dispatch(
        self, event_id: str, state: Literal["dispatched", "arrived", "cancelled"], *, at_utc_ms: int, now_utc_ms: int, by: str = "",
        until_utc_ms: int | None = None,
    ) -> EventChange | None:
        """What the back end says about a crew; None where the event is over or unknown, or it has been said, or something later has."""
        saved = next((saved for saved in self._ledger.events.values() if saved.body.event_id == event_id), None)
        if saved is None or saved.body.state in FINAL:
            self._ledger.refused += 1
            return None
        told = Dispatch(state=state, at=utc_text(at_utc_ms), by=by, until=None if until_utc_ms is None else utc_text(until_utc_ms))
        before = saved.body.dispatch
        if told == before:
            self._ledger.ignored += 1
            return None
        if (before is None and state == "cancelled") or (before is not None and told.at < before.at):
            self._ledger.refused += 1
            return None
        return self._ledger.send(saved, saved.body.revised(dispatch=told), "dispatch", now_utc_ms)

    def withdraw_unwatched(self, watched: Set[tuple[str, Place]], now_utc_ms: int) -> list[EventChange]:
        """Close the events that no detector will ever end: its memory was lost, or the meter, node or detector is gone.

        Where the condition lasts and is found again within ``reopen_s`` the same event opens again. An outage is watched at its
        place or as ``Place(kind="incident", id=...)``.
        """
        return [self._withdraw(saved, now_utc_ms) for saved in self.active() if not is_watched(saved.body, watched)]

    def forget_old(self, now_utc_ms: int) -> None:
        """Drop ended events that can no longer be re-opened or closed."""
        old = [
            identity for identity, saved in self._ledger.events.items()
            if saved.end_utc_ms is not None and now_utc_ms - saved.end_utc_ms > 1000 * self._kept_s(saved.body)
        ]
        for identity in old:
            del self._ledger.events[identity]
        self._ledger.past.forget_old(now_utc_ms)

    def published(self, revision: SavedEvent) -> None:
        """Keep the message in which a revision was journaled, to show it again as an alarm that is on."""
        identity = identity_of(revision.body)
        known = self._ledger.events.get(identity)
        if known is None or known.body.revision < revision.body.revision:
            self._ledger.events[identity] = revision
        elif known.body.revision == revision.body.revision:       # its body may say more by now
            self._ledger.events[identity] = known.revised(message=revision.message)

    def active(self) -> list[SavedEvent]:
        """The events that are on."""
        return [saved for saved in self._ledger.events.values() if saved.end_utc_ms is None]

    def save(self) -> bytes:
        return encode(list(self._ledger.events.values())) + b"\n" + self._ledger.past.save()

    def load(self, data: bytes) -> None:
        """Raises ValueError for what ``save`` did not write."""
        events, _, past = data.partition(b"\n")
        found: dict[Identity, SavedEvent] = {identity_of(entry.body): entry for entry in decode_saved_events(events)}
        if past:       # absent where it was saved before events had precursors
            self._ledger.past.load(past)
        self._ledger.events.clear()
        for entry in found.values():
            self._ledger.keep(entry)

    def restore(self, revisions: Iterable[SavedEvent]) -> None:
        """Take journaled revisions that may be newer than what was saved."""
        for found in revisions:
            known = self._ledger.events.get(identity_of(found.body))
            if known is None or known.body.event_id != found.body.event_id or known.body.revision < found.body.revision:
                self._ledger.keep(found)

    def _kept_s(self, body: EventBody) -> float:
        return max(self._settings.reopen_s, _KEPT_S.get(body.state, 0.0) if body.incident else 0.0)

    def _open_or_revise(self, known: SavedEvent | None, finding: Finding, now_utc_ms: int) -> EventChange:
        kind, before = kind_of(finding.kind), None if known is None else known.body
        state = kind.state_on
        if kind.is_supply:
            state = "confirmed" if finding.confidence >= CONFIRMED_FROM else "suspected"
        is_new = known is None or known.end_utc_ms is not None
        begin_utc_ms = finding.at_utc_ms if known is None else known.begin_utc_ms
        body = EventBody(
            event_id=self._ledger.new_id(now_utc_ms) if before is None else before.event_id, revision=1,
            reopened=0 if before is None else before.reopened + is_new,
            reopened_at=None if before is None else utc_text(finding.at_utc_ms) if is_new else before.reopened_at,
            original_meters_affected=len(finding.meters) if before is None else before.original_meters_affected,
            state=state, begin=utc_text(begin_utc_ms), dispatch=None if before is None else before.dispatch,  # type: ignore[arg-type]
            precursors=self._ledger.past.of(finding, now_utc_ms) if before is None else before.precursors,
            **self._ledger.writer.said(finding, kind, now_utc_ms),
        )
        event = SavedEvent(severity=finding.severity, end_utc_ms=None, begin_utc_ms=begin_utc_ms, body=body)
        return self._ledger.send(event, body, "start" if is_new else "change", now_utc_ms)

    def _close(self, known: SavedEvent, finding: Finding, now_utc_ms: int) -> EventChange:
        kind, before = kind_of(finding.kind), known.body
        duration_s, is_supply = max(0.0, (finding.at_utc_ms - known.begin_utc_ms) / 1000), kind.is_supply and not finding.superseded_by
        body = EventBody(
            event_id=before.event_id, revision=before.revision, reopened=before.reopened, reopened_at=before.reopened_at,
            original_meters_affected=before.original_meters_affected, dispatch=before.dispatch, precursors=before.precursors,
            state="restored" if is_supply else "closed", begin=before.begin, end=utc_text(finding.at_utc_ms), duration_s=duration_s,
            momentary=duration_s <= self._settings.momentary_max_s if is_supply else None,
            **self._ledger.superseded(finding), **self._ledger.writer.said(finding, kind, now_utc_ms),
        )
        word = MERGED if finding.superseded_by else kind.end_word
        return self._ledger.send(known.revised(end_utc_ms=finding.at_utc_ms), body, word, now_utc_ms)

    def _withdraw(self, known: SavedEvent, now_utc_ms: int) -> EventChange:
        end_utc_ms = max(now_utc_ms, known.begin_utc_ms)
        body = known.body.revised(
            state="closed", end=utc_text(end_utc_ms),
            duration_s=(end_utc_ms - known.begin_utc_ms) / 1000, could_be=[STILL_ON, *known.body.could_be],
        )
        return self._ledger.send(known.revised(end_utc_ms=end_utc_ms), body, WITHDRAWN, now_utc_ms)


def _differs(known: SavedEvent, finding: Finding) -> bool:
    """Whether a finding on an event that is on says something that a reader would act on."""
    return (
        known.severity != finding.severity
        or set(known.body.meters) != set(finding.meters)
        or (known.body.confidence >= CONFIRMED_FROM) != (finding.confidence >= CONFIRMED_FROM)
    )
