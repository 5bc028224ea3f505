"""Running 10th percentile of 24 bin means: a bin closes every tenth value, so that the sorting counts more than in an area at 1 s."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections import deque

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.quantile import NEVER, QuantileTracker
from simulator.cli.rows import Row

_BINS, _BIN_MS, _STEP_MS, _SHARE = 24, 600_000, 60_000, 0.1
_GOAL_TIMES = 1.0


class _Work:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._chance, self._n, self._loops, self._now_ms = np.random.default_rng(1), n, loops, 0
        self._value, self._taken, self._held = np.zeros(n), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int8)
        self._ours = QuantileTracker(n, bins=_BINS, bin_ms=_BIN_MS, share=_SHARE)
        self._seen, self._number = (np.full(n, NEVER, dtype=np.int64) for _ in range(2))
        self._count, self._filled = (np.zeros(n, dtype=np.int64) for _ in range(2))
        self._total, self._ring, self._quantile = np.zeros(n), np.full((n, _BINS), np.nan), np.full(n, np.nan)
        self._code, self._scratch = np.zeros(n, dtype=np.int8), np.zeros(_BINS)

    def fresh(self) -> None:
        self._now_ms += _STEP_MS // 2        # called before each of the two: both see the same share of bins that close
        self._value[:] = self._chance.normal(0.05, 0.01, self._n)
        self._taken[:] = self._now_ms

    def kernel(self) -> object:
        return self._ours.update(self._value, self._taken, self._held)

    def loop(self) -> object:
        arrays = (
            self._value, self._taken, self._held, self._seen, self._number, self._total, self._count, self._ring, self._filled,
            self._quantile, self._code, self._scratch,
        )
        return self._loops.quantile(
            ctypes.c_ssize_t(self._n), ctypes.c_ssize_t(_BINS), *map(pointer, arrays), ctypes.c_double(_SHARE), ctypes.c_int64(_BIN_MS)
        )


def make(n: int, loops: ctypes.CDLL) -> _Work:
    return _Work(n, loops)


def peers(runs: int) -> list[Row]:
    """A day of one meter at 1 min beside numpy's percentile of a window that is kept, each minute."""
    minutes = 1440
    values = np.random.default_rng(2).normal(0.05, 0.01, minutes)
    ours, theirs = [], []
    for _ in range(max(1, min(runs, 5))):
        tracker, one, held = QuantileTracker(1, bins=_BINS, bin_ms=3_600_000, share=_SHARE), np.zeros(1), np.zeros(1, dtype=np.int8)
        taken = np.zeros(1, dtype=np.int64)
        began = time.process_time_ns()
        for minute, value in enumerate(values):
            one[0], taken[0] = value, 60_000 * minute
            tracker.update(one, taken, held)
        ours.append(time.process_time_ns() - began)
        window: deque[float] = deque(maxlen=minutes)
        began = time.process_time_ns()
        for value in values[:200]:
            window.append(value)
            np.percentile(window, 10)
        theirs.append((time.process_time_ns() - began) * minutes / 200)
    times = statistics.median(theirs) / statistics.median(ours)
    name = "quantile: numpy percentile of a kept window / our update, one meter"
    return [Row(name=name, figure=times, unit="times", goal=f">= {_GOAL_TIMES:g}", ok=times >= _GOAL_TIMES)]
