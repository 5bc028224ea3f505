"""Means of readings over time bins (a minute), for all elements in one call, with the step of the register learned on the way.

Kernel because it runs over every phase at each tick. Means put readings of different seconds side by side: a step of voltage and the step
of current that made it may be read some seconds apart (detection.md section 11).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("bin_means")

N_TIMES, N_FIGURES = 3, 5
SEEN_MS, BIN, CLOSED_BIN = range(N_TIMES)                             # rows of ``times``
TOTAL, COUNT, CLOSED_MEAN, LAST, REGISTER_STEP = range(N_FIGURES)     # rows of ``figures``
NO_BIN = -1


def empty_bins(n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """``times`` and ``figures`` of elements without a reading."""
    figures = np.zeros((N_FIGURES, n))
    figures[LAST], figures[REGISTER_STEP] = np.nan, np.inf
    return np.full((N_TIMES, n), NO_BIN, dtype=np.int64), figures


def update_bin_means(
    value: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64], times: npt.NDArray[np.int64], figures: npt.NDArray[np.float64],
    *, bin_ms: int, back_bins: int,
) -> int:
    """Take the readings that are new (``taken_ms`` differs from the last seen) into the bin ``taken_ms // bin_ms``.

    A bin closes when a reading of a later one arrives; the open and the last closed bin are kept. A reading of an earlier bin than the
    open one is dropped; one that is more than ``back_bins`` earlier means that the clock was set back: the element begins anew.

    Args:
        value, taken_ms: shape (n,); values that are no finite number and times below 0 are skipped.
        times: shape (N_TIMES, n), state.
        figures: shape (N_FIGURES, n), state; REGISTER_STEP is the smallest difference above 1e-6 between successive readings.
    Returns:
        How many readings were new.
    Raises:
        ValueError: shapes or types do not fit.
    """
    n = value.shape[0]
    if taken_ms.shape != (n,) or times.shape != (N_TIMES, n) or figures.shape != (N_FIGURES, n):
        raise ValueError(f"times must have ({N_TIMES}, {n}) elements, figures ({N_FIGURES}, {n}), taken_ms {n}")
    if value.dtype != np.float64 or figures.dtype != np.float64 or taken_ms.dtype != np.int64 or times.dtype != np.int64:
        raise ValueError("value and figures must be float64 elements, times int64")
    if bin_ms < 1 or back_bins < 1:
        raise ValueError("bin_ms and back_bins must be at least 1")
    new: int = _kernel.update_bin_means(value, taken_ms, times, figures, bin_ms, back_bins)
    return new


def means_of(number: int, times: npt.NDArray[np.int64], figures: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of bin ``number`` of each element, shape (n,), NaN where it has none or an older one than is kept."""
    open_mean = figures[TOTAL] / np.maximum(figures[COUNT], 1.0)
    found: npt.NDArray[np.float64] = np.where(
        times[BIN] == number, open_mean, np.where(times[CLOSED_BIN] == number, figures[CLOSED_MEAN], np.nan)
    )
    return found
