"""The slope of voltage steps over current steps with its standard error, robust, for all elements in one call.

Kernel because each step of each meter has several dependent updates. The slope of a stretch of time follows from sums that are
added up over any number of stretches (``slope_of``), so that windows of every length cost nothing more.
Source: detection.md section 1, method A (Huber weights, k = 1.5); the error sum is the sandwich of H. White, Econometrica 48 (1980).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("impedance")

N_SUMS = 7                              # rows of ``sums``
COUNT, XX, XY, YY, X4, X3Y, X2Y2 = range(N_SUMS)


def update_impedance(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], x_min: npt.NDArray[np.float64],
    centre: npt.NDArray[np.float64], scale: npt.NDArray[np.float64], sums: npt.NDArray[np.float64],
    *, memory_steps: float, scale_step: float, scale_min: float,
) -> int:
    """Take one step (x, y) of each element; the model is ``y = -R x``. Not finite or ``|x| < x_min``: skipped.

    The weight comes from the residual against the slope of the steps before, so that one large step cannot excuse itself. It
    is 1 up to 2.22 times the median residual (1.5 standard deviations of a normal one), beyond that falls as 1 / |residual|. The median
    is followed by a factor ``1 + scale_step`` up or down each step: after a change it is right again within some tens of steps.

    Args:
        x, y: shape (n,), steps of current and of voltage.
        x_min: shape (n,).
        centre: shape (2, n), state: sums of w x x and -w x y that forget with ``memory_steps``; their ratio is the slope for residuals.
        scale: shape (n,), state: the median of |residual|, at least ``scale_min``; begin with a rough guess.
        sums: shape (N_SUMS, n), added to: count, w x x, -w x y, w y y, w w x x x x, -w w x x x y, w w x x y y. The caller takes and
            clears them.
    Returns:
        How many steps were accepted.
    Raises:
        ValueError: shapes or types do not fit, or a constant is out of its range.
    """
    n = x.shape[0]
    if centre.shape != (2, n) or sums.shape != (N_SUMS, n) or any(array.shape != (n,) for array in (y, x_min, scale)):
        raise ValueError(f"centre must have (2, {n}) elements, sums ({N_SUMS}, {n}), the others {n}")
    if any(array.dtype != np.float64 for array in (x, y, x_min, centre, scale, sums)):
        raise ValueError("all arrays must be float64 elements")
    if memory_steps < 1.0 or scale_step <= 0.0 or scale_min <= 0.0:
        raise ValueError("memory_steps must be at least 1, scale_step and scale_min above 0")
    accepted: int = _kernel.update_impedance(x, y, x_min, centre, scale, sums, 1.0 - 1.0 / memory_steps, 1.0 + scale_step, scale_min)
    return accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """``r`` and ``se`` have the shape of ``sums`` without its first axis; NaN where fewer than three steps say nothing."""

    r: npt.NDArray[np.float64]
    se: npt.NDArray[np.float64]
    count: npt.NDArray[np.float64]


def slope_of(sums: npt.NDArray[np.floating]) -> Slope:
    """The slope of stretches with the larger of two standard errors: of equal variances, and of the sandwich.

    Residuals are those against the stretch's own slope. Where few large steps carry it, it fits them too well: both variances are taken
    times m / (m - 1), where m = (sum w x x)^2 / sum (w x x)^2 is how many steps of equal size would say as much; infinite for m = 1.

    Args:
        sums: shape (N_SUMS, ...), added up over what is to be judged.
    """
    count, xx = sums[COUNT], sums[XX]
    is_known = (count >= 3) & (xx > 0.0)
    safe_xx, safe_count = np.where(is_known, xx, 1.0), np.where(is_known, count, 3.0)
    r = sums[XY] / safe_xx
    plain = np.maximum(sums[YY] - r * sums[XY], 0.0) / (safe_count - 1.0) / safe_xx
    sandwich = np.maximum(sums[X2Y2] - 2.0 * r * sums[X3Y] + r * r * sums[X4], 0.0) / (safe_xx * safe_xx)
    alone = np.minimum(sums[X4] / (safe_xx * safe_xx), 1.0)          # 1 / m
    with np.errstate(divide="ignore", invalid="ignore"):
        se = np.sqrt(np.maximum(plain, sandwich) / (1.0 - alone))
    is_alone = is_known & (alone >= 1.0)
    return Slope(r=np.where(is_known, r, np.nan), se=np.where(is_known, np.where(is_alone, np.inf, se), np.nan), count=np.asarray(count))
