"""Temperature of conductors: the first-order thermal image in degrees, with the resistance that rises as the copper warms.

Kernel because each phase of each meter needs an exponential for each new value.
Source: IEC 60287 for the steady state, IEC 60853 for the time constant. The equation is linear in the temperature, so a step is exact for
a constant current, whatever its length, up to some 2.7 times the rating, where a conductor would run away.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("conductor")

NOTHING, COOLED, WARNED, ALARMED = 0, 1, 2, 3


def update_conductor(
    current_a: npt.NDArray[np.float64], ambient_cel: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64],
    rated_a: npt.NDArray[np.float64], conductor_cel: npt.NDArray[np.float64], seen_ms: npt.NDArray[np.int64],
    level: npt.NDArray[np.int8], code: npt.NDArray[np.int8], *,
    tau_s: float, max_gap_s: float, rated_cel: float, rated_ambient_cel: float, alpha20: float, thresholds_cel: tuple[float, float, float],
) -> int:
    """Take the currents that are new (``taken_ms`` differs from ``seen_ms``).

    With the conductor at theta, ``tau theta' = ambient + (rated - rated ambient) (I / I_z)^2 (1 + alpha20 (theta - 20)) / (1 + alpha20
    (rated - 20)) - theta`` over the step that ends with the reading, at most ``max_gap_s``.

    Args:
        current_a, ambient_cel, taken_ms: shape (n,); what is no finite number and times below 0 are skipped.
        rated_a: shape (n,), NaN or not above 0 = no rating, not judged. At it and the rated ambient the conductor ends at ``rated_cel``.
        conductor_cel, seen_ms, level: shape (n,), state, changed in place; NaN = not known, then it starts at the ambient.
        code: shape (n,), NOTHING, COOLED, WARNED or ALARMED where the level changed.
        thresholds_cel: where it ends, warns and alarms, rising; an alarm falls back to a warning below the warning threshold.
    Returns:
        How many codes are not NOTHING.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = current_a.shape[0]
    if any(array.shape != (n,) for array in (ambient_cel, taken_ms, rated_a, conductor_cel, seen_ms, level, code)):
        raise ValueError(f"all arrays must have {n} elements")
    if any(array.dtype != np.float64 for array in (current_a, ambient_cel, rated_a, conductor_cel)):
        raise ValueError("current_a, ambient_cel, rated_a and conductor_cel must be float64 elements")
    if any(array.dtype != np.int64 for array in (taken_ms, seen_ms)) or any(array.dtype != np.int8 for array in (level, code)):
        raise ValueError("times must be int64 elements, level and code int8")
    constants = (tau_s, max_gap_s, rated_cel, rated_ambient_cel, alpha20, *thresholds_cel)
    changed: int = _kernel.update_conductor(current_a, ambient_cel, taken_ms, rated_a, conductor_cel, seen_ms, level, code, *constants)
    return changed
