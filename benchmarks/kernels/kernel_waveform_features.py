"""Nine features of half cycles of a sampled current; beside them the same nine in numpy, window by window, at four sample rates."""

from __future__ import annotations

import ctypes
import statistics
import time

import numpy as np
import numpy.typing as npt

from benchmarks.kernels.pairs import pointer
from cython_ext.waveform_features import N_FEATURES, band_pass, window_features
from simulator.cli.rows import Row

_GOAL_TIMES = 40.0                           # of issue and detection.md 9: possible 52 to 285
_RATES_HZ = (6_400, 10_000, 25_000, 50_000)
_WINDOWS = 200


class _Work:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._chance, self._loops = np.random.default_rng(1), loops
        size = min(n, 256)                   # half a cycle at 25.6 kHz
        self._x, self._bounds = np.zeros(n), np.arange(0, n - size + 1, size)
        self._bounds = np.append(self._bounds, self._bounds[-1] + size)
        self._band, self._out = band_pass(2_000.0, 5_000.0, 25_600.0), np.zeros((len(self._bounds) - 1, N_FEATURES))
        self._lag = 512

    def fresh(self) -> None:
        self._x[:] = 10 * np.sin(2 * np.pi * 50 / 25_600 * np.arange(len(self._x))) + self._chance.normal(0, 0.02, len(self._x))

    def kernel(self) -> object:
        return window_features(self._x, self._bounds, self._lag, self._band, self._out)

    def loop(self) -> object:
        sizes = (ctypes.c_ssize_t(len(self._x)), ctypes.c_ssize_t(len(self._out)))
        return self._loops.waveform_features(
            *sizes, pointer(self._x), pointer(self._bounds), ctypes.c_ssize_t(self._lag), pointer(self._band), ctypes.c_double(0.05),
            pointer(self._out),
        )


def make(n: int, loops: ctypes.CDLL) -> _Work:
    return _Work(n, loops)


def in_numpy(x: npt.NDArray[np.float64], before: npt.NDArray[np.float64], rate_hz: float) -> list[float]:
    """The nine of one window, as one would write them."""
    magnitude = np.abs(x)
    mean_square = np.mean(x * x)
    rms, peak = np.sqrt(mean_square), magnitude.max()
    spectrum = np.fft.rfft(x)
    hz = np.fft.rfftfreq(len(x), 1 / rate_hz)
    band = spectrum[(hz >= 2_000) & (hz <= 5_000)]
    return [
        rms, peak, magnitude.mean() / rms, np.mean(x**4) / mean_square**2, np.mean(magnitude < 0.05 * peak),
        np.abs(np.diff(x)).max() / peak, np.sqrt(np.mean(np.diff(x, 2) ** 2)) / rms, np.mean(np.abs(x - before)) / rms,
        np.sqrt(2 * np.sum(np.abs(band) ** 2)) / len(x) / rms,
    ]


def peers(runs: int) -> list[Row]:
    """CPU time of windows of 20 ms, one call for all of them, and numpy once for each."""
    rows = []
    for rate_hz in _RATES_HZ:
        size = rate_hz // 50
        x = 10 * np.sin(2 * np.pi * 50 / rate_hz * np.arange(size * _WINDOWS)) + np.random.default_rng(2).normal(0, 0.02, size * _WINDOWS)
        bounds, out, band = np.arange(0, len(x) + 1, size), np.zeros((_WINDOWS, N_FEATURES)), band_pass(2_000.0, 5_000.0, rate_hz)
        ours, theirs = [], []
        for _ in range(max(3, min(runs, 7))):
            began = time.process_time_ns()
            for _ in range(10):
                window_features(x, bounds, size, band, out)
            ours.append((time.process_time_ns() - began) / 10)
            began = time.process_time_ns()
            for k in range(1, _WINDOWS):
                in_numpy(x[k * size : (k + 1) * size], x[(k - 1) * size : k * size], rate_hz)
            theirs.append((time.process_time_ns() - began) * _WINDOWS / (_WINDOWS - 1))
        ours_us, theirs_us = (statistics.median(of) / _WINDOWS / 1000 for of in (ours, theirs))
        name, times = f"waveform_features at {rate_hz / 1000:g} kHz", theirs_us / ours_us
        rows += [
            Row(name=f"{name}: window of 20 ms", figure=ours_us, unit="us", goal="-", ok=True),
            Row(name=f"{name}: numpy, the same nine", figure=theirs_us, unit="us", goal="-", ok=True),
            Row(name=f"{name}: numpy / ours", figure=times, unit="times", goal=f">= {_GOAL_TIMES:g}", ok=times >= _GOAL_TIMES),
        ]
    return rows
