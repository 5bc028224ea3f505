"""Neutral displacement of all three-phase places beside C, and beside the same formulas in numpy."""

from __future__ import annotations

import ctypes
import statistics
import time

import numpy as np
import numpy.typing as npt

from benchmarks.kernels.pairs import pointer
from cython_ext.neutral import displace_neutral
from simulator.cli.rows import Row

_PEER_ELEMENTS = 1000


class Displacement:
    """Voltages of ``n`` three-phase places, new ones in each run."""

    def __init__(self, n: int, loops: ctypes.CDLL | None) -> None:
        self._chance, self._loops, self._n = np.random.default_rng(1), loops, n
        self.voltage_v = np.zeros((3, n))
        self.baseline_v = np.full(n, 398.0)
        self.shift_v, self.line_v = np.zeros(n, dtype=np.complex128), np.zeros(n)
        self.fresh()

    def fresh(self) -> None:
        self.voltage_v[:] = self._chance.normal(230.0, 15.0, (3, self._n))

    def kernel(self) -> object:
        return displace_neutral(self.voltage_v, self.baseline_v, self.shift_v, self.line_v)

    def loop(self) -> object:
        assert self._loops is not None
        return self._loops.neutral(ctypes.c_ssize_t(self._n), *map(pointer, (self.voltage_v, self.baseline_v, self.shift_v, self.line_v)))


def make(n: int, loops: ctypes.CDLL) -> Displacement:
    return Displacement(n, loops)


def peers(runs: int) -> list[Row]:
    work = Displacement(_PEER_ELEMENTS, None)
    ours, numpys = [], []
    for _ in range(runs):
        work.fresh()
        began = time.process_time_ns()
        for _ in range(100):
            work.kernel()
        ours.append(time.process_time_ns() - began)
        began = time.process_time_ns()
        for _ in range(100):
            _in_numpy(work.voltage_v, work.baseline_v)
        numpys.append(time.process_time_ns() - began)
    ratio = statistics.median(numpys) / statistics.median(ours)
    return [Row(name=f"neutral: {_PEER_ELEMENTS} places, numpy / kernel", figure=ratio, unit="ratio", goal="-", ok=True)]


def _in_numpy(voltage_v: npt.NDArray[np.float64], baseline_v: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    squares = voltage_v**2
    total, fourths = squares.sum(axis=0), (squares**2).sum(axis=0)
    root = np.sqrt(np.maximum(0.0, 3.0 * total**2 - 6.0 * fourths))
    high, low = np.sqrt((total + root) / 2.0), np.sqrt(np.maximum(0.0, (total - root) / 2.0))
    line_v = np.where(np.abs(low - baseline_v) < np.abs(high - baseline_v), low, high)
    axes = np.exp(-2j * np.pi * np.arange(3) / 3.0)[:, None]
    shift_v: npt.NDArray[np.complex128] = -(axes * (squares - total / 3.0)).sum(axis=0) / (np.sqrt(3.0) * line_v)
    return shift_v
