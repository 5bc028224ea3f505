"""CUSUM over a long series, beside the drift detectors of river, sample by sample as they work."""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import statistics
import time

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.cusum import cusum_series
from simulator.cli.rows import Row

_SHARE, _SLACK, _LIMIT = 0.05, 30.0, 60.0       # d_min 60 W, h = 6 sigma of 10 W
_GOALS = {"ADWIN": 60.0, "PageHinkley": 200.0}
_PEER_SAMPLES = 20_000


def series_w(n: int) -> np.ndarray:
    """A household: a base with 10 W of noise, and every 500 samples something that switches."""
    chance = np.random.default_rng(1)
    return chance.normal(300.0, 10.0, n) + np.repeat(chance.integers(0, 2, n // 500 + 1) * 800.0, 500)[:n]


class Pair:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self.values, self.codes, self.loops = series_w(n), np.zeros(n, dtype=np.int8), loops
        self.state = np.array([np.nan, 0.0, 0.0])

    def fresh(self) -> None:
        self.state[:] = np.nan, 0.0, 0.0

    def kernel(self) -> int:
        return cusum_series(self.values, self.codes, self.state, _SHARE, _SLACK, _LIMIT)

    def loop(self) -> object:
        return self.loops.cusum_series(
            ctypes.c_ssize_t(len(self.values)), *map(pointer, (self.values, self.codes, self.state)),
            *map(ctypes.c_double, (_SHARE, _SLACK, _LIMIT)),
        )


def make(n: int, loops: ctypes.CDLL) -> Pair:
    return Pair(n, loops)


def peers(runs: int) -> list[Row]:
    """river takes one sample at a call; the kernel takes the same samples in one call."""
    if importlib.util.find_spec("river") is None:
        return [Row(name="cusum / river: not installed (extra 'bench')", figure=float("nan"), unit="ratio", goal="-", ok=True)]
    drift = importlib.import_module("river.drift")
    values = series_w(_PEER_SAMPLES)
    samples = values.tolist()
    long, long_codes = series_w(10 * _PEER_SAMPLES), np.zeros(10 * _PEER_SAMPLES, dtype=np.int8)      # below it a clock's tick counts
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in _GOALS}
    for _ in range(max(3, min(runs, 7))):
        state = np.array([np.nan, 0.0, 0.0])
        began = time.process_time_ns()
        cusum_series(long, long_codes, state, _SHARE, _SLACK, _LIMIT)
        ours.append((time.process_time_ns() - began) / len(long))
        for name, figures in theirs.items():
            detector = getattr(drift, name)()
            began = time.process_time_ns()
            for value in samples:
                detector.update(value)
            figures.append((time.process_time_ns() - began) / len(samples))
    kernel_ns = statistics.median(ours)
    rows = [Row(name="cusum: per sample of a series", figure=kernel_ns, unit="ns", goal="-", ok=True)]
    for name, goal in _GOALS.items():
        ratio = statistics.median(theirs[name]) / kernel_ns
        rows.append(Row(name=f"cusum: river {name} / kernel", figure=ratio, unit="ratio", goal=f">= {goal:g}", ok=ratio >= goal))
    return rows
