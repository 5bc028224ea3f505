"""Values above their own recent level: leakage of 100,000 meters, each minute a new value."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.excursion import update_excursion

_FLOOR, _FACTOR, _RELEASE, _TAU_S, _WARM_S, _DELAY_MS, _GAP_MS = 0.03, 5.0, 0.8, 600.0, 600.0, 5_000, 2_000_000


class _Work:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._chance, self._n, self._loops, self._now_ms = np.random.default_rng(1), n, loops, 0
        self._value, self._taken = np.zeros(n), np.zeros(n, dtype=np.int64)
        self._seen, self._since, self._begun = (np.full(n, -1, dtype=np.int64) for _ in range(3))
        self._level, self._variance, self._learned = (np.zeros(n) for _ in range(3))
        self._side, self._pending, self._code = (np.zeros(n, dtype=np.int8) for _ in range(3))

    def fresh(self) -> None:
        self._now_ms += 60_000
        self._value[:] = self._chance.normal(0.05, 0.01, self._n)
        self._taken[:] = self._now_ms

    def kernel(self) -> object:
        return update_excursion(
            self._value, self._taken, self._seen, self._level, self._variance, self._learned, self._since, self._begun, self._side,
            self._pending, self._code, floor=_FLOOR, factor=_FACTOR, release=_RELEASE, tau_s=_TAU_S, warm_s=_WARM_S, delay_ms=_DELAY_MS,
            max_gap_ms=_GAP_MS,
        )

    def loop(self) -> object:
        arrays = (
            self._value, self._taken, self._seen, self._level, self._variance, self._learned, self._since, self._begun, self._side,
            self._pending, self._code,
        )
        numbers = map(ctypes.c_double, (_FLOOR, _FACTOR, _RELEASE, _TAU_S, _WARM_S))
        return self._loops.excursion(
            ctypes.c_ssize_t(self._n), *map(pointer, arrays), *numbers, ctypes.c_int64(_DELAY_MS), ctypes.c_int64(_GAP_MS)
        )


def make(n: int, loops: ctypes.CDLL) -> _Work:
    return _Work(n, loops)
