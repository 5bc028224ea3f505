"""The back-off timers of all nodes at once: they run in quiet, stop while their node hears somebody, and go on afterwards.

A timer is two numbers: the time from which it counts (or counted on, last) and the slots left then. Nothing has to be done while it runs.
Only whole slots count, so that all who heard the same frame go on in step.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_NEVER = float("inf")
_ROUNDING_S = 1e-9      # times are sums of many terms; slots are 1e5 times longer
_NEARLY_A_SLOT = 0.01   # a slot that lacks less than this counts: two nodes that start "together" differ by rounding

Mask = npt.NDArray[np.bool_]


class Contention:
    """Times in seconds. A node without a frame has a timer that never ends."""

    def __init__(self, nodes: int, *, detection_s: float) -> None:
        self._detection_s = detection_s - _ROUNDING_S
        self._counts_from_s = np.zeros(nodes)
        self._slots_left = np.full(nodes, _NEVER)
        self._slot_s = np.ones(nodes)
        self._need_s = np.zeros(nodes)
        self._latest_s = np.full(nodes, -_NEVER)
        self._ends_s = np.full(nodes, _NEVER)
        self._open = np.zeros(nodes, np.bool_)
        self._slice_end_s = -_NEVER
        self._stale = True
        self._first = 0

    def arm(self, node: int, *, from_s: float, slots: int, slot_s: float, need_s: float, may_send: bool = True) -> None:
        """Start the timer of a node whose exchange takes ``need_s``; it counts when the node hears nobody any more.

        ``may_send``: False when the frame is none of those that this slice is for.
        """
        self._counts_from_s[node] = max(float(self._counts_from_s[node]), from_s)
        self._slots_left[node] = slots
        self._slot_s[node] = slot_s
        self._need_s[node] = need_s
        self._latest_s[node] = self._slice_end_s - need_s - _ROUNDING_S if self._open[node] and may_send else -_NEVER
        self._stale = True

    def hold(self, node: int, until_s: float) -> None:
        """The node itself keeps silent until then."""
        self._counts_from_s[node] = max(float(self._counts_from_s[node]), until_s)
        self._stale = True

    def disarm(self, node: int) -> None:
        self._slots_left[node] = _NEVER
        self._stale = True

    def next_end(self) -> tuple[float, int]:
        """When which timer ends whose frame still fits into the slice; infinity when none does."""
        if self._stale:
            np.multiply(self._slots_left, self._slot_s, out=self._ends_s)
            self._ends_s += self._counts_from_s
            np.copyto(self._ends_s, _NEVER, where=self._ends_s > self._latest_s)
            self._first = int(self._ends_s.argmin())
            self._stale = False
        return float(self._ends_s[self._first]), self._first

    def occupy(self, hearers: Mask, *, from_s: float, until_s: float | npt.NDArray[np.float64]) -> None:
        """A preamble reaches ``hearers``: their timers stop, but for those that end before it can be noticed."""
        self.next_end()
        stopped = hearers & (self._ends_s >= from_s + self._detection_s)
        self._count(from_s, stopped & self._open)
        np.maximum(self._counts_from_s, until_s, out=self._counts_from_s, where=stopped)
        self._stale = True

    def open_slice(self, begin_s: float, end_s: float, members: Mask) -> None:
        """From now the timers of ``members`` count, and their frames have to end before ``end_s``."""
        self._open = members.copy()
        self._slice_end_s = end_s
        np.maximum(self._counts_from_s, begin_s, out=self._counts_from_s, where=members)
        self._latest_s = np.where(members, end_s - self._need_s - _ROUNDING_S, -_NEVER)
        self._stale = True

    def close_slice(self) -> list[int]:
        """Stop all timers; the nodes whose timer had ended without room for the frame: they have to draw again."""
        self._count(self._slice_end_s, self._open)
        np.maximum(self._counts_from_s, self._slice_end_s, out=self._counts_from_s, where=self._open)
        late = np.flatnonzero(self._open & (self._slots_left <= 0.0))
        self._open = np.zeros_like(self._open)
        self._latest_s.fill(-_NEVER)
        self._stale = True
        return [int(node) for node in late]

    def _count(self, until_s: float, nodes: Mask) -> None:
        slots = np.floor((until_s - self._counts_from_s) / self._slot_s + _NEARLY_A_SLOT)
        np.subtract(self._slots_left, np.maximum(slots, 0.0), out=self._slots_left, where=nodes)
