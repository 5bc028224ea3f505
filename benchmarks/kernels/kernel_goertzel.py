"""Harmonics 1, 3 and 5 of cycles of a sampled current."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.goertzel import window_harmonics

_SIZE = 512         # a cycle at 25.6 kHz


class _Work:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._chance, self._loops, size = np.random.default_rng(1), loops, min(n, _SIZE)
        self._x, self._bounds = np.zeros(n), np.arange(0, n - size + 1, size)
        self._bounds = np.append(self._bounds, self._bounds[-1] + size)
        self._radians = np.array([1.0, 3.0, 5.0]) * 2 * np.pi / _SIZE
        self._out = np.zeros((len(self._bounds) - 1, 3, 2))

    def fresh(self) -> None:
        self._x[:] = self._chance.normal(0, 5, len(self._x))

    def kernel(self) -> object:
        return window_harmonics(self._x, self._bounds, self._radians, self._out)

    def loop(self) -> object:
        sizes = (ctypes.c_ssize_t(len(self._out)), ctypes.c_ssize_t(3))
        return self._loops.goertzel(*sizes, *map(pointer, (self._x, self._bounds, self._radians, self._out)))


def make(n: int, loops: ctypes.CDLL) -> _Work:
    return _Work(n, loops)
