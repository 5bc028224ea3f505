"""Reading many meters through one module: who is asked, how many at once, and what an answer, a deny or a silence means. Pure."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_agent.acquire.cco.due import Due, DueMeters
from edge_agent.acquire.cco.flights import Flight, Flights
from edge_agent.acquire.cco.meter_read import MeterRead, Next
from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.record_read import RecordRead
from edge_agent.acquire.cco.request_frames import is_read_answer, read_request, reply_of
from edge_agent.acquire.cco.settings import CcoCounters, CcoSettings
from edge_agent.acquire.cco.window import Window
from edge_agent.acquire.poll import BusMeter
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.errors import FrameError
from edge_agent.model import Sample, TimeSource
from edge_agent.wire.gdw10376_2 import DenyReason, Frame10376, parse_unit, units
from firmware_profiles.dlt645 import DLT645_2007

log = logging.getLogger("hplc_edge.acquire")

_MOST_WAITS = 2            # that are told of one read; the third failure is that of the read itself
_MOST_REFUSALS = 5         # in a row, of one meter, that say nothing about it: then it counts as not answering
_NOT_SUPPORTED = (DenyReason.NO_SUCH_FUNCTION, DenyReason.NOT_SUPPORTED)
_BUSY = (DenyReason.OVER_CONCURRENCY, DenyReason.MAIN_NODE_BUSY, DenyReason.ALREADY_READING, DenyReason.TOO_MANY_METER_FRAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCallbacks:
    """What the reads tell."""

    sample: Callable[[Sample], None]
    not_answered: Callable[[int], None]          # archive index of the meter
    no_concurrent_reads: Callable[[], None]      # the module denied F1H F1: reads go on by 13H F1
    not_in_archive: Callable[[], None]           # the module does not know a meter that it ought to
    outage: Callable[[int, int, int], None]      # a meter remembers one: archive index, start and end, UTC ms


class Reads:
    """``next_request``, ``take`` and ``expire`` are the whole dialogue about meters; ``main_address`` is that of the module."""

    def __init__(
        self, *, name: str, meters: Sequence[BusMeter], settings: CcoSettings, acquire: AcquireSettings, counters: CcoCounters,
        time_source: Callable[[], TimeSource], tell: ReadCallbacks,
    ) -> None:
        self._name, self._settings, self._acquire, self._counters = name, settings, acquire, counters
        self._time_source, self._tell = time_source, tell
        self._meters = {meter.index: MeterRead(meter, retry_s=acquire.refused_retry_s, counters=counters) for meter in meters}
        self._due = DueMeters(probe_share=acquire.probe_share)
        for meter in meters:
            self._due.add(meter)
        self._window = Window(max_in_flight=settings.max_in_flight, frames_per_read=settings.frames_per_read)
        self.flights = Flights(late_s=settings.read_timeout_s)
        self._rounds: deque[int] = deque()             # meters whose next round is to be sent
        self._records: dict[int, RecordRead] = {}      # power-down records that are to be read, or are under way
        self._asked: dict[int, int] = {}               # meter that was asked for out of turn -> times that its waiting was told
        self._buried: set[int] = set()                 # meters whose quarantine was told
        self.is_concurrent, self.main_address = True, ""

    def start(self, now: Moment) -> None:
        self._due.start(now)

    def next_request(self, now: Moment, others: Sequence[int]) -> Frame10376 | None:
        """The next read to send, numbered with none of ``others``; None while the window is full or nobody is due."""
        if len(self.flights) >= self._limit:
            return None
        for record in self._records.values():
            if self._may_begin(record):
                record.begin()
                return self._send(record, now, others)
        if self._rounds:
            return self._send(self._meters[self._rounds.popleft()], now, others)
        due = self._due.take(now, self._is_under_way) or self._take_probe(now)
        if due is None:
            return None
        read = self._meters[due.meter]
        read.begin(due.reading, now, at_once=self._window.frames_per_read if self.is_concurrent else 1)
        return self._send(read, now, others)

    def wake_s(self, now: Moment) -> float:
        """When there is something to send or to give up."""
        deadline_s = min((self._impatient_s(flight) for flight in self.flights), default=float("inf"))
        if len(self.flights) >= self._limit:
            return deadline_s
        has_more = bool(self._rounds) or any(self._may_begin(record) for record in self._records.values())
        return now.wire_s if has_more else min(deadline_s, self._due.wake_s(now))

    def take(self, frame: Frame10376, now: Moment) -> bool:
        """Whether ``frame`` is about a read. An answer to nothing that is under way is counted and dropped."""
        if not is_read_answer(frame):
            return False
        flight = self.flights.of(frame)
        if flight is None:
            if self.flights.is_late(frame):
                self._counters.late_replies += 1
                return True
            return False
        try:
            unit = parse_unit(frame)
        except FrameError:
            self._counters.bad_data += 1
            return True
        if isinstance(unit, units.Confirm):
            return True                                # taken; the answer follows
        if isinstance(unit, units.Deny):
            self._denied(flight, unit, now)
            return True
        reply = reply_of(unit, flight)
        if reply is None or frame.addresses is None:
            return False                               # of the other kind of read, or of no meter
        self._counters.replies += 1
        self.flights.close(flight)
        self._window.answered()
        uplink_ms = min(1000 * reply.uplink_s, round(1000 * (now.wire_s - flight.sent_s)))
        read = self._read_of(flight)
        after = read.take(reply.payload, now, taken_utc_ms=now.utc_ms - uplink_ms) if reply.payload else read.failed(now)
        self._go_on(read, after, now, flight)
        return True

    def expire(self, now: Moment) -> None:
        """Give up what has waited too long, and tell of those that were asked for how long they keep us waiting."""
        for flight in self.flights:
            waited = min(_MOST_WAITS, int((now.wire_s - flight.sent_s) / self._settings.patience_s))
            while self._asked.get(flight.meter, waited) < waited:
                self._asked[flight.meter] += 1
                self._tell.not_answered(flight.meter)
        for flight in self.flights.overdue(now.wire_s):
            self._counters.timeouts += 1
            self.flights.give_up(flight, now.wire_s)
            read = self._read_of(flight)
            self._go_on(read, read.failed(now), now, flight)

    def drop_all(self, now: Moment) -> None:
        """The module has forgotten its reads: they are repeated, and no meter is to blame."""
        for flight in self.flights:
            self.flights.give_up(flight, now.wire_s)
        self._rounds.clear()
        for record in self._records.values():
            record.drop()
        for read in self._meters.values():
            if read.is_under_way:
                self._put_back(read, now, after_s=0.0)

    def read_soon(self, meters: Sequence[int], now: Moment) -> None:
        """Read these as soon as the module allows, dead ones too."""
        for index in meters:
            if index not in self._meters:
                continue
            self._asked.setdefault(index, 0)
            if not self._meters[index].is_under_way:
                self._due.revive(index, now)
        self._count()

    def _impatient_s(self, flight: Flight) -> float:
        """When there is something to tell of it."""
        told = self._asked.get(flight.meter, _MOST_WAITS)
        if told >= _MOST_WAITS:
            return flight.deadline_s
        return min(flight.deadline_s, flight.sent_s + (told + 1) * self._settings.patience_s)

    @property
    def _limit(self) -> int:
        return self._window.size if self.is_concurrent else 1

    def _take_probe(self, now: Moment) -> Due | None:
        return self._due.take_probe(now, window=self._limit, cost_s=self._settings.read_timeout_s)

    def came_back(self, meters: Sequence[int], now: Moment) -> None:
        """Their modules say that they have supply again: read them, and what they remember."""
        self.read_soon(meters, now)
        for index in meters:
            if index in self._meters:
                self._remember(self._meters[index], was_silent=True)

    def _may_begin(self, record: RecordRead) -> bool:
        return not record.is_under_way and not self._meters[record.meter.index].is_under_way

    def _is_under_way(self, meter: int) -> bool:
        record = self._records.get(meter)
        return self._meters[meter].is_under_way or (record is not None and record.is_under_way)

    def _read_of(self, flight: Flight) -> MeterRead | RecordRead:
        """Of one meter only one read is under way."""
        record = self._records.get(flight.meter)
        return record if record is not None and record.is_under_way else self._meters[flight.meter]

    def _remember(self, read: MeterRead, was_silent: bool) -> None:
        """Have the record of a meter read that answers again, where it has one: profiles of 1997 do not."""
        meter = read.meter
        if was_silent and self._settings.outage_records and meter.profile.protocol == DLT645_2007:
            self._records.setdefault(
                meter.index, RecordRead(meter, utc_offset_h=self._settings.meter_utc_offset_h, counters=self._counters)
            )

    def _recorded(self, record: RecordRead, after: Next) -> None:
        if after is Next.ROUND:
            return
        del self._records[record.meter.index]
        if after is Next.ANSWERED and record.record is not None:
            self._tell.outage(record.meter.index, *record.record)

    def _send(self, read: MeterRead | RecordRead, now: Moment, others: Sequence[int]) -> Frame10376:
        flight = Flight(
            meter=read.meter.index, address=read.meter.address, sequence=self.flights.next_sequence(now.wire_s, others),
            frames=read.frames, is_concurrent=self.is_concurrent, sent_s=now.wire_s, deadline_s=now.wire_s + self._settings.read_timeout_s,
        )
        self.flights.add(flight)
        self._counters.requests += 1
        self._counters.probes += self._due.is_dead(read.meter.index)
        self._count()
        return read_request(read, flight, payload=read.payload(now), main_address=self.main_address)

    def _go_on(self, read: MeterRead | RecordRead, after: Next, now: Moment, flight: Flight) -> None:
        """After a round that was answered or not."""
        if isinstance(read, RecordRead):
            self._recorded(read, after)
        elif after is Next.ROUND:
            self._rounds.append(read.meter.index)
        elif after is Next.ANSWERED:
            self._answered(read, now)
        else:
            self._not_answered(read, now, cost_s=now.wire_s - flight.sent_s)
        self._count()

    def _answered(self, read: MeterRead, now: Moment) -> None:
        index, poll, counters = read.meter.index, read.poll, self._counters
        self._asked.pop(index, None)
        self._buried.discard(index)
        self._remember(read, was_silent=read.failures > 0)
        read.end()
        read.failures = read.tries = read.refusals = 0
        counters.polls_answered += 1
        counters.not_available += poll.not_available
        counters.implausible += poll.implausible
        if self._due.is_dead(index):
            self._due.revive(index, now)
            read.wanted.forget_refused()
            log.info("meter %s on %s answers again", read.meter.id, self._name)
        self._tell.sample(
            Sample(
                meter=index, taken_utc_ms=poll.taken_utc_ms, time_source=self._time_source(), values=poll.values, flags=poll.flags,
                turnaround_s=read.turnaround_s,
            )
        )

    def _not_answered(self, read: MeterRead, now: Moment, *, cost_s: float) -> None:
        index = read.meter.index
        read.end()
        read.refusals = 0
        is_dead = self._due.is_dead(index)
        if not is_dead and read.tries < self._settings.read_retries:
            read.tries += 1
            self._counters.retries += 1
            self._due.again(index, now, after_s=self._settings.retry_pause_s)
            return
        read.tries = 0
        read.failures += 1
        self._asked.pop(index, None)
        self._counters.polls_failed += 1
        if is_dead:
            self._due.probed(index, now, cost_s=cost_s)
        elif read.failures >= self._acquire.quarantine_after:
            self._due.bury(index, now)
        if read.failures >= self._acquire.quarantine_after and index not in self._buried:
            self._buried.add(index)
            log.warning("meter %s on %s does not answer: quarantined, probed now and then", read.meter.id, self._name)
        self._tell.not_answered(index)

    def _denied(self, flight: Flight, deny: units.Deny, now: Moment) -> None:
        self._counters.denies += 1
        self.flights.close(flight)
        read, reason = self._read_of(flight), deny.reason
        if isinstance(read, RecordRead):
            self._go_on(read, read.failed(now), now, flight)
            return
        if reason in _NOT_SUPPORTED and flight.is_concurrent:
            self._put_back(read, now, after_s=0.0)
            if self.is_concurrent:
                self.is_concurrent = False
                self._tell.no_concurrent_reads()
            return
        if reason is DenyReason.OVER_CONCURRENCY:
            self._window.denied_over_concurrency(len(self.flights))
        if reason is DenyReason.TOO_MANY_METER_FRAMES:
            self._window.denied_too_many_frames(flight.frames)
        if reason is DenyReason.NO_SUCH_ADDRESS:
            self._tell.not_in_archive()
        read.refusals += 1
        if reason in _BUSY and read.refusals < _MOST_REFUSALS:
            is_being_read = reason is DenyReason.ALREADY_READING
            self._put_back(read, now, after_s=self._settings.busy_rest_s if is_being_read else self._settings.retry_pause_s)
        else:
            self._go_on(read, read.failed(now), now, flight)

    def _put_back(self, read: MeterRead, now: Moment, *, after_s: float) -> None:
        """End the read without an outcome, and do it again."""
        index = read.meter.index
        read.end()
        if self._due.is_dead(index):
            self._due.probed(index, now, cost_s=0.0)
        else:
            self._due.again(index, now, after_s=after_s)
        self._count()

    def _count(self) -> None:
        self._counters.in_flight, self._counters.window = len(self.flights), self._limit
        self._counters.quarantined, self._counters.skipped_slots = self._due.quarantined, self._due.skipped_slots
