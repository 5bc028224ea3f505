"""How finely a meter shows what it measures: the step of each of its registers, from its profile."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_profiles.schema import Profile

_FLOATS = ("f32", "f64")


def resolution_of(profile: Profile) -> dict[str, float]:
    """Column -> step in SI units; columns with a float for a register are missing: nothing is rounded there."""
    return {
        point.column: float(point.scale * point.si_factor) for point in profile.points
        if point.column is not None and point.type not in _FLOATS
    }


def rounded(values: npt.NDArray[np.float64], steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``values`` to the nearest multiple of ``steps`` (same shape); a step of 0 leaves a value as it is."""
    found: npt.NDArray[np.float64] = np.where(steps > 0.0, np.round(values / np.where(steps > 0.0, steps, 1.0)) * steps, values)
    return found
