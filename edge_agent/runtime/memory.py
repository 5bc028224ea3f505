"""What outlives the agent: what detectors learned, and the book of events. Read at the start, written as it changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Protocol

from edge_agent.contract import RecordKind, SavedEvent, saved_event_of, split_record
from edge_agent.contract.envelope import utc_ms_of
from edge_agent.detect.base import Condition
from edge_agent.detect.fire_risk import KIND as FIRE_RISK
from edge_agent.detect.fire_risk import ActiveFinding, FireRisk
from edge_agent.events import EventBook, EventChange
from edge_agent.journal import Journal
from edge_agent.model import Clock, Place
from edge_agent.state import StateStore

log = logging.getLogger("hplc_edge.runtime")

_EVENTS_NAME = "events"
_SAVE_AGAIN_S = 10.0       # a storm of findings must not write the learned state at every tick


class Keeps(Protocol):
    """What a detector, of frames or of windows, and the engine of outages have in common."""

    def conditions(self) -> set[Condition]: ...

    def save(self) -> bytes: ...

    def load(self, data: bytes) -> None:
        """Raises ValueError for what ``save`` of this version and this archive did not write."""
        ...


class Memory:
    """Saves nothing that is ahead of the journal: a power cut between the two would leave an event untold for ever."""

    def __init__(
        self,
        *,
        store: StateStore,
        journal: Journal,
        keepers: Mapping[str, Keeps],
        book: EventBook,
        clock: Clock,
        fire_risk: FireRisk,
    ) -> None:
        self._store, self._journal, self._detectors, self._book, self._clock = store, journal, keepers, book, clock
        self._fire_risk = fire_risk
        self._unsaved: set[str] = set()        # detectors whose state on disk does not know what they have told
        self._is_book_saved = True
        self._saved_s = float("-inf")

    def has_told(self, detectors: Iterable[str]) -> None:
        """Detectors told something that made a difference: the book, and their state, are worth saving soon."""
        self._unsaved.update(detectors)
        self._is_book_saved = False

    def save_detectors_soon(self) -> None:
        """Also what they learned without telling anything."""
        self._unsaved.update(self._detectors)

    @property
    def is_saved(self) -> bool:
        """Whether what is on disk knows of everything that was told and asked for."""
        return self._is_book_saved and not self._unsaved

    def save_if_due(self) -> None:
        """Save what has news, unless the journal is behind."""
        if self._is_journal_behind():
            return
        if not self._is_book_saved:
            self._save_book()
        if self._unsaved and self._clock.monotonic_s() - self._saved_s >= _SAVE_AGAIN_S:
            self._save_detectors()

    def save_all(self) -> None:
        """At the end of a run."""
        if not self._is_journal_behind():
            self._unsaved.update(self._detectors)
            self._save_detectors()
            self._save_book()

    def _is_journal_behind(self) -> bool:
        return any(self._journal.pending(stream) for stream in "ae")

    def _save_detectors(self) -> None:
        self._saved_s = self._clock.monotonic_s()
        for name in list(self._unsaved):
            try:
                self._store.save(f"detector-{name}", self._detectors[name].save())
            except OSError as exc:
                log.warning("state of detector %s cannot be saved: %s", name, exc)
            self._unsaved.discard(name)

    def _save_book(self) -> None:
        """The book of events, with how far the journal is in it."""
        self._is_book_saved = True
        seqs = [self._journal.next_seq(stream) - 1 for stream in "ae"]
        try:
            self._store.save(_EVENTS_NAME, b"%d %d %d\n" % (self._journal.epoch, *seqs) + self._book.save())
        except OSError as exc:
            log.warning("state cannot be saved: %s; events will be rebuilt from the journal", exc)

    def restore(self) -> list[EventChange]:
        """Take up what the last run left: learned state, open events, and journaled events newer than the saved book.

        An open event whose detector does not remember it, since power was cut before its state was saved or since the meter is gone,
        would stay open for ever: it is withdrawn. Levels of fire risk follow from the events that are then left. Gives these revisions, to
        be journaled.
        """
        for name, detector in self._detectors.items():
            data = self._store.load(f"detector-{name}")
            if data is None:
                continue
            try:
                detector.load(data)
            except ValueError as exc:
                log.info("detector %s starts anew: %s", name, exc)
        self._restore_events()
        now_utc_ms, active = self._clock.utc_ms(), self._book.active()
        watched = {condition for detector in self._detectors.values() for condition in detector.conditions()}
        watched |= {(event.body.kind, _place(event)) for event in active if event.body.kind == FIRE_RISK}
        withdrawn = self._book.withdraw_unwatched(watched, now_utc_ms)
        levels = self._fire_risk.adopt([_active_finding(event) for event in self._book.active()], now_utc_ms)
        return withdrawn + [change for finding in levels if (change := self._book.apply(finding, now_utc_ms)) is not None]

    def _restore_events(self) -> None:
        seqs = dict.fromkeys("ae", 0)
        saved = self._store.load(_EVENTS_NAME)
        if saved is not None:
            head, _, body = saved.partition(b"\n")
            try:
                epoch, *found = map(int, head.split())
                self._book.load(body)
                if epoch == self._journal.epoch:
                    seqs = dict(zip("ae", found, strict=True))
            except ValueError as exc:
                log.warning("saved events are not used: %s; rebuilt from the journal", exc)
        for stream, seq in seqs.items():
            self._replay(stream, seq + 1)

    def _replay(self, stream: str, seq: int) -> None:
        while records := self._journal.read_from(stream, seq, 500):
            events = [split_record(record.payload)[2] for record in records if record.kind == RecordKind.EVENT]
            self._book.restore(saved_event_of(message) for message in events)
            seq = records[-1].seq + 1


def _place(event: SavedEvent) -> Place:
    return Place(kind=event.body.scope, id=event.body.node_id, phases=event.body.phases)


def _active_finding(event: SavedEvent) -> ActiveFinding:
    body = event.body
    return ActiveFinding(
        kind=body.kind, place=_place(event), severity=event.severity, score=body.score, confidence=body.confidence,
        evidence_from_utc_ms=utc_ms_of(body.evidence_from), observed=body.observed, unit=body.unit, alternatives=tuple(body.could_be),
        meters=tuple(body.meters),
    )
