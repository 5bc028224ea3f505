"""Means over whole minutes of what meters give at any pace: one call for all elements at a tick.

Kernel because it runs over every phase each tick, whatever a detector does with the minutes: 4000 elements take 15 us, with numpy 150 us.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("minute_means")

MINUTE_MS = 60_000


def update_minutes(
    power_w: npt.NDArray[np.float64], reactive_var: npt.NDArray[np.float64], voltage_v: npt.NDArray[np.float64],
    taken_ms: npt.NDArray[np.int64], judged: npt.NDArray[np.int8],
    seen_ms: npt.NDArray[np.int64], first_ms: npt.NDArray[np.int64], count: npt.NDArray[np.int32], sums: npt.NDArray[np.float64],
    means: npt.NDArray[np.float64], mean_ms: npt.NDArray[np.int64], done: npt.NDArray[np.int8],
) -> int:
    """Take the values that are new (``taken_ms`` differs from ``seen_ms``); a minute is done when a value of a later one arrives.

    Args:
        power_w, reactive_var, voltage_v, taken_ms: shape (n,). A power that is not finite and times below 0 are skipped; a reactive
            power or voltage that is not there makes only its own mean NaN.
        judged: shape (n,), 0 = element is left out.
        seen_ms, first_ms, count: shape (n,), sums: shape (3, n), state, changed in place. A clock that is set back drops the minute.
        means: shape (3, n): power, reactive power, voltage of the minute done. mean_ms: shape (n,), when its first value was taken.
        done: shape (n,), 1 where a minute was done at this call.
    Returns:
        How many minutes were done.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = power_w.shape[0]
    rows = (reactive_var, voltage_v, taken_ms, judged, seen_ms, first_ms, count, mean_ms, done)
    if sums.shape != (3, n) or means.shape != (3, n) or any(array.shape != (n,) for array in rows):
        raise ValueError(f"arrays must have {n} elements, sums and means (3, {n})")
    if any(array.dtype != np.float64 for array in (power_w, reactive_var, voltage_v, sums, means)):
        raise ValueError("powers, voltages, sums and means must be float64 elements")
    if any(array.dtype != np.int64 for array in (taken_ms, seen_ms, first_ms, mean_ms)) or count.dtype != np.int32:
        raise ValueError("times must be int64 elements, count int32")
    if judged.dtype != np.int8 or done.dtype != np.int8:
        raise ValueError("judged and done must be int8 elements")
    finished: int = _kernel.update_minutes(
        power_w, reactive_var, voltage_v, taken_ms, judged, seen_ms, first_ms, count, sums, means, mean_ms, done
    )
    return finished
