"""Values against a band, with delays and hysteresis: one call for all phases of all meters at a tick.

Kernel because it runs over every phase each tick: 3000 phases take microseconds, the plain twin milliseconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("band")

NOTHING, BEGAN_LOW, BEGAN_HIGH, ENDED, DEEPENED = 0, 1, 2, 3, 4
DEAD = -2  # the value of ``side`` once a low value has been below the dead limit


def update_band(
    value: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64], limits: npt.NDArray[np.float64],
    seen_ms: npt.NDArray[np.int64], since_ms: npt.NDArray[np.int64], begun_ms: npt.NDArray[np.int64],
    side: npt.NDArray[np.int8], pending: npt.NDArray[np.int8], code: npt.NDArray[np.int8],
    begin_delay_ms: int, end_delay_ms: int, max_gap_ms: int,
) -> int:
    """Take the values that are new (``taken_ms`` differs from ``seen_ms``) and say what began, deepened or ended.

    Args:
        value, taken_ms: shape (n,), the values and when they were taken; NaN and times below 0 are skipped.
        limits: shape (5, n): low, high, where low and high end again, dead (first row NaN = not judged). A value on a limit is inside.
        seen_ms, since_ms, begun_ms, side, pending: shape (n,), state, changed in place. ``side`` is DEAD, -1 low, 0 inside, 1 high;
            ``begun_ms`` is when the condition that is on, or ended now, began.
        code: shape (n,), NOTHING, BEGAN_LOW, BEGAN_HIGH, ENDED or DEEPENED (a low value fell below dead) for each element.
        max_gap_ms: a delay does not count across a longer pause between two values, nor across a clock that was set back.
    Returns:
        How many codes are not NOTHING.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = value.shape[0]
    if limits.shape != (5, n) or any(array.shape != (n,) for array in (taken_ms, seen_ms, since_ms, begun_ms, side, pending, code)):
        raise ValueError(f"arrays must have {n} elements, limits (5, {n})")
    if value.dtype != np.float64 or limits.dtype != np.float64 or any(array.dtype != np.int8 for array in (side, pending, code)):
        raise ValueError("value and limits must be float64 elements, side, pending and code int8")
    if any(array.dtype != np.int64 for array in (taken_ms, seen_ms, since_ms, begun_ms)):
        raise ValueError("times must be int64 elements")
    changed: int = _kernel.update_band(
        value, taken_ms, limits, seen_ms, since_ms, begun_ms, side, pending, code, begin_delay_ms, end_delay_ms, max_gap_ms
    )
    return changed
