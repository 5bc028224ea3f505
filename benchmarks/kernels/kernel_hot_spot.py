"""The transformer loop: oil, winding and ageing of ``n`` phases."""

from __future__ import annotations

import ctypes

import numpy as np

from benchmarks.kernels.pairs import pointer
from cython_ext.hot_spot import N_STATES, update_hot_spot
from edge_agent.detect.transformer_model import constants_column
from edge_agent.model.transformer import ThermalConstants

_STEP_MS, _MAX_GAP_S = 60_000, 3600.0


class HotSpotPair:
    """Kernel and loop in C take turns on the same state; every run brings new loads."""

    def __init__(self, n: int, loops: ctypes.CDLL) -> None:
        self._n, self._loops, self._chance = n, loops, np.random.default_rng(1)
        self._load, self._ambient = np.zeros(n), self._chance.uniform(-10.0, 40.0, n)
        self._taken, self._seen = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
        self._constants = np.repeat(constants_column(ThermalConstants()), n, axis=1)
        self._state = np.full((N_STATES, n), 20.0)

    def fresh(self) -> None:
        self._taken += _STEP_MS
        self._load[:] = self._chance.uniform(0.2, 1.2, self._n)

    def kernel(self) -> object:
        return update_hot_spot(self._load, self._load, self._ambient, self._taken, self._constants, self._state, self._seen, _MAX_GAP_S)

    def loop(self) -> object:
        arrays = (self._load, self._load, self._ambient, self._taken, self._constants, self._state, self._seen)
        return self._loops.hot_spot(ctypes.c_ssize_t(self._n), *map(pointer, arrays), ctypes.c_double(_MAX_GAP_S))


def make(n: int, loops: ctypes.CDLL) -> HotSpotPair:
    return HotSpotPair(n, loops)
