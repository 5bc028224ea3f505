"""Which meter is read next: the schedule of the living and a share of the slots for the dead. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.poll import BusMeter
from edge_agent.acquire.quarantine import ProbeBudget
from edge_agent.acquire.schedule import Reading, Schedule

_LOOK_AGAIN_S = 1.0          # a meter that is due again while it is still being read
_PROBE_REST_S = 120.0        # between two probes of a dead meter: they cost the network, not only us
_PROBE_SLOTS = 4             # at most one slot in so many is used by probes


class Due(NamedTuple):
    meter: int
    reading: Reading


class DueMeters:
    """The slot of a meter is used up when its read is sent; a read that failed is put back by ``again``."""

    def __init__(self, *, probe_share: float) -> None:
        self._schedule, self._budget = Schedule(), ProbeBudget(share=probe_share)
        self._probing: set[int] = set()

    @property
    def skipped_slots(self) -> int:
        return self._schedule.skipped_slots

    @property
    def quarantined(self) -> int:
        return len(self._budget)

    def add(self, meter: BusMeter) -> None:
        self._schedule.add(meter.index, full_s=meter.full_s, presence_s=meter.presence_s)

    def start(self, now: Moment) -> None:
        self._schedule.start(now.clock_s)

    def is_dead(self, meter: int) -> bool:
        return meter in self._budget

    def take(self, now: Moment, is_busy: Callable[[int], bool]) -> Due | None:
        """A living meter that is due; it is taken to be read now."""
        while self._schedule.next_due_s() <= now.clock_s:
            meter, reading = self._schedule.take()
            if not is_busy(meter):
                self._schedule.done(meter, reading, now.clock_s)
                return Due(meter, reading)
            self._schedule.postpone(meter, now.clock_after(_LOOK_AGAIN_S))
        return None

    def take_probe(self, now: Moment, *, window: int, cost_s: float) -> Due | None:
        """A dead meter whose turn it is, where nobody living is due.

        With several slots a probe is free: it takes one that nobody wants. With one slot the living wait for it, and the budget pays.
        """
        if not self._budget or len(self._probing) >= max(1, window // _PROBE_SLOTS):
            return None
        for meter in self._budget:
            if meter in self._probing or self._budget.rested_in_s(meter, now.wire_s) > 0:
                continue
            if window == 1 and self._budget.affordable_in_s(now.wire_s, cost_s) > 0:
                return None
            self._probing.add(meter)
            return Due(meter, Reading.PRESENCE)
        return None

    def probed(self, meter: int, now: Moment, *, cost_s: float) -> None:
        """A probe is over without an answer."""
        self._probing.discard(meter)
        self._budget.probed(meter, now_s=now.wire_s, cost_s=cost_s, rest_s=_PROBE_REST_S / now.speed)

    def again(self, meter: int, now: Moment, *, after_s: float = 0.0) -> None:
        """Read it again, ``after_s`` wire seconds from now, whatever its slots say."""
        self._schedule.put_back(meter, now.clock_s)
        if after_s > 0:
            self._schedule.postpone(meter, now.clock_after(after_s))

    def bury(self, meter: int, now: Moment) -> None:
        """No more slots, probes only."""
        self._schedule.take_out(meter)
        self._budget.add(meter, now.wire_s)

    def revive(self, meter: int, now: Moment) -> None:
        """It answers, or is said to have its supply back: read it at once."""
        self._probing.discard(meter)
        self._budget.remove(meter)
        self.again(meter, now)

    def wake_s(self, now: Moment) -> float:
        """When somebody is due next, wire time."""
        due_s = now.wire_s + (self._schedule.next_due_s() - now.clock_s) / now.speed
        rests_s = [self._budget.rested_in_s(meter, now.wire_s) for meter in self._budget if meter not in self._probing]
        return min(due_s, now.wire_s + max(_LOOK_AGAIN_S, min(rests_s))) if rests_s else due_s
