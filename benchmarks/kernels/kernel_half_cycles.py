"""Half cycles counted: ten of each of as many circuits as make the elements."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.half_cycles import N_COUNTS, N_RINGS, UNSEEN, count_half_cycles

_WIDTH = 10


class _Work:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._chance, self._loops = np.random.default_rng(1), loops
        self._width = min(n, _WIDTH)
        circuits = n // self._width
        self._codes = np.zeros((circuits, self._width), dtype=np.int8)
        self._rings = np.zeros((circuits, 2 * N_RINGS), dtype=np.uint64)
        self._out = np.zeros((circuits, self._width, N_COUNTS), dtype=np.int32)

    def fresh(self) -> None:
        self._codes[:] = self._chance.integers(0, UNSEEN + 1, self._codes.shape)

    def kernel(self) -> object:
        return count_half_cycles(self._codes, self._rings, self._out)

    def loop(self) -> object:
        sizes = (ctypes.c_ssize_t(len(self._codes)), ctypes.c_ssize_t(self._width))
        return self._loops.half_cycles(*sizes, *map(pointer, (self._codes, self._rings, self._out)))


def make(n: int, loops: ctypes.CDLL) -> _Work:
    return _Work(n, loops)
