"""The robust slope with its standard error, beside the same loop in C."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.impedance import N_SUMS, update_impedance

_F64 = ctypes.c_double


class ImpedancePair:
    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._n, self._loops, self._chance = n, loops, np.random.default_rng(1)
        self._x, self._y, self._x_min = np.zeros(n), np.zeros(n), np.full(n, 0.3)
        self._centre, self._scale, self._sums = np.zeros((2, n)), np.full(n, 0.2), np.zeros((N_SUMS, n))

    def fresh(self) -> None:
        self._x[:] = self._chance.normal(0.0, 5.0, self._n)
        self._y[:] = -0.2 * self._x + self._chance.normal(0.0, 0.1, self._n)

    def kernel(self) -> object:
        return update_impedance(
            self._x, self._y, self._x_min, self._centre, self._scale, self._sums, memory_steps=200.0, scale_step=0.05, scale_min=0.02
        )

    def loop(self) -> object:
        arrays = map(pointer, (self._x, self._y, self._x_min, self._centre, self._scale, self._sums))
        return self._loops.impedance(ctypes.c_ssize_t(self._n), *arrays, _F64(1.0 - 1.0 / 200.0), _F64(1.05), _F64(0.02))


def make(n: int, loops: ctypes.CDLL) -> ImpedancePair:
    return ImpedancePair(n, loops)
