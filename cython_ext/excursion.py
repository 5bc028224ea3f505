"""Values that rise above their own recent level and stay there: new leakage, where a fixed limit would be far away.

Level and spread are exponential means over the last ``tau_s``, frozen while a value is above. Kernel because it runs over every meter each
tick.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("excursion")
NOTHING, ROSE, FELL = 0, 1, 2


def update_excursion(
    value: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64], seen_ms: npt.NDArray[np.int64], level: npt.NDArray[np.float64],
    variance: npt.NDArray[np.float64], learned_s: npt.NDArray[np.float64], since_ms: npt.NDArray[np.int64],
    begun_ms: npt.NDArray[np.int64], side: npt.NDArray[np.int8], pending: npt.NDArray[np.int8], code: npt.NDArray[np.int8],
    *, floor: float, factor: float, release: float, tau_s: float, warm_s: float, delay_ms: int, max_gap_ms: int,
) -> int:
    """Take the values that are new and say which rose above their level, or fell back to it.

    Args:
        value, taken_ms: shape (n,); not finite values and times below 0 are skipped.
        seen_ms, level, variance, learned_s, since_ms, begun_ms, side, pending: shape (n,), state; ``side`` is 1 while a value is above,
            ``begun_ms`` when that began. Start with -1 in the times and 0 elsewhere.
        code: shape (n,), NOTHING, ROSE or FELL.
        floor, factor: a value is above where it exceeds the level by more than max(floor, factor * spread); ``release`` times that ends it.
        warm_s: nothing rises before this much was learned. ``delay_ms``: for so long, and at least two values.
        max_gap_ms: after a longer pause the level is learned anew, unless the value is above; no delay counts across it, nor across a
            clock that was set back.
    Returns:
        How many codes are not NOTHING.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = value.shape[0]
    floats, times, flags = (value, level, variance, learned_s), (taken_ms, seen_ms, since_ms, begun_ms), (side, pending, code)
    if any(array.shape != (n,) for array in (*floats, *times, *flags)):
        raise ValueError(f"all arrays must have {n} elements")
    if any(array.dtype != np.float64 for array in floats) or any(array.dtype != np.int64 for array in times):
        raise ValueError("values, level, variance and learned_s must be float64 elements, times int64")
    if any(array.dtype != np.int8 for array in flags):
        raise ValueError("side, pending and code must be int8 elements")
    changed: int = _kernel.update_excursion(
        value, taken_ms, seen_ms, level, variance, learned_s, since_ms, begun_ms, side, pending, code, floor, factor, release, tau_s,
        warm_s, delay_ms, max_gap_ms,
    )
    return changed
