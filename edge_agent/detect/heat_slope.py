"""How much a terminal warms up for its current: the slope of its rise above ambient on the current squared, day by day.

A contact that loosens warms up more at the same current; neither the load nor the weather does that. The current squared is filtered like
the terminal itself (first order), so that a changing load does not blur the slope.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

DAY_S = 86_400.0
BASE_DAYS = 3            # clear days that make the baseline (detection.md section 1: the first 2..7)
_LEAST_WINDOWS = 48      # of a day: half of it at one value in 15 minutes
_CLEAR = 5.0             # slope over standard error from which a day says anything
_SUMS = ("count", "x", "y", "xx", "xy", "yy")


class HeatSlopes:
    """Four terminals of each meter. ``state``: shape (n, 4) each, ``ratio`` is the last day's slope over the baseline (NaN unknown)."""

    def __init__(self, n: int, *, growth: float, sigmas: float, tau_s: float) -> None:
        """``growth``: from which ratio to the baseline it is on, where it also is ``sigmas`` standard errors above."""
        self._growth, self._sigmas, self._tau_s = growth, sigmas, tau_s
        self.state: dict[str, npt.NDArray[Any]] = {name: np.zeros((n, 4)) for name in _SUMS}
        self.state |= {"seconds": np.zeros(n), "base": np.zeros((n, 4)), "base_variance": np.zeros((n, 4))}
        self.state |= {"base_days": np.zeros((n, 4), dtype=np.int64), "on": np.zeros((n, 4), dtype=np.int8)}
        self.state["ratio"] = np.full((n, 4), np.nan)

    def add(
        self, meters: npt.NDArray[np.intp], square_a2: npt.NDArray[np.float64], rise_k: npt.NDArray[np.float64],
        seconds: npt.NDArray[np.float64],
    ) -> None:
        """One window of these meters: filtered current squared and rise, shape (m, 4), NaN = not known; its length, shape (m,)."""
        given = ~(np.isnan(square_a2) | np.isnan(rise_k))
        x, y = np.where(given, square_a2, 0.0), np.where(given, rise_k, 0.0)
        for name, what in zip(_SUMS, (given.astype(np.float64), x, y, x * x, x * y, y * y), strict=True):
            self.state[name][meters] += what
        self.state["seconds"][meters] += seconds
        over = meters[self.state["seconds"][meters] >= DAY_S]
        if len(over):
            self._close(over)

    def forget(self, meters: npt.NDArray[np.intp]) -> None:
        for name, array in self.state.items():
            array[meters] = np.nan if name == "ratio" else 0

    def _close(self, meters: npt.NDArray[np.intp]) -> None:
        """A day of these is over."""
        slope, variance = self._slopes(meters)
        state = self.state
        clear = slope > _CLEAR * np.sqrt(variance)
        base, base_variance, days = (state[name][meters] for name in ("base", "base_variance", "base_days"))
        learns = clear & (days < BASE_DAYS)
        base[learns] = (base[learns] * days[learns] + slope[learns]) / (days[learns] + 1)
        base_variance[learns] = (base_variance[learns] * days[learns] ** 2 + variance[learns]) / (days[learns] + 1) ** 2
        days[learns] += 1
        judged = clear & (days >= BASE_DAYS) & ~learns
        ratio, on = state["ratio"][meters], state["on"][meters]
        ratio[judged] = slope[judged] / base[judged]
        above = slope - base > self._sigmas * np.sqrt(variance + base_variance)
        on[judged & (ratio >= self._growth) & above] = 1
        on[judged & (ratio < (1.0 + self._growth) / 2.0)] = 0
        state["base"][meters], state["base_variance"][meters], state["base_days"][meters] = base, base_variance, days
        state["ratio"][meters], state["on"][meters] = ratio, on
        for name in (*_SUMS, "seconds"):
            state[name][meters] = 0.0

    def _slopes(self, meters: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Least squares with a constant, and the variance of the slope; 0 and inf where a day says nothing."""
        count, x, y, xx, xy, yy = (self.state[name][meters] for name in _SUMS)
        enough = count >= _LEAST_WINDOWS
        n = np.where(enough, count, 1.0)
        var_x, cov, var_y = xx / n - (x / n) ** 2, xy / n - (x / n) * (y / n), yy / n - (y / n) ** 2
        usable = enough & (var_x > 1e-9 * xx / n) & (var_x > 0)
        slope = np.where(usable, cov / np.where(usable, var_x, 1.0), 0.0)
        left = np.maximum(var_y - slope * cov, 1e-6)       # at best a thousandth of a kelvin: sensors are no better
        # what is left over changes as slowly as the terminal: a day holds no more independent values than this
        independent = np.maximum(np.minimum(count, self.state["seconds"][meters][:, None] / (2.0 * self._tau_s)), 3.0) - 2.0
        return slope, np.where(usable, left / np.where(usable, var_x, 1.0) / independent, np.inf)
