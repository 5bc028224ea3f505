"""How one meter is read: its blocks, what it refuses, its time-outs, and getting in step again after a time-out."""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.acquire.plan import BlockRead, ReadPlan, split
from edge_agent.acquire.schedule import Reading
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.acquire.timeouts import ReplyTimeout
from edge_agent.acquire.transaction import Answer, Result, Transactor
from edge_agent.model import N_COLUMNS, Clock, SampleFlag
from edge_agent.wire.modbus import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, ReadRequest
from firmware_profiles.schema import Profile

log = logging.getLogger("hplc_edge.acquire")

_NEVER_SO = (ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE)    # the block will not be answered as it is
# A paid probe waits less than a read may: so that probes of d meters fit into d x time-out / share with room for the read that follows.
_PROBE_WAIT_SHARE = 0.8
_NOTICEABLE_S = 0.02
_NOTHING_GIVEN = np.full(N_COLUMNS, np.nan)


class Outcome(enum.Enum):
    ANSWERED = "answered"
    CUT_OFF = "cut off"            # some blocks came, then the meter stopped answering
    SILENT = "silent"
    NOT_ASKED = "not asked"        # a late reply may still come and there is no other thing to ask


@dataclass(slots=True)
class Poll:
    """What one poll of a meter brought. ``values`` has shape (N_COLUMNS,), SI units, NaN = not given."""

    outcome: Outcome
    values: npt.NDArray[np.float64]
    flags: SampleFlag = SampleFlag.NONE
    taken_utc_ms: int = 0
    turnaround_s: float = 0.0
    blocks: int = 0
    not_available: int = 0
    implausible: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BusMeter:
    """One meter on the bus. ``index`` is its place in the archive."""

    index: int
    id: str
    unit: int
    profile: Profile
    full_s: float
    presence_s: float | None


class LineState:
    """What the meters of one bus share: a gateway may still be busy with a request that we have given up.

    ``block_s`` is how long it is, learned from how much longer than usual the next one waits; 0 on a serial line of our own, where a
    time-out is over when it is over.
    """

    __slots__ = ("_given_up_s", "block_s", "may_queue", "waited_s")

    def __init__(self, *, may_queue: bool, longest_s: float) -> None:
        self.may_queue = may_queue
        self.block_s = longest_s if may_queue else 0.0
        self.waited_s = 0.0                    # of the first answer after a time-out
        self._given_up_s: list[float] = []     # waits of the unanswered requests since the last answer

    @property
    def after_timeout(self) -> bool:
        return bool(self._given_up_s)

    def timed_out(self, wait_s: float) -> None:
        if self.may_queue and len(self._given_up_s) < 2:
            self._given_up_s.append(wait_s)

    def answered(self, waited_s: float) -> None:
        """``waited_s``: how much longer than usual the answer took."""
        self.waited_s = waited_s
        if len(self._given_up_s) == 1:         # of two in a row nobody knows which one the gateway was busy with
            given_up_s = self._given_up_s[0]
            self.block_s = given_up_s + waited_s if waited_s > _NOTICEABLE_S else min(self.block_s, given_up_s)
        self._given_up_s.clear()


class MeterReader:
    """One meter of a bus, on the transactor of that bus."""

    def __init__(
        self, meter: BusMeter, *, plan: ReadPlan, transactor: Transactor, line: LineState, settings: AcquireSettings, clock: Clock
    ) -> None:
        self.meter, self.failures = meter, 0
        self._plan, self._transactor, self._line, self._settings, self._clock = plan, transactor, line, settings, clock
        # a documented turnaround may be needed at any time, even where all replies so far were faster
        floor_s = max(settings.reply_timeout_floor_s, min(meter.profile.limits.turnaround_s, settings.reply_timeout_s))
        self._timeout = ReplyTimeout(floor_s, settings.reply_timeout_s)
        self._blocks: dict[Reading, list[BlockRead]] = {}
        self._requests: dict[BlockRead, ReadRequest] = {}
        self._told_refused: set[str] = set()
        self._refused_until_s: float | None = None
        self._is_left_out = False          # some point is not asked for
        self.forget_refused()

    def forget_refused(self) -> None:
        """Ask for everything again: the meter was away, may be another one, or the refusal is old."""
        self._blocks = {Reading.FULL: list(self._plan.full), Reading.PRESENCE: list(self._plan.presence)}
        self._requests = {}
        self._refused_until_s, self._is_left_out = None, False

    async def read(self, reading: Reading, *, probe_wait_s: float | None = None) -> Poll:
        """Ask for all blocks of ``reading``; ``probe_wait_s`` bounds the wait for a meter that is probably dead.

        Raises:
            LinkError: the link is gone.
        """
        if self._refused_until_s is not None and asyncio.get_running_loop().time() >= self._refused_until_s:
            self.forget_refused()
        # a meter that has refused every point of its full read is still asked whether it lives
        blocks = list(self._blocks[reading] or self._blocks[Reading.PRESENCE] or self._plan.presence)
        poll = Poll(Outcome.SILENT, _NOTHING_GIVEN.copy())
        if self._is_left_out:
            poll.flags |= SampleFlag.PARTIAL
        if not self._transactor.guard.in_step(self.meter.unit):
            poll.outcome = await self._get_in_step(probe_wait_s)
            if poll.outcome is not Outcome.ANSWERED:
                return poll
        poll.outcome = await self._read_blocks(blocks, poll, probe_wait_s)
        if poll.outcome is Outcome.CUT_OFF:
            poll.flags |= SampleFlag.PARTIAL
        if reading is Reading.PRESENCE or not poll.blocks:
            poll.flags |= SampleFlag.PRESENCE      # all refused: it lives, and there is nothing to publish
        return poll

    def probe_wait_s(self) -> float:
        """How long a paid probe waits for its answer."""
        words = self._plan.presence[0].count
        wait_s, typical_s = self._timeout.seconds(words), self._timeout.typical_s(words)
        limit_s = _PROBE_WAIT_SHARE * self._settings.reply_timeout_s
        return wait_s if typical_s is not None and typical_s > limit_s / 2 else min(wait_s, limit_s)

    def free_probe_wait_s(self, gap_s: float) -> float | None:
        """How long a probe may wait that has to fit into a gap; None when this meter needs more than the gap."""
        words = self._plan.presence[0].count
        needed_s = max(self._line.block_s, self._timeout.least_s(words))
        return min(gap_s, self._timeout.seconds(words)) if gap_s >= needed_s else None

    def quiet_in_s(self, now_s: float) -> float:
        """How long the meter must be left alone, since whatever it is asked could be answered by a late reply; mostly 0."""
        guard, unit = self._transactor.guard, self.meter.unit
        if guard.in_step(unit) or any(guard.may_ask(unit, block.signature) for block in self._plan.resync):
            return 0.0
        return guard.quiet_in_s(unit, now_s)

    async def _read_blocks(self, blocks: list[BlockRead], poll: Poll, probe_wait_s: float | None) -> Outcome:
        while blocks:
            block = blocks.pop(0)
            answer = await self._ask(block, probe_wait_s)
            tries_left = self._settings.damage_retries
            while answer.result is Result.DAMAGED and tries_left > 0:
                tries_left -= 1
                self._transactor.counters.retries += 1
                if await self._get_in_step(probe_wait_s) is not Outcome.ANSWERED:
                    break
                answer = await self._ask(block, probe_wait_s)
            if answer.result is Result.ANSWERED:
                self._take(block, answer, poll)
            elif answer.result is Result.REFUSED:
                poll.taken_utc_ms = poll.taken_utc_ms or self._clock.utc_ms()
                instead = self._without_refused(block, answer.exception)
                if not instead:
                    poll.flags |= SampleFlag.PARTIAL
                blocks[:0] = instead
            else:
                return Outcome.CUT_OFF if poll.taken_utc_ms else Outcome.SILENT
        return Outcome.ANSWERED

    async def _get_in_step(self, probe_wait_s: float | None) -> Outcome:
        """Ask what no late reply can answer; ANSWERED once the meter has answered it."""
        guard, unit = self._transactor.guard, self.meter.unit
        if guard.in_step(unit):
            return Outcome.ANSWERED
        block = next((block for block in self._plan.resync if guard.may_ask(unit, block.signature)), None)
        if block is None:
            if not guard.forget_if_quiet(unit, asyncio.get_running_loop().time()):
                return Outcome.NOT_ASKED
            block = self._plan.resync[0]
        await self._ask(block, probe_wait_s)
        return Outcome.ANSWERED if guard.in_step(unit) else Outcome.SILENT

    async def _ask(self, block: BlockRead, probe_wait_s: float | None) -> Answer:
        line, timeout = self._line, self._timeout
        timeout_s = timeout.seconds(block.count) if probe_wait_s is None else min(probe_wait_s, timeout.seconds(block.count))
        if line.after_timeout and probe_wait_s is None:
            # behind a gateway a dead meter blocks its neighbours for the gateway's own time-out: the one after it gets all the time
            timeout_s = self._settings.reply_timeout_s
        request = self._requests.get(block)
        if request is None:
            request = ReadRequest(unit=self.meter.unit, function=block.function, address=block.address, count=block.count)
            self._requests[block] = request
        answer = await self._transactor.ask(request, timeout_s, silence_s=self.meter.profile.limits.silence_s)
        if answer.result in (Result.ANSWERED, Result.REFUSED):
            if line.after_timeout:
                typical_s = timeout.typical_s(block.count)     # what it took measures the gateway's queue, not this meter
                line.answered(max(0.0, answer.turnaround_s - (timeout.floor_s if typical_s is None else typical_s)))
            elif answer.result is Result.ANSWERED:
                timeout.answered(block.count, answer.turnaround_s)
        elif answer.result is Result.TIMED_OUT:
            timeout.timed_out(block.count)
            line.timed_out(timeout_s)
        return answer

    def _take(self, block: BlockRead, answer: Answer, poll: Poll) -> None:
        if not poll.blocks:
            poll.taken_utc_ms, poll.turnaround_s = self._clock.utc_ms(), answer.turnaround_s
        poll.blocks += 1
        doubts = block.decoder.decode(answer.data, poll.values)
        if doubts.not_available:
            poll.not_available += doubts.not_available
            poll.flags |= SampleFlag.NOT_AVAILABLE
        if doubts.implausible:
            poll.implausible += doubts.implausible
            poll.flags |= SampleFlag.IMPLAUSIBLE

    def _without_refused(self, block: BlockRead, exception: int) -> Sequence[BlockRead]:
        """What to read instead of a refused block: its halves, or nothing where a single point is refused. Remembered for later polls."""
        if exception not in _NEVER_SO:
            return ()           # busy or failing now: ask again at the next poll
        halves = split(block, self.meter.profile.limits)
        for known in self._blocks.values():
            for place, candidate in enumerate(known):
                if candidate.points == block.points:
                    known[place : place + 1] = halves
                    break
        self._refused_until_s = self._refused_until_s or asyncio.get_running_loop().time() + self._settings.refused_retry_s
        self._is_left_out |= not halves
        if not halves and block.points[0].key not in self._told_refused:
            self._told_refused.add(block.points[0].key)
            log.warning("meter %s refuses %s (exception %d): left out for now", self.meter.id, block.points[0].key, exception)
        return halves
