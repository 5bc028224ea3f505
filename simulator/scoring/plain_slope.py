"""The baseline beside the detection of joints: a least-squares slope for each day, without reference, weights or error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MIN_STEPS = 20


def slope_ohm(voltage_v: npt.NDArray[np.float64], current_a: npt.NDArray[np.float64], x_min_a: float) -> float:
    """Of voltage steps over current steps larger than ``x_min_a``, positive for a drop; NaN with fewer than 20 of them."""
    x, y = np.diff(current_a), np.diff(voltage_v)
    is_kept = np.isfinite(x) & np.isfinite(y) & (np.abs(x) > x_min_a)
    if is_kept.sum() < _MIN_STEPS:
        return float("nan")
    return float(-(x[is_kept] @ y[is_kept]) / (x[is_kept] @ x[is_kept]))


def daily_rises(
    voltage_v: npt.NDArray[np.float64], current_a: npt.NDArray[np.float64], *, x_min_a: float, steps_per_day: int, rise_ohm: float,
) -> list[int]:
    """Days, counted from 0, whose slope is more than ``rise_ohm`` above that of the first two days."""
    base = slope_ohm(voltage_v[: 2 * steps_per_day], current_a[: 2 * steps_per_day], x_min_a)
    days = [
        slope_ohm(voltage_v[first : first + steps_per_day], current_a[first : first + steps_per_day], x_min_a)
        for first in range(0, len(voltage_v), steps_per_day)
    ]
    return [day for day, slope in enumerate(days) if day >= 2 and slope - base > rise_ohm]
