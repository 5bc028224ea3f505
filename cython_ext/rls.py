"""Recursive least squares of two parameters, for all elements in one call: y = a x1 + b x2.

Kernel because it runs for each new value of each meter; one step costs some 15 ns, a loop in numpy a thousand times that.
Source: detection.md section 1, method B; L. Ljung, System Identification, 2nd ed., section 11.2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("rls")


def update_rls(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], x_min: npt.NDArray[np.float64],
    theta: npt.NDArray[np.float64], covariance: npt.NDArray[np.float64], variance: npt.NDArray[np.float64],
    *, forgetting: float, covariance_max: float, clip_sigma: float,
) -> int:
    """Take one step of each element; a step that is not finite or has ``|x1| <= x_min`` is skipped.

    The error is clipped at ``clip_sigma`` standard deviations of past errors, so that a single bad step moves little. Without steps of
    one regressor its covariance would grow for ever (``1 / forgetting`` each step): it is capped, the correlation is kept.

    Args:
        x: shape (2, n), the two regressors (for an impedance: steps of active and of reactive current).
        y: shape (n,), for an impedance the fall of the voltage.
        x_min: shape (n,).
        theta: shape (2, n), state: the estimates.
        covariance: shape (3, n), state: P11, P12, P22; begin with ``covariance_max``, 0, ``covariance_max`` or less.
        variance: shape (n,), state: of the error; above 0.
        forgetting: 1 - 1/N for a memory of N accepted steps.
    Returns:
        How many steps were accepted.
    Raises:
        ValueError: shapes or types do not fit, or a constant is out of its range.
    """
    n = y.shape[0]
    if x.shape != (2, n) or theta.shape != (2, n) or covariance.shape != (3, n) or x_min.shape != (n,) or variance.shape != (n,):
        raise ValueError(f"x and theta must have (2, {n}) elements, covariance (3, {n}), the others {n}")
    if any(array.dtype != np.float64 for array in (x, y, x_min, theta, covariance, variance)):
        raise ValueError("all arrays must be float64 elements")
    if not 0.0 < forgetting <= 1.0 or covariance_max <= 0.0 or clip_sigma <= 0.0:
        raise ValueError("0 < forgetting <= 1 must hold, covariance_max and clip_sigma must be above 0")
    accepted: int = _kernel.update_rls(x, y, x_min, theta, covariance, variance, forgetting, covariance_max, clip_sigma)
    return accepted
