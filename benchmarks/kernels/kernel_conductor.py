"""The conductor loop: temperature of ``n`` conductors in measured air."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.conductor import update_conductor

_STEP_MS = 60_000
_SETTINGS = {"tau_s": 600.0, "max_gap_s": 900.0, "rated_cel": 70.0, "rated_ambient_cel": 30.0, "alpha20": 0.00393}
_THRESHOLDS_CEL = (62.0, 66.0, 70.0)


class ConductorPair:
    """Kernel and loop in C take turns on the same state; every run brings new currents."""

    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._n, self._loops, self._chance = n, loops, np.random.default_rng(1)
        self._given = (np.zeros(n), self._chance.uniform(-10.0, 45.0, n), np.zeros(n, dtype=np.int64), np.full(n, 60.0))
        self._state = (np.full(n, np.nan), np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int8))

    def fresh(self) -> None:
        self._given[2][:] += _STEP_MS
        self._given[0][:] = self._chance.uniform(5.0, 50.0, self._n)

    def kernel(self) -> object:
        return update_conductor(*self._given, *self._state, **_SETTINGS, thresholds_cel=_THRESHOLDS_CEL)

    def loop(self) -> object:
        constants = map(ctypes.c_double, (*_SETTINGS.values(), *_THRESHOLDS_CEL))
        return self._loops.conductor(ctypes.c_ssize_t(self._n), *map(pointer, (*self._given, *self._state)), *constants)


def make(n: int, loops: ctypes.CDLL) -> ConductorPair:
    return ConductorPair(n, loops)
