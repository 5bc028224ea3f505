"""Steps of power by the difference of two medians, before and after: one call for all elements at a tick.

Kernel because it runs over every phase each tick: 4000 elements take 0.2 ms, the plain twin half a second.
Source: detection.md 6.1: d = med(P[t..t+w)) - med(P[t-w..t)) with w = 3; Hart 1992 for steady states.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("median_step")

WIDTH = 3                    # samples on each side
RING = 2 * WIDTH
# rows of ``change`` and of the state ``at``
BEFORE_W, AFTER_W, BEFORE_VAR, AFTER_VAR = 0, 1, 2, 3
NOTHING, ROSE, FELL = 0, 1, -1


def update_steps(
    power_w: npt.NDArray[np.float64], reactive_var: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64],
    least_w: npt.NDArray[np.float64],
    ring_w: npt.NDArray[np.float64], ring_var: npt.NDArray[np.float64], ring_ms: npt.NDArray[np.int64], filled: npt.NDArray[np.int32],
    side: npt.NDArray[np.int8], at_ms: npt.NDArray[np.int64], noise_w: npt.NDArray[np.float64],
    change: npt.NDArray[np.float64], code: npt.NDArray[np.int8],
    share: float, spreads: float, max_gap_ms: int,
) -> int:
    """Take the values that are new and say which steps are over.

    A step begins when the medians differ by more than ``least_w``, ``spreads`` times the noise and ``share`` of the power; it is over,
    and told, when they differ by that no more, or the other way. Two steps less than three samples apart and of one sign are one.

    Args:
        power_w, reactive_var, taken_ms: shape (n,); a power that is not finite and times below 0 are skipped; a reactive power may be NaN.
        least_w: shape (n,), NaN = not judged.
        ring_w, ring_var, ring_ms: shape (n, RING), filled: shape (n,) int32, the last values, the newest last; state. A pause longer than
            ``max_gap_ms`` or a clock that was set back empties them.
        side, at_ms, noise_w: shape (n,), state: 0 or the sign of the step that is on; its first sample; noise (mean of what lies between
            neighbouring samples, a step's own left out).
        change: shape (4, n): power and reactive power before (rows BEFORE_W, BEFORE_VAR) and after the step; the rows before are state.
        code: shape (n,), NOTHING, ROSE or FELL.
    Returns:
        How many codes are not NOTHING.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = power_w.shape[0]
    if any(ring.shape != (n, RING) for ring in (ring_w, ring_var, ring_ms)) or change.shape != (4, n):
        raise ValueError(f"rings must be ({n}, {RING}), change (4, {n})")
    if any(array.shape != (n,) for array in (reactive_var, taken_ms, least_w, filled, side, at_ms, noise_w, code)):
        raise ValueError(f"arrays must have {n} elements")
    if any(array.dtype != np.float64 for array in (power_w, reactive_var, least_w, ring_w, ring_var, noise_w, change)):
        raise ValueError("powers, limits and noise must be float64 elements")
    if any(array.dtype != np.int64 for array in (taken_ms, ring_ms, at_ms)) or filled.dtype != np.int32:
        raise ValueError("times must be int64 elements, filled int32")
    if side.dtype != np.int8 or code.dtype != np.int8:
        raise ValueError("side and code must be int8 elements")
    changed: int = _kernel.update_steps(
        power_w, reactive_var, taken_ms, least_w, ring_w, ring_var, ring_ms, filled, side, at_ms, noise_w, change, code,
        share, spreads, max_gap_ms,
    )
    return changed
