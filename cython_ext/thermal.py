"""The thermal image of conductors: how warm past currents have left each one, against its rating.

Kernel because each phase of each meter needs an exponential for each new value.
Source: IEC 60255-149, thermal electrical relays; difference form exact for a constant current within a step.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("thermal")

NOTHING, COOLED, WARNED, ALARMED = 0, 1, 2, 3


def update_thermal(
    current_a: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64], reference_a: npt.NDArray[np.float64],
    heat: npt.NDArray[np.float64], seen_ms: npt.NDArray[np.int64], level: npt.NDArray[np.int8], code: npt.NDArray[np.int8],
    tau_s: float, max_gap_s: float, thresholds: tuple[float, float, float],
) -> int:
    """Take the currents that are new (``taken_ms`` differs from ``seen_ms``).

    ``heat <- heat + ((I / I_ref)^2 - heat) (1 - exp(-dt / tau))``; the new current acts over the whole step dt, at most ``max_gap_s``.

    Args:
        current_a, taken_ms: shape (n,); currents that are no finite number and times below 0 are skipped.
        reference_a: shape (n,), NaN = no rating, not judged.
        heat, seen_ms, level: shape (n,), state, changed in place; heat 1.0 is the steady state at I_ref; level 0, 1 (warm), 2 (hot).
        code: shape (n,), NOTHING, COOLED, WARNED or ALARMED where the level changed.
        thresholds: where it ends, warns and alarms, rising; an alarm falls back to a warning below the warning threshold.
    Returns:
        How many codes are not NOTHING.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = current_a.shape[0]
    if any(array.shape != (n,) for array in (taken_ms, reference_a, heat, seen_ms, level, code)):
        raise ValueError(f"all arrays must have {n} elements")
    if any(array.dtype != np.float64 for array in (current_a, reference_a, heat)):
        raise ValueError("current_a, reference_a and heat must be float64 elements")
    if any(array.dtype != np.int64 for array in (taken_ms, seen_ms)) or any(array.dtype != np.int8 for array in (level, code)):
        raise ValueError("times must be int64 elements, level and code int8")
    changed: int = _kernel.update_thermal(current_a, taken_ms, reference_a, heat, seen_ms, level, code, tau_s, max_gap_s, *thresholds)
    return changed
