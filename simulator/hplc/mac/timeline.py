"""Virtual time: what happens when, in order. Nothing reads a clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any


class Timeline:
    """Calls in order of time; calls of the same time in the order in which they were asked for."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._asked = 0

    @property
    def next_s(self) -> float:
        """Time of the next call, infinity when there is none."""
        return self._heap[0][0] if self._heap else float("inf")

    def at(self, time_s: float, call: Callable[..., None], *arguments: Any) -> None:
        """Call later; a time that has passed means at once."""
        heapq.heappush(self._heap, (max(time_s, self.now_s), self._asked, call, arguments))
        self._asked += 1

    def step(self) -> None:
        """Do the next call."""
        self.now_s, _, call, arguments = heapq.heappop(self._heap)
        call(*arguments)

    def run_until(self, time_s: float) -> None:
        """Do all calls up to ``time_s``, which is then the time."""
        while self.next_s <= time_s:
            self.step()
        self.now_s = max(self.now_s, time_s)
