"""Contacts that open and close: the voltage of one service moves far more than its own load and its neighbours explain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_CLIP = 6.0                   # in robust standard deviations: a single jump cannot make a variance
_NORMAL = 1.4826              # from the median of |r| to a standard deviation
_FOLLOW = 1.02                # the median of |r| moves by so much each bin while it is learned
_MOST_V = 10.0                # a step beyond that is a fault of another kind
_LEAST_V, _FIRST_V = 0.02, 0.2
_LEARN_BINS = 2880.0          # the mean of the baseline follows the last two days of learning
_LEAST_CURRENT_A = 3.0        # below it a joint of some tenths of an ohm has a few watts at most
_LEAST_OHM = 0.1              # what the voltage moves for each ampere; a contact that matters moves more
_FEW = 5


class FlickerWatch:
    """Ratio of the variance of late (``over_bins``) to that of the baseline. ``state``: arrays to save."""

    def __init__(self, m: int, feeders: Sequence[npt.NDArray[np.intp]], *, over_bins: float, day_bins: float) -> None:
        self._feeders = [feeder for feeder in feeders if len(feeder) > _FEW]
        self._over, self._forget = over_bins, 1.0 / day_bins
        self.state: dict[str, npt.NDArray[Any]] = {
            "median_v": np.full(m, _FIRST_V), "base": np.zeros(m), "seen": np.zeros(m), "now": np.zeros(m), "rough": np.zeros(m),
            "current_square": np.zeros(m),
            "above_bins": np.zeros(m, dtype=np.int32), "episodes": np.zeros(m),
            "below_bins": np.zeros(m, dtype=np.int32),
        }

    def forget(self, services: npt.NDArray[np.intp]) -> None:
        for name, array in self.state.items():
            array[services] = _FIRST_V if name == "median_v" else 0

    def step(
        self, residual_v: npt.NDArray[np.float64], x_a: npt.NDArray[np.float64], is_judged: npt.NDArray[np.bool_], threshold: float
    ) -> npt.NDArray[np.float64]:
        """The ratio of each service; counts in ``above_bins`` and ``below_bins`` how long it has been on either side,
        and in ``episodes`` how often for ``over_bins``."""
        state = self.state
        is_new = np.isfinite(residual_v)
        size_v = np.where(is_new, np.abs(residual_v), 0.0)
        is_learning = is_new & ~is_judged
        followed_v = state["median_v"] * np.where(size_v > state["median_v"], _FOLLOW, 1.0 / _FOLLOW)
        np.copyto(state["median_v"], np.maximum(followed_v, _LEAST_V), where=is_learning)
        square = np.minimum(size_v, _CLIP * _NORMAL * state["median_v"]) ** 2
        state["seen"] += is_learning
        state["base"] += np.where(is_learning, (square - state["base"]) / np.clip(state["seen"], 1.0, _LEARN_BINS), 0.0)
        state["now"] += np.where(is_new, (square - state["now"]) / self._over, 0.0)
        state["rough"] += np.where(is_new, (np.minimum(size_v, _MOST_V) ** 2 - state["rough"]) / self._over, 0.0)
        state["current_square"] += np.where(is_new, (np.nan_to_num(x_a) ** 2 - state["current_square"]) / self._over, 0.0)
        is_known = is_judged & (state["base"] > 0.0)
        ratio: npt.NDArray[np.float64] = np.divide(state["now"], state["base"], out=np.zeros_like(state["now"]), where=is_known)
        for feeder in self._feeders:        # what shakes everybody is no contact of one of them
            ratio[feeder] /= max(1.0, float(np.median(ratio[feeder])))
        is_above = (ratio > threshold) & (state["current_square"] >= _LEAST_CURRENT_A**2)
        is_above &= state["rough"] >= _LEAST_OHM**2 * state["current_square"]
        state["above_bins"] = np.where(is_above, state["above_bins"] + is_new, np.where(is_new, 0, state["above_bins"])).astype(np.int32)
        is_episode = is_above & is_new & (state["above_bins"] % round(self._over) == 0)
        state["episodes"] += is_episode - state["episodes"] * is_new * self._forget
        is_below = ratio < 0.5 * threshold
        state["below_bins"] = np.where(is_below, state["below_bins"] + is_new, np.where(is_new, 0, state["below_bins"])).astype(np.int32)
        return ratio
