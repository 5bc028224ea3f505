"""The plain way to classify series that published figures are given for: the class of the nearest one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_PAIRS_AT_ONCE = 8192       # rows of 64 KiB: they stay in the cache


def resampled(series: Sequence[Floats], points: int) -> Floats:
    """Shape (cases, points): each linearly resampled, its mean 0 and its deviation 1; a constant one is all 0."""
    result = np.empty((len(series), points))
    for row, values in zip(result, series, strict=True):
        at = np.arange(len(values))
        known = ~np.isnan(values)
        row[:] = np.interp(np.linspace(0, len(values) - 1, points), at[known], values[known])
    result -= result.mean(axis=1, keepdims=True)
    deviation = result.std(axis=1, keepdims=True)
    scaled: Floats = np.divide(result, deviation, out=np.zeros_like(result), where=deviation > 1e-12)
    return scaled


def first_points(series: Sequence[Floats], points: int) -> Floats:
    """Shape (cases, points): as they stand, NaN bridged along a line; a shorter one goes on with its median."""
    result = np.empty((len(series), points))
    for row, values in zip(result, series, strict=True):
        at = np.arange(len(values))
        known = ~np.isnan(values)
        row[:] = np.median(values[known])
        row[: len(values)] = np.interp(at, at[known], values[known])[:points]
    return result


def euclidean(rows: Floats) -> Floats:
    """Shape (n, n), squared distances of all pairs."""
    squares = (rows**2).sum(axis=1)
    result: Floats = np.maximum(squares[:, np.newaxis] + squares - 2.0 * rows @ rows.T, 0.0)
    return result


def warped(rows: Floats, band: int) -> Floats:
    """Shape (n, n), squared dynamic time warping distances of all pairs, at most ``band`` points apart (Sakoe and Chiba 1978)."""
    left, right = np.triu_indices(len(rows), 1)
    found = np.empty(len(left))
    for begin in range(0, len(left), _PAIRS_AT_ONCE):
        part = slice(begin, begin + _PAIRS_AT_ONCE)
        found[part] = _warp(np.ascontiguousarray(rows[left[part]].T), np.ascontiguousarray(rows[right[part]].T), band)
    result = np.zeros((len(rows), len(rows)))
    result[left, right] = found
    return result + result.T


def nearest_answers(distance: Floats, labels: npt.NDArray[np.str_], fold: npt.NDArray[np.intp]) -> npt.NDArray[np.str_]:
    """For each case the class of the nearest one in another fold."""
    allowed = np.where(fold[:, np.newaxis] == fold, np.inf, distance)
    answers: npt.NDArray[np.str_] = labels[allowed.argmin(axis=1)]
    return answers


def _warp(a: Floats, b: Floats, band: int) -> Floats:
    """``a``, ``b``: shape (points, pairs)."""
    points, pairs = a.shape
    before, now = np.full((points + 1, pairs), np.inf), np.full((points + 1, pairs), np.inf)
    before[0] = 0.0
    cost = np.empty(pairs)
    for i in range(points):
        first = max(0, i - band)
        now[first] = np.inf                 # left of the band; right of it nothing was written yet
        for j in range(first, min(points, i + band + 1)):
            np.subtract(a[i], b[j], out=cost)
            np.multiply(cost, cost, out=cost)
            np.minimum(before[j], before[j + 1], out=now[j + 1])
            np.minimum(now[j + 1], now[j], out=now[j + 1])
            now[j + 1] += cost
        before, now = now, before
    return before[points].copy()
