"""Complex recursive least squares of all places beside C, and beside one numpy step for each sample of one place."""

from __future__ import annotations

import ctypes
import statistics
import time

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.complex_rls import update_complex_rls
from simulator.cli.rows import Row

_RULES = {"least_x": 1.0, "keep": 1.0 - 1.0 / 24.0, "clip": 3.0, "noise": 0.1}
_PEER_STEPS = 2000


class Regressions:
    """``n`` regressions, one new step of each in each run; about one in three is too small to count."""

    def __init__(self, n: int, loops: ctypes.CDLL | None) -> None:
        self._chance, self._loops, self._n = np.random.default_rng(1), loops, n
        self.y, self.x, self.z = (np.zeros(n, dtype=np.complex128) for _ in range(3))
        self.energy, self.weight, self.squares = (np.zeros(n) for _ in range(3))
        self.fresh()

    def fresh(self) -> None:
        parts = self._chance.normal(0.0, 1.0, (4, self._n))
        self.x[:] = 1.5 * (parts[0] + 1j * parts[1])
        self.y[:] = (0.2 + 0.05j) * self.x + 0.1 * (parts[2] + 1j * parts[3])

    def kernel(self) -> object:
        return update_complex_rls(self.y, self.x, self.z, self.energy, self.weight, self.squares, **_RULES)

    def loop(self) -> object:
        assert self._loops is not None
        arrays = (self.y, self.x, self.z, self.energy, self.weight, self.squares)
        return self._loops.complex_rls(ctypes.c_ssize_t(self._n), *map(pointer, arrays), *map(ctypes.c_double, _RULES.values()))


def make(n: int, loops: ctypes.CDLL) -> Regressions:
    return Regressions(n, loops)


def peers(runs: int) -> list[Row]:
    """No package at hand has a complex one; what a user would write is P and z as numpy arrays, a step for each sample."""
    work = Regressions(_PEER_STEPS, None)
    ours, numpys = [], []
    for _ in range(runs):
        work.fresh()
        began = time.process_time_ns()
        work.kernel()
        ours.append(time.process_time_ns() - began)
        began = time.process_time_ns()
        _in_numpy(work.y, work.x)
        numpys.append(time.process_time_ns() - began)
    ratio = statistics.median(numpys) / statistics.median(ours)
    return [Row(name="complex_rls: numpy step for step / kernel", figure=ratio, unit="ratio", goal="-", ok=True)]


def _in_numpy(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    keep = _RULES["keep"]
    z, p = np.zeros((1,), dtype=np.complex128), np.eye(1, dtype=np.complex128) * 1e6
    for step in range(len(y)):
        row = x[step : step + 1]
        gain = p @ row.conj() / (keep + row @ p @ row.conj())
        z = z + gain * (y[step] - row @ z)
        p = (p - np.outer(gain, row @ p)) / keep
    return z
