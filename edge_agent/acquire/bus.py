"""The one owner task of a bus: opens the link, polls who is due, quarantines the dead, tells samples and evidence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge_agent.acquire.plan import BlockRead, ReadPlan, make_plan, split
from edge_agent.acquire.quarantine import ProbeBudget
from edge_agent.acquire.schedule import Reading, Schedule
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.acquire.timeouts import ReplyTimeout
from edge_agent.acquire.transaction import Answer, Result, Transactor
from edge_agent.errors import LinkError
from edge_agent.model import N_COLUMNS, Clock, Evidence, EvidenceKind, Sample, SampleFlag
from edge_agent.transport.base import Framing, Link
from edge_agent.wire.modbus import ReadRequest
from firmware_profiles.schema import Profile

log = logging.getLogger("hplc_edge.acquire")

_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)   # a gateway that restarts is back within seconds; one that is gone costs little
_ILLEGAL = (1, 2, 3)                      # function, address, value: this block will never be answered as it is
_PROBE_REST_S = 1.0                       # on an idle bus; fast enough to see supply come back, slow enough for an old meter
_MAX_WAIT_S = 1.0                         # look again at least this often; also how soon a stop is noticed


@dataclass(frozen=True, slots=True, kw_only=True)
class BusMeter:
    """One meter on the bus. ``index`` is its place in the archive."""

    index: int
    id: str
    unit: int
    profile: Profile
    full_s: float
    presence_s: float | None


@dataclass(slots=True, eq=False)
class _MeterState:
    meter: BusMeter
    timeout: ReplyTimeout
    full: list[BlockRead]
    presence: tuple[BlockRead, ...]
    resync: tuple[BlockRead, ...]
    failures: int = 0
    refused: set[str] = field(default_factory=set)


class BusReader:
    """Reads the meters of one bus until it is cancelled.

    Args:
        clock: drives the schedule and labels; wire times are the event loop's.
        on_sample, on_evidence: called in the event loop for each answer and each fact; must not block.
    """

    def __init__(
        self, *, name: str, link: Link, framing: Framing, meters: Sequence[BusMeter], settings: AcquireSettings, clock: Clock,
        on_sample: Callable[[Sample], None], on_evidence: Callable[[Evidence], None],
    ) -> None:
        self.name = name
        self._link, self._framing, self._settings, self._clock = link, framing, settings, clock
        self._on_sample, self._on_evidence = on_sample, on_evidence
        self._indices = tuple(meter.index for meter in meters)
        self._schedule, self._budget = Schedule(), ProbeBudget(share=settings.probe_share)
        plans: dict[str, ReadPlan] = {}
        self._states: dict[int, _MeterState] = {}
        for meter in meters:
            plan = plans.setdefault(meter.profile.name, make_plan(meter.profile))
            timeout = ReplyTimeout(settings.reply_timeout_floor_s, settings.reply_timeout_s)
            self._states[meter.index] = _MeterState(meter, timeout, list(plan.full), plan.presence, plan.resync)
            self._schedule.add(meter.index, full_s=meter.full_s, presence_s=meter.presence_s)
        # what a probe is expected to cost: on a line of our own the time-out, behind a gateway also its own waiting
        self._probe_cost_s = settings.reply_timeout_s if framing is Framing.TCP else settings.reply_timeout_floor_s
        self._is_down = False
        self._after_timeout = False
        self._probe_debt: float | None = None
        self.counters = BusCounters()
        self._transactor = Transactor(link, framing, settings, self.counters)

    @property
    def is_up(self) -> bool:
        return not self._is_down

    async def run(self) -> None:
        """Poll for ever; a lost link is reported once, retried and reported when it is back."""
        failures = 0
        self._schedule.start(self._clock.monotonic_s())
        try:
            while True:
                try:
                    await self._link.open()
                    self._transactor.reopened()
                    self._went_up()
                    failures = 0
                    await self._poll_for_ever()
                except LinkError as exc:
                    self.counters.link_failures += 1
                    self._went_down(exc)
                    self._link.close()
                    await asyncio.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
                    failures += 1
        finally:
            self._link.close()

    async def _poll_for_ever(self) -> None:
        while True:
            wait_s = self._schedule.next_due_s() - self._clock.monotonic_s()
            if await self._probe_if_allowed(idle_for_s=wait_s):
                continue
            if wait_s > 0:
                await self._rest(wait_s)
                continue
            index, reading = self._schedule.take()
            await self._poll(self._states[index], reading)
            self._schedule.done(index, reading, self._clock.monotonic_s())
            self.counters.skipped_slots = self._schedule.skipped_slots
            if self._link.seconds_per_character == 0.0:
                await asyncio.sleep(0)  # replies already here must not starve the other tasks

    async def _rest(self, wait_s: float) -> None:
        """Sleep until the next read is due, or until a probe may be sent."""
        now_s = asyncio.get_running_loop().time()
        waits_s = [wait_s / self._clock.speed, _MAX_WAIT_S]
        if len(self._budget):
            waits_s.append(self._budget.affordable_in_s(now_s, self._probe_cost_s))
            waits_s += [free_s for free_s in [self._budget.idle_in_s(now_s)] if free_s]
        await asyncio.sleep(max(0.001, min(waits_s)))

    async def _poll(self, state: _MeterState, reading: Reading) -> None:
        """One poll of a living meter: all its blocks, or the short read."""
        # a meter that has refused every point of its full read is still asked whether it lives
        blocks = state.full if reading is Reading.FULL and state.full else state.presence
        collected = _Collected()
        answered = await self._read_blocks(state, list(blocks), collected)
        if collected.blocks:
            self._tell_sample(state, collected, reading, is_complete=answered)
        if answered or collected.blocks:
            state.failures = 0
            self.counters.polls_answered += 1
            return
        self._tell_failure(state)
        if state.failures >= self._settings.quarantine_after:
            self._quarantine(state)

    async def _read_blocks(self, state: _MeterState, blocks: list[BlockRead], collected: _Collected) -> bool:
        """Read all blocks; False when the meter stopped answering."""
        if self._framing is Framing.RTU and not self._transactor.guard.in_step(state.meter.unit) and not await self._get_in_step(state):
            return False
        while blocks:
            block = blocks.pop(0)
            answer = await self._ask(state, block)
            if answer.result is Result.DAMAGED and await self._retry(state):
                answer = await self._ask(state, block)
            if answer.result is Result.ANSWERED:
                collected.take(block, answer, self._clock.utc_ms())
            elif answer.result is Result.REFUSED:
                collected.refused = True
                blocks[:0] = self._without_refused(state, block, answer.exception)
            else:
                return False
        return collected.blocks > 0 or collected.refused

    async def _retry(self, state: _MeterState) -> bool:
        """After damage: whether the same may be asked again at once."""
        if self._settings.damage_retries == 0:
            return False
        self.counters.retries += 1
        return self._framing is Framing.TCP or await self._get_in_step(state)

    async def _get_in_step(self, state: _MeterState) -> bool:
        """Ask what no late reply can answer; True once the meter has answered it."""
        guard, unit = self._transactor.guard, state.meter.unit
        block = next((block for block in state.resync if guard.may_ask(unit, block.signature)), None)
        if block is None:
            if not guard.forget_if_quiet(unit, asyncio.get_running_loop().time()):
                return False
            block = state.resync[0]
        answer = await self._ask(state, block)
        return answer.result in (Result.ANSWERED, Result.REFUSED) and guard.in_step(unit)

    async def _ask(self, state: _MeterState, block: BlockRead) -> Answer:
        # behind a gateway a dead meter blocks its neighbours for the gateway's own time-out: the one after it gets all the time
        timeout_s = self._settings.reply_timeout_s if self._after_timeout else state.timeout.seconds()
        request = ReadRequest(unit=state.meter.unit, function=block.function, address=block.address, count=block.count)
        answer = await self._transactor.ask(request, timeout_s, silence_s=state.meter.profile.limits.silence_s)
        if answer.result in (Result.ANSWERED, Result.REFUSED):
            if self._after_timeout:
                self._pay_probe_debt(answer.turnaround_s - state.timeout.typical_s())
            else:
                state.timeout.answered(answer.turnaround_s)   # after a time-out it would measure the gateway's queue
            self._after_timeout = False
        elif answer.result is Result.TIMED_OUT:
            state.timeout.timed_out()
            self._after_timeout = True
        return answer

    def _without_refused(self, state: _MeterState, block: BlockRead, exception: int) -> list[BlockRead]:
        """What to read instead of a refused block: its halves, or nothing where a single point is refused."""
        if exception not in _ILLEGAL:
            return []           # busy or failing now: ask again at the next poll
        halves = list(split(block))
        where = next((place for place, known in enumerate(state.full) if known is block), None)
        if where is not None:
            state.full[where : where + 1] = halves
        if not halves:
            state.refused.add(block.points[0].key)
            log.warning("meter %s on %s refuses %s (exception %d): left out", state.meter.id, self.name, block.points[0].key, exception)
        return halves

    async def _probe_if_allowed(self, *, idle_for_s: float) -> bool:
        """Send one probe if the budget or an idle bus pays for it."""
        if not len(self._budget):
            return False
        loop = asyncio.get_running_loop()
        cost_s = self._probe_cost_s
        is_free = idle_for_s / self._clock.speed > cost_s
        index = self._budget.idle(loop.time()) if is_free else self._budget.affordable(loop.time(), cost_s)
        if index is None:
            return False
        state = self._states[index]
        began_s = loop.time()
        self.counters.probes += 1
        collected = _Collected()
        answered = await self._read_blocks(state, list(state.presence), collected)
        self._budget.probed(index, now_s=loop.time(), cost_s=loop.time() - began_s, rest_s=_PROBE_REST_S, is_free=is_free)
        self._probe_debt = None if is_free or answered else 0.0
        if answered:
            self._release(state)
            if collected.blocks:
                self._tell_sample(state, collected, Reading.PRESENCE, is_complete=True)
        else:
            self._tell_failure(state)
        return True

    def _pay_probe_debt(self, delay_s: float) -> None:
        """A probe also costs what the gateway kept the next meter waiting."""
        if self._probe_debt is not None and delay_s > 0:
            self._budget.charge(delay_s)
        self._probe_debt = None

    def _quarantine(self, state: _MeterState) -> None:
        self._schedule.take_out(state.meter.index)
        self._budget.add(state.meter.index, asyncio.get_running_loop().time())
        self.counters.quarantined = len(self._budget)
        log.warning("meter %s on %s does not answer: quarantined, probed now and then", state.meter.id, self.name)

    def _release(self, state: _MeterState) -> None:
        self._budget.remove(state.meter.index)
        self.counters.quarantined = len(self._budget)
        state.failures = 0
        self._schedule.put_back(state.meter.index, self._clock.monotonic_s())
        log.info("meter %s on %s answers again", state.meter.id, self.name)

    def _tell_sample(self, state: _MeterState, collected: _Collected, reading: Reading, *, is_complete: bool) -> None:
        flags = SampleFlag.NONE
        if collected.not_available:
            flags |= SampleFlag.NOT_AVAILABLE
        if collected.implausible:
            flags |= SampleFlag.IMPLAUSIBLE
        if not is_complete or collected.refused or state.refused:
            flags |= SampleFlag.PARTIAL
        if reading is Reading.PRESENCE:
            flags |= SampleFlag.PRESENCE
        self.counters.not_available += collected.not_available
        self.counters.implausible += collected.implausible
        self._on_sample(
            Sample(
                meter=state.meter.index, taken_utc_ms=collected.taken_utc_ms, time_source=self._clock.time_source,
                values=collected.values, flags=flags, turnaround_s=collected.turnaround_s,
            )
        )

    def _tell_failure(self, state: _MeterState) -> None:
        state.failures += 1
        self.counters.polls_failed += 1
        self._on_evidence(Evidence(kind=EvidenceKind.POLL_FAILED, at_utc_ms=self._clock.utc_ms(), meters=(state.meter.index,), bus=self.name))

    def _went_up(self) -> None:
        if self._is_down:
            log.info("bus %s: %s is back", self.name, self._link.name)
            self._on_evidence(Evidence(kind=EvidenceKind.BUS_UP, at_utc_ms=self._clock.utc_ms(), meters=self._indices, bus=self.name))
        self._is_down = False

    def _went_down(self, reason: LinkError) -> None:
        if not self._is_down:
            log.warning("bus %s: %s; trying again", self.name, reason)
            self._on_evidence(Evidence(kind=EvidenceKind.BUS_DOWN, at_utc_ms=self._clock.utc_ms(), meters=self._indices, bus=self.name))
        self._is_down = True


class _Collected:
    """What one poll has gathered so far."""

    __slots__ = ("blocks", "implausible", "not_available", "refused", "taken_utc_ms", "turnaround_s", "values")

    def __init__(self) -> None:
        self.values = np.full(N_COLUMNS, np.nan)
        self.blocks = self.not_available = self.implausible = 0
        self.taken_utc_ms = 0
        self.turnaround_s = 0.0
        self.refused = False

    def take(self, block: BlockRead, answer: Answer, utc_ms: int) -> None:
        if not self.blocks:
            self.taken_utc_ms, self.turnaround_s = utc_ms, answer.turnaround_s
        flags = block.decoder.decode(answer.data, self.values)
        self.not_available += flags.not_available
        self.implausible += flags.implausible
        self.blocks += 1
