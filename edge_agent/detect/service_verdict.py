"""Whether a slope has risen against its baseline, since when and how surely: for all services at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.impedance import Slope
from edge_agent.detect.service_windows import SlopeWindows

_MIN_STEPS = 10               # fewer steps have no standard error worth the name
_BLOCK_STEPS = 3
_NO_NOISE = 0.002             # of a window, so that a few steps that happen to agree do not win
_PRECISE_OHM, _PRECISE_SHARE = 0.012, 0.05
DAY_BLOCKS = 8                # of 14: two thirds of a day and more; what ends a condition


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rise:
    """Shape (m,) each. NaN or 0 where nothing is known.

    ``rise``: of the window in which it is clearest, against the baseline. ``se``: of the window, the baseline and ``spread`` together.
    ``blocks``: how many blocks the window has, ``supports``: how many of them show at least half of ``threshold`` by themselves.
    ``rise_now``: of the shortest window, within that of ``rise``, that is precise enough: what has grown is not averaged away.
    ``day_most``: the rise of the last ``DAY_BLOCKS`` blocks cannot be larger (two standard errors), infinite where too few steps say so.
    """

    rise: npt.NDArray[np.float64]
    rise_now: npt.NDArray[np.float64]
    se: npt.NDArray[np.float64]
    z: npt.NDArray[np.float64]
    blocks: npt.NDArray[np.intp]
    steps: npt.NDArray[np.float64]
    supports: npt.NDArray[np.intp]
    day_most: npt.NDArray[np.float64]


def rise_of(
    windows: SlopeWindows, base: Slope, *, spread: npt.NDArray[np.float64], threshold: float, blocks: npt.NDArray[np.intp] | None = None,
) -> Rise:
    """The window with the largest likelihood of a rise ``(r - r0)^2 / se^2``: it begins where the change was. Or that of ``blocks``."""
    last, each = windows.last(), windows.each()
    rise = last.r - base.r
    is_fit = (last.count >= _MIN_STEPS) & np.isfinite(rise) & np.isfinite(last.se)
    likelihood = np.where(is_fit, np.sign(rise) * rise * rise / (last.se**2 + _NO_NOISE**2), -np.inf)
    window = likelihood.argmax(axis=0) if blocks is None else np.maximum(blocks - 1, 0)
    at = window[None]

    def chosen(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found: npt.NDArray[np.float64] = np.take_along_axis(values, at, axis=0)[0]
        return found

    is_known = chosen(is_fit.astype(float)) > 0
    best = np.where(is_known, chosen(rise), np.nan)
    se = np.sqrt(chosen(last.se) ** 2 + base.se**2 + spread**2)
    is_support = (each.count >= _BLOCK_STEPS) & (each.r - base.r > 0.5 * threshold)
    is_inside = np.arange(len(each.r))[:, None] <= at
    day_se = np.sqrt(last.se[DAY_BLOCKS - 1] ** 2 + base.se**2)
    is_day = last.count[DAY_BLOCKS - 1] >= _MIN_STEPS
    is_precise = is_fit & is_inside & (last.se <= np.maximum(_PRECISE_OHM, _PRECISE_SHARE * rise))
    first = np.where(is_precise.any(axis=0), is_precise.argmax(axis=0), window)
    rise_now = np.where(is_known, np.take_along_axis(rise, first[None], axis=0)[0], np.nan)
    return Rise(
        rise=best, rise_now=rise_now, se=se, z=np.where(is_known, best / se, 0.0),
        blocks=np.where(is_known, window + 1, 0), steps=chosen(last.count),
        supports=(is_support & is_inside).sum(axis=0), day_most=np.where(is_day, rise[DAY_BLOCKS - 1] + 2.0 * day_se, np.inf),
    )
