"""Minute means of all elements at a tick, a tick each second."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.minute_means import update_minutes


class Pair:
    """Kernel and loop share their state: each brings it one second further."""

    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        chance = np.random.default_rng(1)
        self.loops, self.now_ms = loops, 0
        self.given = [chance.uniform(50.0, 3000.0, n), chance.uniform(0.0, 300.0, n), chance.normal(220.0, 3.0, n)]
        self.taken_ms = np.zeros(n, dtype=np.int64)
        self.state = [
            np.ones(n, dtype=np.int8), np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int32),
            np.zeros((3, n)), np.zeros((3, n)), np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int8),
        ]

    def fresh(self) -> None:
        self.now_ms += 1000
        self.taken_ms[:] = self.now_ms

    def kernel(self) -> int:
        return update_minutes(*self.given, self.taken_ms, *self.state)

    def loop(self) -> object:
        return self.loops.minute_means(ctypes.c_ssize_t(len(self.taken_ms)), *map(pointer, (*self.given, self.taken_ms, *self.state)))


def make(n: int, loops: ctypes.CDLL) -> Pair:
    return Pair(n, loops)
