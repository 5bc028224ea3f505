"""What is asked of one meter: the blocks of its plan without what it refuses. Pure: the time is given."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Generic

from edge_agent.acquire.poll import AnyBlock, ReadPlan
from edge_agent.acquire.schedule import Reading

log = logging.getLogger("hplc_edge.acquire")

_SILENT_TIMES = 3      # polls in a row that a meter left one block unanswered and answered others


class ReadList(Generic[AnyBlock]):
    """Remembers for ``retry_s`` what the meter refused; then everything is asked again, since it may only have been starting."""

    def __init__(self, plan: ReadPlan[AnyBlock], *, meter_id: str, retry_s: float) -> None:
        self.plan = plan
        self._meter_id, self._retry_s = meter_id, retry_s
        self._told: set[str] = set()
        self._blocks: dict[Reading, list[AnyBlock]] = {}
        self._silent_times: dict[AnyBlock, int] = {}
        self._until_s: float | None = None
        self.is_partial = False            # some point is not asked for
        self.forget_refused()

    def forget_refused(self) -> None:
        """Ask for everything again: the meter was away, may be another one, or the refusal is old."""
        self._blocks = {Reading.FULL: list(self.plan.full), Reading.PRESENCE: list(self.plan.presence)}
        self._silent_times = {}
        self._until_s, self.is_partial = None, False

    def blocks(self, reading: Reading, now_s: float) -> list[AnyBlock]:
        """What to ask now. A meter that has refused every point of its full read is still asked whether it lives."""
        if self._until_s is not None and now_s >= self._until_s:
            self.forget_refused()
        return list(self._blocks[reading] or self._blocks[Reading.PRESENCE] or self.plan.presence)

    def refused(self, block: AnyBlock, reason: str, now_s: float) -> Sequence[AnyBlock]:
        """What to read instead of a block that the meter will not give: its parts, or nothing where it is a single point."""
        parts: Sequence[AnyBlock] = block.split()
        for known in self._blocks.values():
            for place, candidate in enumerate(known):
                if candidate.points == block.points:
                    known[place : place + 1] = parts
                    break
        self._until_s = self._until_s or now_s + self._retry_s
        self.is_partial |= not parts
        key = block.points[0].key
        if not parts and key not in self._told:
            self._told.add(key)
            log.warning("meter %s refuses %s (%s): left out for now", self._meter_id, key, reason)
        return parts

    def answered(self, block: AnyBlock) -> None:
        if self._silent_times:
            self._silent_times.pop(block, None)

    def was_silent(self, block: AnyBlock, now_s: float) -> None:
        """The meter answered other blocks of the same poll but not this one: after some times it counts as refused."""
        times = self._silent_times[block] = self._silent_times.get(block, 0) + 1
        if times >= _SILENT_TIMES and block not in self.plan.presence:
            del self._silent_times[block]
            self.refused(block, "no answer, though it answers others", now_s)
