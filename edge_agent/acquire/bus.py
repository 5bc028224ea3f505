"""The one owner task of a bus: opens the link, polls who is due, quarantines the dead, tells samples and evidence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.acquire.dlt645_transaction import Transactor645
from edge_agent.acquire.line import LineState
from edge_agent.acquire.meter_reader import MeterReader
from edge_agent.acquire.poll import BusMeter, Outcome, Poll, ReadPlan
from edge_agent.acquire.protocols import make_transactor, plan_of, protocol_of
from edge_agent.acquire.quarantine import ProbeBudget
from edge_agent.acquire.schedule import Reading, Schedule
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.errors import LinkError
from edge_agent.model import Clock, Evidence, EvidenceKind, Sample
from edge_agent.transport.base import Framing, Link

log = logging.getLogger("hplc_edge.acquire")

_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)   # a gateway that restarts is back within seconds; one that is gone costs little
_LONGEST_REST_S = 1.0                     # between free probes: supply that comes back shows within a second on an idle bus
_SHORTEST_REST_S = 0.05                   # the same where the clock runs much faster than real time
_SHORTEST_SLEEP_S = 0.001                 # timers are no finer
_EARLY_S = 0.05           # reads due this soon are taken now, in a row: far fewer wake-ups of the processor with 1000 meters
_LONGEST_SLEEP_S = 1.0                    # look again at least this often: a late reply may have come


@dataclass(frozen=True, slots=True)
class _Probe:
    reader: MeterReader
    wait_s: float
    is_free: bool


class BusReader:
    """Reads the meters of one bus until ``run`` is cancelled.

    Its meters speak one protocol, which their profiles name.

    Args:
        framing: of Modbus; DL/T 645 is the same bytes on every link.
        clock: drives the schedule and labels; wire times are the event loop's.
        on_sample, on_evidence: called in the event loop for each answer and each fact; must not block.
        clock_setter: where the clocks of DL/T 645 meters are to be set; no use on a Modbus line.
    """

    def __init__(
        self, *, name: str, link: Link, framing: Framing, meters: Sequence[BusMeter], settings: AcquireSettings, clock: Clock,
        on_sample: Callable[[Sample], None], on_evidence: Callable[[Evidence], None], clock_setter: ClockSetter | None = None,
    ) -> None:
        self.name = name
        self._link, self._settings, self._clock = link, settings, clock
        self._on_sample, self._on_evidence = on_sample, on_evidence
        self._indices = tuple(meter.index for meter in meters)
        self.counters = BusCounters()
        self._transactor = make_transactor(protocol_of(meters), link, framing, settings, self.counters)
        self._clock_setter = clock_setter
        self._line = LineState(may_queue=link.seconds_per_character == 0.0, longest_s=settings.reply_timeout_s)
        self._schedule, self._budget = Schedule(), ProbeBudget(share=settings.probe_share)
        self._readers: dict[int, MeterReader] = {}
        plans: dict[str, ReadPlan[Any]] = {}
        for meter in meters:
            plan = plans.get(meter.profile.name) or plans.setdefault(meter.profile.name, plan_of(meter.profile))
            self._readers[meter.index] = MeterReader(
                meter, plan=plan, transactor=self._transactor, line=self._line, settings=settings, clock=clock
            )
            self._schedule.add(meter.index, full_s=meter.full_s, presence_s=meter.presence_s)
        self._is_down = False
        self._link_failures_in_a_row = 0
        self._has_probed = False

    @property
    def is_up(self) -> bool:
        return not self._is_down

    def read_soon(self, meters: Iterable[int]) -> None:
        """Ask these meters (archive indices) whether they live, before those that are due. For the same event loop."""
        for index in meters:
            if index in self._readers:
                self._schedule.hasten(index, self._clock.monotonic_s())

    async def run(self) -> None:
        """Poll for ever; a lost link is reported once, retried and reported when it is back."""
        self._schedule.start(self._clock.monotonic_s())
        try:
            while True:
                try:
                    await self._link.open()
                    self._transactor.reopened()
                    await self._poll_for_ever()
                except LinkError as exc:
                    self.counters.link_failures += 1
                    self._went_down(exc)
                    self._link.close()
                    await asyncio.sleep(_BACKOFF_S[min(self._link_failures_in_a_row, len(_BACKOFF_S) - 1)])
                    self._link_failures_in_a_row += 1
        finally:
            self._link.close()

    async def _poll_for_ever(self) -> None:
        while True:
            self._transactor.take_late()
            self._set_clocks_if_due()
            wait_s = self._schedule.next_due_s() - self._clock.monotonic_s()
            if self._budget and await self._probe_if_allowed(idle_for_s=wait_s / self._clock.speed):
                continue
            if wait_s > _EARLY_S * self._clock.speed:
                await self._rest(wait_s)
            else:
                await self._poll_next()

    def _set_clocks_if_due(self) -> None:
        if self._clock_setter is not None and isinstance(self._transactor, Transactor645):
            frame = self._clock_setter.frame_if_due(self._clock)
            if frame is not None:
                self._transactor.say(frame)

    async def _poll_next(self) -> None:
        """One poll of the living meter that is due first."""
        index, reading = self._schedule.take()
        reader = self._readers[index]
        poll = await reader.read(reading)
        self._pay_probe_debt()
        if poll.outcome is Outcome.NOT_ASKED:
            quiet_in_s = min(_LONGEST_SLEEP_S, reader.quiet_in_s(asyncio.get_running_loop().time()))
            self._schedule.postpone(index, self._clock.monotonic_s() + quiet_in_s * self._clock.speed)
            return
        self._link_survived()
        if poll.outcome is Outcome.SILENT:
            self._tell_failure(reader)
            if reader.failures >= self._settings.quarantine_after:
                self._quarantine(reader)
        else:
            reader.failures = 0
            self.counters.polls_answered += 1
            self._tell_sample(reader, poll)
        self._schedule.done(index, reading, self._clock.monotonic_s())
        self.counters.skipped_slots = self._schedule.skipped_slots

    async def _rest(self, wait_s: float) -> None:
        """Sleep until the next read is due, or until a probe may be sent."""
        now_s = asyncio.get_running_loop().time()
        waits_s = [wait_s / self._clock.speed, _LONGEST_SLEEP_S]
        askable = [index for index in self._budget if self._readers[index].quiet_in_s(now_s) == 0.0]
        waits_s += [rested_s for index in askable if (rested_s := self._budget.rested_in_s(index, now_s)) > 0]
        if askable:
            waits_s.append(self._budget.affordable_in_s(now_s, self._readers[askable[0]].probe_wait_s()))
        await asyncio.sleep(max(_SHORTEST_SLEEP_S, min(waits_s)))

    async def _probe_if_allowed(self, *, idle_for_s: float) -> bool:
        """Send one probe if an idle bus or the budget pays for it."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        probe = self._next_probe(began_s, idle_for_s)
        if probe is None:
            return False
        reader, index = probe.reader, probe.reader.meter.index
        self.counters.probes += 1
        poll = await reader.read(Reading.PRESENCE, probe_wait_s=probe.wait_s)
        period_s = reader.meter.presence_s or reader.meter.full_s or _LONGEST_REST_S
        rest_s = max(_SHORTEST_REST_S, min(_LONGEST_REST_S, period_s / self._clock.speed))
        now_s = loop.time()
        self._budget.probed(index, now_s=now_s, cost_s=0.0 if probe.is_free else now_s - began_s, rest_s=rest_s)
        self._link_survived()
        if poll.outcome in (Outcome.ANSWERED, Outcome.CUT_OFF):
            self._release(reader)
            self._tell_sample(reader, poll)
            return True
        self._has_probed, self._line.waited_s = True, 0.0
        self._tell_failure(reader)
        return True

    def _next_probe(self, now_s: float, idle_for_s: float) -> _Probe | None:
        """A probe is free where it is over before the next read is due; else the budget has to pay."""
        may_be_free = idle_for_s >= self._settings.reply_timeout_floor_s and not self._budget.is_in_debt(now_s)
        first: MeterReader | None = None
        for index in self._budget:
            reader = self._readers[index]
            if reader.quiet_in_s(now_s) > 0.0:
                continue
            first = first or reader
            if not may_be_free:
                break
            if self._budget.rested_in_s(index, now_s) == 0.0 and (wait_s := reader.free_probe_wait_s(idle_for_s)) is not None:
                return _Probe(reader, wait_s, True)
        if first is not None and self._budget.affordable_in_s(now_s, first.probe_wait_s()) == 0.0:
            return _Probe(first, first.probe_wait_s(), False)
        return None

    def _pay_probe_debt(self) -> None:
        """A probe also costs what the gateway kept the next living meter waiting."""
        if self._has_probed:
            self._budget.charge(self._line.waited_s)
            self._has_probed = False

    def _quarantine(self, reader: MeterReader) -> None:
        self._schedule.take_out(reader.meter.index)
        self._budget.add(reader.meter.index, asyncio.get_running_loop().time())
        self.counters.quarantined = len(self._budget)
        log.warning("meter %s on %s does not answer: quarantined, probed now and then", reader.meter.id, self.name)

    def _release(self, reader: MeterReader) -> None:
        self._budget.remove(reader.meter.index)
        self.counters.quarantined = len(self._budget)
        reader.failures = 0
        reader.forget_refused()
        self._schedule.put_back(reader.meter.index, self._clock.monotonic_s())
        log.info("meter %s on %s answers again", reader.meter.id, self.name)

    def _tell_sample(self, reader: MeterReader, poll: Poll) -> None:
        self.counters.not_available += poll.not_available
        self.counters.implausible += poll.implausible
        self._on_sample(
            Sample(
                meter=reader.meter.index, taken_utc_ms=poll.taken_utc_ms, time_source=self._clock.time_source,
                values=poll.values, flags=poll.flags, turnaround_s=poll.turnaround_s,
            )
        )

    def _tell_failure(self, reader: MeterReader) -> None:
        reader.failures += 1
        self.counters.polls_failed += 1
        self._tell(EvidenceKind.POLL_FAILED, (reader.meter.index,))

    def _link_survived(self) -> None:
        """A whole request went over the link, answered or not. Opening alone proves nothing: some gateways take a call and hang up."""
        self._link_failures_in_a_row = 0
        if self._is_down:
            self._is_down = False
            log.info("bus %s: %s is back", self.name, self._link.name)
            self._tell(EvidenceKind.BUS_UP, self._indices)

    def _went_down(self, reason: LinkError) -> None:
        if not self._is_down:
            self._is_down = True
            log.warning("bus %s: %s; trying again", self.name, reason)
            self._tell(EvidenceKind.BUS_DOWN, self._indices)

    def _tell(self, kind: EvidenceKind, meters: tuple[int, ...]) -> None:
        self._on_evidence(Evidence(kind=kind, at_utc_ms=self._clock.utc_ms(), meters=meters, bus=self.name))
