"""Minute means of every element's power, reactive power and voltage: what charging sessions are looked for in."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.minute_means import update_minutes
from edge_agent.detect.step_elements import Elements
from edge_agent.model import AreaFrame
from edge_agent.model.area_frame import NEVER


class Minutes:
    """``update`` says which elements have a minute done; ``power_w``, ``reactive_var``, ``voltage_v`` and ``at_ms`` are of that minute.

    ``state``: arrays to be saved.
    """

    def __init__(self, elements: Elements) -> None:
        n = elements.count
        self._elements = elements
        self.state: dict[str, npt.NDArray[Any]] = {
            "seen_ms": np.full(n, NEVER, dtype=np.int64),
            "first_ms": np.full(n, NEVER, dtype=np.int64),
            "count": np.zeros(n, dtype=np.int32),
            "sums": np.zeros((3, n)),
        }
        self._means = np.zeros((3, n))
        self.power_w, self.reactive_var, self.voltage_v = self._means
        self.at_ms = np.zeros(n, dtype=np.int64)
        self._done = np.zeros(n, dtype=np.int8)

    def update(self, frame: AreaFrame) -> npt.NDArray[np.intp]:
        elements, state = self._elements, self.state
        elements.look(frame)
        finished = update_minutes(
            elements.power_w(frame), elements.reactive_var(frame), elements.voltage_v(frame), elements.taken_ms(frame), elements.judged,
            state["seen_ms"], state["first_ms"], state["count"], state["sums"], self._means, self.at_ms, self._done,
        )
        return np.flatnonzero(self._done) if finished else _NONE


class FeedIn:
    """Whether the sun may be on a meter's roof: what such a meter shows then says little of what is on, and moves bit by bit all day.

    ``state``: when an element fed in last, and when it began to on that day.
    """

    def __init__(self, n_elements: int, *, least_w: float) -> None:
        self._least_w = least_w
        self.state: dict[str, npt.NDArray[Any]] = {
            "fed_in_first_ms": np.full(n_elements, NEVER, dtype=np.int64), "fed_in_last_ms": np.full(n_elements, NEVER, dtype=np.int64),
        }  # fmt: skip

    def take(self, elements: npt.NDArray[np.intp], power_w: npt.NDArray[np.float64], at_ms: npt.NDArray[np.int64]) -> None:
        is_fed = power_w < -self._least_w
        if not is_fed.any():
            return
        fed, fed_ms = elements[is_fed], at_ms[is_fed]
        first, last = self.state["fed_in_first_ms"], self.state["fed_in_last_ms"]
        is_new_day = (last[fed] == NEVER) | (np.abs(fed_ms - last[fed]) > _NIGHT_MS)
        first[fed] = np.where(is_new_day, fed_ms, first[fed])
        last[fed] = fed_ms

    def may_be(self, element: int, at_ms: int) -> bool:
        """From some hours before it fed in on the last day to some hours after; an evening's charge is in the dark."""
        last_ms = int(self.state["fed_in_last_ms"][element])
        if last_ms == NEVER or not 0 <= at_ms - last_ms < _DAY_MS:
            return False
        return at_ms - last_ms < _TWILIGHT_MS or at_ms - int(self.state["fed_in_first_ms"][element]) > _DAY_MS - _TWILIGHT_MS


_TWILIGHT_MS, _NIGHT_MS, _DAY_MS = 3 * 3_600_000, 5 * 3_600_000, 24 * 3_600_000     # light that is used in the house feeds nothing in
_NONE = np.zeros(0, dtype=np.intp)
