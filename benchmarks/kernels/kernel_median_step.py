"""Median steps of all elements at a tick."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.median_step import RING, update_steps

_SHARE, _SPREADS, _GAP_MS = 0.015, 2.7, 10_000


class Pair:
    """Kernel and loop share their state: each brings it one second further."""

    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._chance, self.loops, self.now_ms = np.random.default_rng(1), loops, 0
        self.base_w = self._chance.uniform(50.0, 3000.0, n)
        self.power_w, self.reactive_var, self.taken_ms = self.base_w.copy(), np.zeros(n), np.zeros(n, dtype=np.int64)
        self.arrays = [
            np.full(n, 30.0), np.zeros((n, RING)), np.zeros((n, RING)), np.full((n, RING), -1, dtype=np.int64), np.zeros(n, dtype=np.int32),
            np.zeros(n, dtype=np.int8), np.full(n, -1, dtype=np.int64), np.zeros(n), np.zeros((4, n)), np.zeros(n, dtype=np.int8),
        ]
        for _ in range(RING):
            self.fresh()
            self.kernel()

    def fresh(self) -> None:
        self.now_ms += 1000
        self.taken_ms[:] = self.now_ms
        switching = self._chance.random(len(self.base_w)) < 0.01
        self.base_w[switching] = self._chance.uniform(50.0, 3000.0, int(switching.sum()))
        self.power_w[:] = self.base_w + self._chance.normal(0.0, 3.0, len(self.base_w))

    def kernel(self) -> int:
        return update_steps(self.power_w, self.reactive_var, self.taken_ms, *self.arrays, _SHARE, _SPREADS, _GAP_MS)

    def loop(self) -> object:
        return self.loops.median_step(
            ctypes.c_ssize_t(len(self.power_w)), *map(pointer, (self.power_w, self.reactive_var, self.taken_ms, *self.arrays)),
            ctypes.c_double(_SHARE), ctypes.c_double(_SPREADS), ctypes.c_int64(_GAP_MS),
        )


def make(n: int, loops: ctypes.CDLL) -> Pair:
    return Pair(n, loops)
