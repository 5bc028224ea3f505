"""How one meter is read: its blocks, what it refuses, its time-outs, and getting in step again after a time-out."""

from __future__ import annotations

import asyncio
from typing import Any

from edge_agent.acquire.line import LineState, MeterWaits
from edge_agent.acquire.poll import Answer, Block, BusMeter, Outcome, Poll, ReadPlan, Result, Transactor
from edge_agent.acquire.read_list import ReadList
from edge_agent.acquire.schedule import Reading
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.model import Clock, SampleFlag


class MeterReader:
    """One meter of a bus, on the transactor of that bus; the same for every protocol."""

    def __init__(
        self, meter: BusMeter, *, plan: ReadPlan[Any], transactor: Transactor, line: LineState, settings: AcquireSettings, clock: Clock
    ) -> None:
        self.meter, self.failures = meter, 0
        self._plan, self._transactor, self._settings, self._clock = plan, transactor, settings, clock
        self._waits = MeterWaits(line, settings, meter.profile.limits.turnaround_s)
        self._wanted: ReadList[Any] = ReadList(plan, meter_id=meter.id, retry_s=settings.refused_retry_s)
        self._requests: dict[Block, Any] = {}

    def forget_refused(self) -> None:
        """Ask for everything again: the meter was away or may be another one."""
        self._wanted.forget_refused()
        self._requests = {}

    async def read(self, reading: Reading, *, probe_wait_s: float | None = None) -> Poll:
        """Ask for all blocks of ``reading``; ``probe_wait_s`` bounds the wait for a meter that is probably dead.

        Raises:
            LinkError: the link is gone.
        """
        blocks = self._wanted.blocks(reading, asyncio.get_running_loop().time())
        poll = Poll()
        if self._wanted.is_partial:
            poll.flags |= SampleFlag.PARTIAL
        if not self._transactor.guard.in_step(self.meter.key):
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
        return self._waits.probe_wait_s(self._plan.presence[0].size)

    def free_probe_wait_s(self, gap_s: float) -> float | None:
        """How long a probe may wait that has to fit into a gap; None when this meter needs more than the gap."""
        return self._waits.free_probe_wait_s(self._plan.presence[0].size, gap_s)

    def quiet_in_s(self, now_s: float) -> float:
        """How long the meter must be left alone, since whatever it is asked could be answered by a late reply; mostly 0."""
        guard, key = self._transactor.guard, self.meter.key
        if guard.in_step(key) or any(guard.may_ask(key, block.signature) for block in self._plan.resync):
            return 0.0
        return guard.quiet_in_s(key, now_s)

    async def _read_blocks(self, blocks: list[Block], poll: Poll, probe_wait_s: float | None) -> Outcome:
        skipped: Block | None = None
        while blocks:
            block = blocks.pop(0)
            answer = await self._ask_undamaged(block, probe_wait_s)
            now_s = asyncio.get_running_loop().time()
            if answer.result is Result.ANSWERED:
                poll.take(block, answer.data, utc_ms=self._clock.utc_ms(), turnaround_s=answer.turnaround_s)
                self._wanted.answered(block)
            elif answer.result is Result.REFUSED:
                poll.taken_utc_ms = poll.taken_utc_ms or self._clock.utc_ms()
                instead = self._wanted.refused(block, answer.reason, now_s) if answer.is_final else ()
                if not instead:
                    poll.flags |= SampleFlag.PARTIAL
                blocks[:0] = instead
            elif self._may_skip(poll, skipped):
                skipped = block
                poll.flags |= SampleFlag.PARTIAL
                continue
            else:
                return Outcome.CUT_OFF if poll.taken_utc_ms else Outcome.SILENT
            if skipped is not None:
                self._wanted.was_silent(skipped, now_s)     # it answered what came after: it lives and kept silent on that one
                skipped = None
        return Outcome.ANSWERED

    def _may_skip(self, poll: Poll, skipped: Block | None) -> bool:
        return self._plan.skips_silent and skipped is None and bool(poll.taken_utc_ms)

    async def _ask_undamaged(self, block: Block, probe_wait_s: float | None) -> Answer:
        answer = await self._ask(block, probe_wait_s)
        tries_left = self._settings.damage_retries
        while answer.result is Result.DAMAGED and tries_left > 0:
            tries_left -= 1
            self._transactor.counters.retries += 1
            if await self._get_in_step(probe_wait_s) is not Outcome.ANSWERED:
                break
            answer = await self._ask(block, probe_wait_s)
        return answer

    async def _get_in_step(self, probe_wait_s: float | None) -> Outcome:
        """Ask what no late reply can answer; ANSWERED once the meter has answered it."""
        guard, key = self._transactor.guard, self.meter.key
        if guard.in_step(key):
            return Outcome.ANSWERED
        block = next((block for block in self._plan.resync if guard.may_ask(key, block.signature)), None)
        if block is None:
            if not guard.forget_if_quiet(key, asyncio.get_running_loop().time()):
                return Outcome.NOT_ASKED
            block = self._plan.resync[0]
        await self._ask(block, probe_wait_s)
        return Outcome.ANSWERED if guard.in_step(key) else Outcome.SILENT

    async def _ask(self, block: Block, probe_wait_s: float | None) -> Answer:
        timeout_s = self._waits.wait_s(block.size, probe_wait_s)
        request = self._requests.get(block)
        if request is None:
            request = self._requests[block] = block.request_to(self.meter)
        answer = await self._transactor.ask(request, timeout_s, silence_s=self.meter.profile.limits.silence_s)
        self._waits.learn(block.size, answer, timeout_s)
        return answer
