"""The load of the hours to come: what the same hour of the past days had, times how today compares with those days.

For summer evenings, when the time between a load that is too high and a winding that is too hot is shorter than a crew needs (outage.md
4.4). Nothing is trained: the mean of at most a week of hours, so a working day and a Sunday are one profile, and weather enters only as
the ratio of the last hours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model.area_frame import NEVER

DAYS = 7
_HOUR_MS, _RATIO_HOURS = 3_600_000, 3
_RATIO_RANGE = (0.5, 2.0)  # of today to the past days: beyond it the hours compared say more of an outage than of the evening


class LoadForecast:
    """Three phases. ``state`` is all that it remembers: hourly means of the last ``DAYS`` days and the hour that runs."""

    def __init__(self) -> None:
        self.state: dict[str, npt.NDArray[Any]] = {
            "hour_mean_pu": np.full((DAYS, 24, 3), np.nan),
            "mean_of_day": np.full(DAYS, NEVER, dtype=np.int64),
            "hour": np.full(1, NEVER, dtype=np.int64),
            "hour_sum_pu": np.zeros(3),
            "hour_count": np.zeros(3),
        }

    def add(self, load_pu: npt.NDArray[np.float64], taken_ms: int) -> None:
        """A reading of the phases; NaN = none of that phase."""
        state, hour = self.state, taken_ms // _HOUR_MS
        if hour != state["hour"][0]:
            if hour > state["hour"][0] >= 0:
                self._close(int(state["hour"][0]))
            state["hour"][0] = hour
            state["hour_sum_pu"][:] = state["hour_count"][:] = 0.0
        known = load_pu == load_pu
        np.add(state["hour_sum_pu"], load_pu, out=state["hour_sum_pu"], where=known)
        state["hour_count"] += known

    def ahead(self, now_ms: int, hours: int, min_days: int) -> npt.NDArray[np.float64] | None:
        """Shape (hours, 3): the hours after the one of ``now_ms``; None where one of them has not been seen on ``min_days`` days."""
        now_hour = now_ms // _HOUR_MS
        expected = np.array([self._usual(now_hour + 1 + ahead, min_days) for ahead in range(hours)])
        if np.isnan(expected).any():
            return None
        past = range(now_hour - _RATIO_HOURS, now_hour)
        pairs = np.array([(self._seen(hour), self._usual(hour, min_days)) for hour in past])
        pairs = np.where(np.isnan(pairs).any(axis=1, keepdims=True), 0.0, pairs)
        seen, usual = pairs.sum(axis=0)
        ratio = np.divide(seen, usual, out=np.ones(3), where=usual > 0)
        ahead_pu: npt.NDArray[np.float64] = expected * np.clip(ratio, *_RATIO_RANGE)
        return ahead_pu

    def forget(self) -> None:
        self.state["hour_mean_pu"][:] = np.nan
        self.state["mean_of_day"][:] = self.state["hour"][:] = NEVER
        self.state["hour_sum_pu"][:] = self.state["hour_count"][:] = 0.0

    def _close(self, hour: int) -> None:
        day, of_day = divmod(hour, 24)
        row = day % DAYS
        if self.state["mean_of_day"][row] != day:
            self.state["mean_of_day"][row] = day
            self.state["hour_mean_pu"][row] = np.nan
        count = self.state["hour_count"]
        self.state["hour_mean_pu"][row, of_day] = np.divide(self.state["hour_sum_pu"], count, out=np.full(3, np.nan), where=count > 0)

    def _seen(self, hour: int) -> npt.NDArray[np.float64]:
        day, of_day = divmod(hour, 24)
        if self.state["mean_of_day"][day % DAYS] != day:
            return np.full(3, np.nan)
        mean_pu: npt.NDArray[np.float64] = self.state["hour_mean_pu"][day % DAYS, of_day]
        return mean_pu

    def _usual(self, hour: int, min_days: int) -> npt.NDArray[np.float64]:
        """Mean of that hour over the days before its day; NaN where fewer than ``min_days`` have it."""
        day, of_day = divmod(hour, 24)
        means = self.state["hour_mean_pu"][(self.state["mean_of_day"] < day) & (self.state["mean_of_day"] >= day - DAYS), of_day]
        known = ~np.isnan(means)
        count = known.sum(axis=0)
        total = np.where(known, means, 0.0).sum(axis=0)
        usual: npt.NDArray[np.float64] = np.divide(total, count, out=np.full(3, np.nan), where=count >= max(min_days, 1))
        return usual
