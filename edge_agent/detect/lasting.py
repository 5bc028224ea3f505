"""Conditions that must last: seen in at least two windows, over a least time, before they are on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model.area_frame import NEVER

Mask = npt.NDArray[np.bool_]


class Lasting:
    """``shape`` is (n meters, what each has). ``state`` is to be saved: ``on``, and ``since_ms`` when what is on or may be so began."""

    def __init__(self, shape: tuple[int, int], least_s: float) -> None:
        self.state: dict[str, npt.NDArray[Any]] = {
            "on": np.zeros(shape, dtype=np.int8), "since_ms": np.full(shape, NEVER, dtype=np.int64)
        }  # fmt: skip
        self._least_ms = round(1000 * least_s)

    def update(
        self, meters: npt.NDArray[np.intp], *, begins: Mask, ends: Mask, is_pause: Mask, from_ms: npt.NDArray[np.int64],
        taken_ms: npt.NDArray[np.int64],
    ) -> None:
        """One window of these meters; all arrays have a row for each. Where neither ``begins`` nor ``ends`` what is on stays on.

        ``from_ms`` and ``taken_ms`` are the ends of the window; ``is_pause``: it is too long to count, what has begun to last starts anew.
        """
        on, since_ms = self.state["on"][meters], self.state["since_ms"][meters]
        is_off = on == 0
        since_ms[is_off & (is_pause | ~begins)] = NEVER
        starts = is_off & begins & (since_ms == NEVER)
        since_ms[starts] = from_ms[starts]
        fires = is_off & begins & ~starts & (taken_ms - since_ms >= self._least_ms)
        stops = ~is_off & ends
        on[fires] = 1
        on[stops] = 0
        since_ms[stops] = NEVER
        self.state["on"][meters], self.state["since_ms"][meters] = on, since_ms

    def forget(self, meters: npt.NDArray[np.intp]) -> None:
        self.state["on"][meters] = 0
        self.state["since_ms"][meters] = NEVER
