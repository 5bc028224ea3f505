"""Means of the phases' load over fixed intervals of the clock, and limits that must be exceeded for hours: how loading is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import Stage
from edge_agent.model.area_frame import NEVER

_LONGEST_STEP = 2  # one interval may have no reading: a meter read each 15 min may fall beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """``mean_pu``: shape (3,), NaN where a phase gave nothing. ``is_after_gap``: what was before is too long ago, or the clock moved."""

    begin_ms: int
    end_ms: int
    mean_pu: npt.NDArray[np.float64]
    is_after_gap: bool


class Demand:
    """``state`` is all that it remembers."""

    def __init__(self, interval_s: float) -> None:
        self._length_ms = round(1000 * interval_s)
        self.state: dict[str, npt.NDArray[Any]] = {
            "interval": np.full(1, NEVER, dtype=np.int64),
            "closed": np.full(1, NEVER, dtype=np.int64),
            "sum_pu": np.zeros(3),
            "count": np.zeros(3),
            "demand_taken_ms": np.full(3, NEVER, dtype=np.int64),
        }

    def add(self, load_pu: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64]) -> Interval | None:
        """A reading of the phases; the interval before it where the reading is the first of a later one.

        A clock that is set back drops the interval that runs.
        """
        state, number, closed = self.state, int(taken_ms.max()) // self._length_ms, None
        if number != state["interval"][0]:
            if number > state["interval"][0] >= 0:
                closed = self._close(int(state["interval"][0]))
            state["interval"][0] = number
            state["sum_pu"][:] = state["count"][:] = 0.0
        is_new = (taken_ms != state["demand_taken_ms"]) & (load_pu == load_pu)
        np.add(state["sum_pu"], load_pu, out=state["sum_pu"], where=is_new)
        state["count"] += is_new
        state["demand_taken_ms"][:] = taken_ms
        return closed

    def _close(self, number: int) -> Interval:
        state = self.state
        mean_pu = np.divide(state["sum_pu"], state["count"], out=np.full(3, np.nan), where=state["count"] > 0)
        is_after_gap = not 0 <= number - int(state["closed"][0]) <= _LONGEST_STEP
        state["closed"][0] = number
        begin_ms = number * self._length_ms
        return Interval(begin_ms=begin_ms, end_ms=begin_ms + self._length_ms, mean_pu=mean_pu, is_after_gap=is_after_gap)


class Lasting:
    """Conditions that begin when a value has been at or above its limit for ``begin_s`` and end with an interval below the release."""

    def __init__(self, limits: npt.NDArray[np.float64], releases: npt.NDArray[np.float64], begin_s: float) -> None:
        self._limits, self._releases, self._begin_ms = limits, releases, round(1000 * begin_s)
        self.since_ms = np.full(len(limits), NEVER, dtype=np.int64)
        self.begun_ms = np.full(len(limits), NEVER, dtype=np.int64)

    def judge(self, place: int, value: float, interval: Interval) -> Stage | None:
        """BEGIN sets ``begun_ms`` to when the value rose; after END it stays until ``forget``. NaN tells nothing."""
        if self.begun_ms[place] != NEVER:
            return Stage.END if value < self._releases[place] else None
        if interval.is_after_gap or not value >= self._limits[place]:
            self.since_ms[place] = NEVER
        if value >= self._limits[place] and self.since_ms[place] == NEVER:
            self.since_ms[place] = interval.begin_ms
        if self.since_ms[place] == NEVER or interval.end_ms - self.since_ms[place] < self._begin_ms:
            return None
        self.begun_ms[place] = self.since_ms[place]
        return Stage.BEGIN

    def forget(self, place: int) -> None:
        self.begun_ms[place] = self.since_ms[place] = NEVER
