"""The plain rule that the arc detector is held against: three features of a half cycle against the record's first, one threshold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_THRESHOLD = 12.0        # spreads; the README of arc_sim
_LEARNED_FROM, _LEARNED_TO = 4, 24


def naive_marks(current_a: npt.NDArray[np.float32], rate_hz: float, mains_hz: float, count: int) -> npt.NDArray[np.bool_]:
    """Shape (count,). Flat time, second difference and cycle difference, each against median and 1.5 MAD of half cycles 4 to 23.

    Source: detection.md 3 and the README of the set: a half cycle arcs where any of the three is 12 spreads above its middle.
    """
    edges = np.rint(np.arange(count + 1) * rate_hz / mains_hz / 2).astype(int)
    current, lag = current_a.astype(float), round(rate_hz / mains_hz)
    before = np.concatenate([current[:lag], current[:-lag]])
    bend = np.concatenate([[0.0, 0.0], np.diff(current, 2)])
    marks = np.zeros(count, dtype=np.bool_)
    features = np.empty((count, 3))
    for k in range(count):
        span = slice(edges[k], edges[k + 1])
        now, peak = current[span], np.abs(current[span]).max(initial=0.0)
        rms = max(float(np.sqrt(np.mean(now**2))), 1e-9)
        features[k] = (np.abs(now) < 0.05 * peak).mean(), np.sqrt(np.mean(bend[span] ** 2)), np.abs(now - before[span]).mean() / rms
    quiet = features[_LEARNED_FROM:_LEARNED_TO]
    if len(quiet) == 0:
        return marks
    middle = np.median(quiet, axis=0)
    spread = np.maximum(1.5 * np.median(np.abs(quiet - middle), axis=0), 1e-3 * np.abs(middle) + 1e-9)
    marks[:] = ((features - middle) / spread > _THRESHOLD).any(axis=1)
    return marks
