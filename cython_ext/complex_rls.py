"""Recursive least squares of one complex coefficient with its standard error: ``y = z x`` for each element, older steps forgotten.

Kernel because an area brings three phases and their sum for each three-phase place. It is the information form: the energy of what was
accepted, not its inverse, so nothing winds up in a night without steps.
Source: exponentially weighted least squares, e.g. Haykin, Adaptive Filter Theory; clipping as in detection.md section 1, method B.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("complex_rls")

CLIPPED_FROM_WEIGHT = 5.0      # fewer steps do not say what a usual residual is


def update_complex_rls(
    y: npt.NDArray[np.complex128], x: npt.NDArray[np.complex128], z: npt.NDArray[np.complex128], energy: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64], squares: npt.NDArray[np.float64], *, least_x: float, keep: float, clip: float, noise: float,
) -> int:
    """Take one step of each element whose ``|x|`` is above ``least_x``.

    Args:
        y, x: shape (n,), what is explained and what explains it; elements that are no finite number are skipped.
        z, energy, weight, squares: shape (n,), state, changed in place, all 0 at first: the coefficient, the forgotten sums of ``|x|^2``,
            of 1 and of the squared residuals. Without clipping they are those of weighted least squares to rounding.
        least_x: steps up to this size say nothing.
        keep: how much of the sums each accepted step keeps, above 0, at most 1.
        clip: a residual acts on ``z`` with at most this many standard deviations; it enters ``squares`` whole.
        noise: least standard deviation of a residual, so that perfect data are not clipped for ever.
    Returns:
        How many elements took a step.
    Raises:
        ValueError: shapes or types do not fit, or a parameter is outside its range.
    """
    n = y.shape[0]
    if any(array.shape != (n,) for array in (x, z, energy, weight, squares)):
        raise ValueError(f"all arrays must have {n} elements")
    if any(array.dtype != np.complex128 for array in (y, x, z)) or any(array.dtype != np.float64 for array in (energy, weight, squares)):
        raise ValueError("y, x and z must be complex128 elements, the sums float64")
    if not (least_x >= 0 and 0 < keep <= 1 and clip > 0 and noise > 0):
        raise ValueError("least_x must not be negative, keep must be in (0, 1], clip and noise above 0")
    taken: int = _kernel.update_complex_rls(
        y.view(np.float64), x.view(np.float64), z.view(np.float64), energy, weight, squares, least_x, keep, clip, noise
    )
    return taken


def standard_error(
    energy: npt.NDArray[np.float64], weight: npt.NDArray[np.float64], squares: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Of ``|z|``; infinite where there are not yet two steps."""
    known = (weight > 1.0) & (energy > 0.0)
    result = np.full(len(weight), np.inf)
    result[known] = np.sqrt(squares[known] / (weight[known] - 1.0) / energy[known])
    return result
