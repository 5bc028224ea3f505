"""Sample -> area frame -> detectors -> events -> journal. Runs in the event loop, waits for nothing."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from edge_agent.contract import (
    Event,
    Header,
    Loss,
    LossBody,
    ReadingEncoder,
    RecordKind,
    SystemEvent,
    encode,
    frame_record,
    saved_event_of,
)
from edge_agent.contract import topics as contract_topics
from edge_agent.contract.envelope import time_quality, utc_text
from edge_agent.detect import Detector, WaveformDetector
from edge_agent.detect.fire_risk import FireRisk
from edge_agent.detect.relearn import Relearns
from edge_agent.errors import OutboxFull
from edge_agent.events import EventBook, EventChange
from edge_agent.journal import Journal
from edge_agent.model import COLUMNS, Archive, AreaFrame, Clock, Evidence, EvidenceKind, Finding, Sample, SampleFlag, Waveform, WorkBook
from edge_agent.model.finding import Severity
from edge_agent.outage import OutageEngine
from edge_agent.runtime.clock_watch import ClockWatch
from edge_agent.runtime.memory import Keeps, Memory
from edge_agent.runtime.supply import Supply
from edge_agent.state import DispatchRequest, StateStore

log = logging.getLogger("hplc_edge.runtime")

_OUTAGES = "outages"         # name of the engine's state among those of the detectors
_DOUBTS = (
    (SampleFlag.NOT_AVAILABLE, "not_available"),
    (SampleFlag.IMPLAUSIBLE, "implausible"),
    (SampleFlag.PARTIAL, "partial"),
)


class Pipeline:
    """``notify(stream)`` is called after each append to the journal. A short presence read feeds the frame and is not published."""

    def __init__(
        self,
        *,
        archive: Archive,
        clock: Clock,
        header: Header,
        journal: Journal,
        notify: Callable[[str], None],
        detectors: Mapping[str, Detector],
        outages: OutageEngine,
        book: EventBook,
        store: StateStore,
        supply: Supply | None,
        waveform_detectors: Mapping[str, WaveformDetector] | None = None,
    ) -> None:
        self._archive, self._clock, self._header, self._journal, self._notify = archive, clock, header, journal, notify
        self._detectors, self._outages, self._book, self._supply = detectors, outages, book, supply
        self._waveform_detectors = dict(waveform_detectors or {})
        self._all_detectors: dict[str, Detector | WaveformDetector] = {**detectors, **self._waveform_detectors}
        self._told_of_waveforms: set[str] = set()       # since the last tick
        self._readings = ReadingEncoder(header)
        self._suffixes = [contract_topics.reading_suffix(meter.id) for meter in archive.meters]
        self._start_s = clock.monotonic_s()
        self._clock_watch = ClockWatch(clock)
        self.frame = AreaFrame.empty(len(archive.meters), clock.utc_ms())
        self._unjournaled: deque[EventChange] = deque()
        self._fire_risk, self._unjudged = FireRisk(archive), list[Finding]()
        keepers: dict[str, Keeps] = {**self._all_detectors, _OUTAGES: outages}
        self.memory = Memory(store=store, journal=journal, keepers=keepers, book=book, clock=clock, fire_risk=self._fire_risk)
        self.samples = self.readings_dropped = self.events = self.waveforms = 0

    def take_sample(self, sample: Sample) -> None:
        """One answer of one meter."""
        self.samples += 1
        self.frame.take(sample)
        if sample.flags and sample.flags & SampleFlag.PRESENCE:      # flags are rare, and slow to look at
            return
        given = sample.given()
        names = [COLUMNS[column] for column in given.tolist()]
        values = sample.values[given].tolist()
        doubts = [word for flag, word in _DOUBTS if sample.flags & flag] if sample.flags else []
        suffix, meter = self._suffixes[sample.meter], self._archive.meters[sample.meter]

        def message(seq: int) -> bytes:
            body = self._readings.encode(
                seq=seq,
                utc_ms=sample.taken_utc_ms,
                time_source=sample.time_source.value,
                mono_ms=self._mono_ms(),
                meter=meter.id,
                names=names,
                values=values,
                doubts=doubts,
            )
            return frame_record(suffix, sample.taken_utc_ms, body)

        try:
            self._journal.append("r", RecordKind.READING, message)
        except OutboxFull as exc:
            if not self.readings_dropped:
                log.warning("readings are dropped: %s; is the disk full or slow?", exc)
            self.readings_dropped += 1
            return
        self._notify("r")

    def take_waveform(self, waveform: Waveform) -> None:
        """One sampled window, looked at now; what it tells is journaled at the next tick."""
        self.waveforms += 1
        self._told_of_waveforms |= {name for name, detector in self._waveform_detectors.items() if self._tell(detector.take(waveform))}

    def take_evidence(self, evidence: Evidence) -> None:
        """A poll without answer, a bus that came or went, or what modules and meters say about their supply."""
        if evidence.kind is EvidenceKind.POLL_FAILED:
            for meter in evidence.meters:
                self.frame.poll_failed(meter, evidence.at_utc_ms)
        elif evidence.kind in (EvidenceKind.BUS_DOWN, EvidenceKind.BUS_UP):
            is_up = evidence.kind is EvidenceKind.BUS_UP
            self.frame.reachable[list(evidence.meters)] = is_up
            self.system_event("bus.up" if is_up else "bus.down", "info" if is_up else "warning", {"bus": evidence.bus}, event_class="comm")
        else:
            self._outages.take(evidence, self._clock.utc_ms())

    def to_ask(self) -> list[int]:
        """Meters (archive indices) to read soon, so that it shows who has supply; empty again after the call."""
        return self._outages.to_ask()

    def tick(self) -> None:
        """Let every detector look at the area."""
        if not self._unjournaled:
            self.memory.save_if_due()
        self._begin_look()
        told = [name for name, detector in self._detectors.items() if self._tell(detector.update(self.frame))]
        told += self._told_of_waveforms
        self._told_of_waveforms.clear()
        self._end_look(told)

    def look_at_supply(self) -> None:
        """Between two ticks, when there is news of supply: outages alone."""
        self._begin_look()
        self._end_look([])

    def _begin_look(self) -> None:
        if step_ms := self._clock_watch.take_step_ms():
            log.warning("the clock was set by %.1f s", step_ms / 1000)
            # with it a back end can repair the labels of this boot that were taken before
            data: dict[str, str | int | float | bool] = {"boot": self._header.boot, "offset_ms": step_ms, "mono_ms": self._mono_ms()}
            self._try_system_event("time.step", "warning", data)
        self.frame.tick(self._clock.utc_ms())
        if self._supply is not None:
            self.frame.supply_v[:] = self._supply.read()

    def _end_look(self, told: list[str]) -> None:
        """``told``: names of detectors that have told something."""
        if self._tell(self._outages.update(self.frame)):
            told.append(_OUTAGES)
        waited = self._book.due(self.frame.now_utc_ms)
        self._unjournaled.extend(waited)
        risks = self._fire_risk.update(self._unjudged, self.frame.now_utc_ms)
        self._unjudged.clear()
        has_news = bool(told) + bool(waited) + sum(map(self._apply, risks)) > 0
        self._journal_changes()
        for fault in self._journal.take_faults():
            log.warning("journal: %s", fault)
            self._try_system_event("store.fault", "alarm", {"fault": fault})
        for loss in self._journal.take_losses():
            self._declare(loss.stream, loss.from_seq, loss.to_seq, loss.reason)
        if has_news:
            self._book.forget_old(self.frame.now_utc_ms)
            self.memory.has_told(told)

    def system_event(
        self, type_name: str, severity: Severity, data: dict[str, str | int | float | bool], *, event_class: str = "system"
    ) -> None:
        """Something about the agent itself."""
        now_ms = self._clock.utc_ms()

        def message(seq: int) -> bytes:
            event = SystemEvent(**self._envelope("s", seq, now_ms), type=type_name, sev=severity, data=data)
            return frame_record(contract_topics.event_suffix(event_class), now_ms, encode(event))

        self._journal.append("s", RecordKind.SYSTEM, message)
        self._notify("s")

    def _try_system_event(self, type_name: str, severity: Severity, data: dict[str, str | int | float | bool]) -> None:
        """The same where the store itself may be the trouble: what it refuses has been logged."""
        try:
            self.system_event(type_name, severity, data)
        except OutboxFull as exc:
            log.warning("%s cannot be journaled: %s", type_name, exc)

    def active_alarms(self) -> list[tuple[str, bytes]]:
        """Topic suffix and message of each alarm that is on, as last journaled."""
        return [(contract_topics.active_suffix(saved.body.event_id), saved.message.encode()) for saved in self._book.active()]

    def restore(self) -> None:
        """Take up what the last run left; call it before anything else."""
        self.frame.tick(self._clock.utc_ms())
        self._unjournaled.extend(self.memory.restore())
        self._journal_changes()
        self.memory.has_told(())

    def save(self) -> None:
        """At the end of a run, after the last commit."""
        if not self._unjournaled:
            self.memory.save_all()

    def relearn(self, meters: Sequence[str], detectors: Iterable[str]) -> None:
        """Have detectors forget what they learned of these meters and release what they hold; those named, or all where none is.

        A meter or detector that is not here is passed over: the request may be older than the archive.
        """
        known, wanted = {meter.id: meter.index for meter in self._archive.meters}, set(detectors)
        indices, done = [known[meter] for meter in meters if meter in known], list[str]()
        for name, detector in self._all_detectors.items():
            if indices and isinstance(detector, Relearns) and (not wanted or name in wanted):
                detector.relearn(indices)
                done.append(name)
        self.memory.has_told(done)
        log.warning("%d meters are learned anew by %s", len(indices), ", ".join(done) or "nobody")
        data: dict[str, str | int | float | bool] = {"meters": " ".join(meters), "detectors": " ".join(done)}
        self._try_system_event("detect.relearn", "info", data)

    @property
    def evidence_counters(self) -> dict[str, int]:
        """Evidence about supply by what became of it: admitted, or why it was passed over."""
        return self._outages.counters

    def announce(self, book: WorkBook) -> None:
        """What is planned, in place of what was announced before."""
        self._outages.announce(book)

    def dispatch(self, request: DispatchRequest) -> None:
        """What the back end says about a crew; of an event that is not on it is passed over."""
        change = self._book.dispatch(
            request.event_id, request.state, at_utc_ms=request.at_utc_ms, now_utc_ms=self._clock.utc_ms(), by=request.by,
            until_utc_ms=request.until_utc_ms,
        )
        if change is None:
            log.warning("event %s: %s is passed over: it is not on, or something later was said", request.event_id, request.state)
            return
        self._unjournaled.append(change)
        self._journal_changes()
        self.memory.has_told(())

    def _tell(self, findings: list[Finding]) -> bool:
        """Findings of one detector: to the book, and to the fire risk at the end of the tick. False when they say nothing new."""
        self._unjudged += findings
        return sum(map(self._apply, findings)) > 0

    def _apply(self, finding: Finding) -> bool:
        """Queue the revision that a finding makes for the journal; False when it says nothing new."""
        change = self._book.apply(finding, self.frame.now_utc_ms)
        if change is None:
            return False
        self.events += 1
        self._unjournaled.append(change)
        return True

    def _journal_changes(self) -> None:
        """Journal revisions in the order in which they were made; those that a full outbox refuses wait for the next tick."""
        while self._unjournaled:
            try:
                self._journal_change(self._unjournaled[0])
            except OutboxFull as exc:
                log.error("%d event revisions wait: %s; is the disk full?", len(self._unjournaled), exc)
                return
            self._unjournaled.popleft()

    def _journal_change(self, change: EventChange) -> None:
        now_ms = self.frame.now_utc_ms
        stream = change.kind.stream
        sent: list[bytes] = []

        def message(seq: int) -> bytes:
            meter = change.body.node_id if change.body.scope == "meter" else None
            sent.append(
                encode(
                    Event(
                        **self._envelope(stream, seq, now_ms),
                        type=change.type,
                        sev=change.severity,
                        data=change.body,
                        meter=meter,
                        cim=change.cim,
                    )
                )
            )
            return frame_record(contract_topics.event_suffix(change.kind.event_class), now_ms, sent[0])

        self._journal.append(stream, RecordKind.EVENT, message)
        self._notify(stream)
        self._book.published(saved_event_of(sent[0]))
        shown = sent[0] if change.is_on else b""
        suffix = contract_topics.active_suffix(change.body.event_id)
        self._journal.append("t", RecordKind.ACTIVE, lambda _: frame_record(suffix, now_ms, shown))
        self._notify("t")
        log.info("%s %s %s revision %d", change.type, change.body.scope, change.body.node_id, change.body.revision)

    def _declare(self, stream: str, from_seq: int, to_seq: int, reason: str) -> None:
        now_ms = self._clock.utc_ms()
        body = LossBody(stream=stream, from_seq=from_seq, to_seq=to_seq, reason=reason)  # type: ignore[arg-type]
        self._journal.append(
            "s",
            RecordKind.LOSS,
            lambda seq: frame_record(contract_topics.LOSS, now_ms, encode(Loss(**self._envelope("s", seq, now_ms), data=body))),
        )
        self._notify("s")

    def _envelope(self, stream: str, seq: int, utc_ms: int) -> dict[str, Any]:
        header = self._header
        return {
            "v": 1,
            "agent": header.agent,
            "epoch": header.epoch,
            "st": stream,
            "seq": seq,
            "ts": utc_text(utc_ms),
            "sim": header.sim,
            "tq": time_quality(header, self._clock.time_source.value, self._mono_ms()),
        }

    def _mono_ms(self) -> int:
        return int((self._clock.monotonic_s() - self._start_s) * 1000)
