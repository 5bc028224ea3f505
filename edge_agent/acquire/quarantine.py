"""Dead meters get short probes only, and those get a small share of the bus while living meters need it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator


class ProbeBudget:
    """A token bucket on wire time, and the order of the dead. Pure: the time (seconds) is given.

    While the bus is wanted by the living, probes earn ``share`` of the time that passes. With d dead meters and a time-out t each is
    then probed every d x t / share. In a gap between the reads of the living probes cost nobody anything; then each meter only rests
    between two of them. What such a probe does cost, as behind a gateway that goes on waiting for the dead, is charged afterwards.
    """

    def __init__(self, *, share: float) -> None:
        self._share = share
        self._tokens_s = 0.0
        self._earned_until_s = 0.0
        self._order: deque[int] = deque()
        self._not_before_s: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, meter: int) -> bool:
        return meter in self._not_before_s

    def __iter__(self) -> Iterator[int]:
        """The dead, the one that has waited longest first."""
        return iter(self._order)

    def add(self, meter: int, now_s: float) -> None:
        if meter not in self._not_before_s:
            if not self._order:
                self._tokens_s, self._earned_until_s = min(self._tokens_s, 0.0), now_s    # a debt stays
            self._order.append(meter)
            self._not_before_s[meter] = now_s

    def remove(self, meter: int) -> None:
        if self._not_before_s.pop(meter, None) is not None:
            self._order.remove(meter)

    def is_in_debt(self, now_s: float) -> bool:
        """Whether probes have cost the living more than their share: then none is free."""
        self._earn(now_s)
        return self._tokens_s < 0.0

    def affordable_in_s(self, now_s: float, cost_s: float) -> float:
        """How long until the budget pays for a probe; 0 when it does now."""
        self._earn(now_s)
        # never save up more than one probe: a burst of probes would hold the living up
        self._tokens_s = min(self._tokens_s, cost_s)
        return (cost_s - self._tokens_s) / self._share

    def rested_in_s(self, meter: int, now_s: float) -> float:
        """How long until a free probe may go to ``meter``; 0 when it may now."""
        return max(0.0, self._not_before_s[meter] - now_s)

    def probed(self, meter: int, *, now_s: float, cost_s: float, rest_s: float) -> None:
        """Pay for a probe (0 for a free one); the meter goes to the end of the row and rests before the next free one."""
        self._earn(now_s)
        self._tokens_s -= cost_s
        if meter in self._not_before_s:
            self._order.remove(meter)
            self._order.append(meter)
            self._not_before_s[meter] = now_s + rest_s

    def charge(self, cost_s: float) -> None:
        """A cost that showed only afterwards, as when a gateway kept the next meter waiting."""
        self._tokens_s -= cost_s

    def _earn(self, now_s: float) -> None:
        self._tokens_s += self._share * max(0.0, now_s - self._earned_until_s)
        self._earned_until_s = now_s
