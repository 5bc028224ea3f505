"""Recursive least squares beside the same loop in C, river's LinearRegression and a loop over numpy arrays."""

from __future__ import annotations

import ctypes
import statistics
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.kernels.pairs import pointer
from cython_ext.rls import update_rls
from simulator.cli.rows import Row

_F64 = ctypes.c_double
_RULE = {"forgetting": 0.998, "covariance_max": 100.0, "clip_sigma": 3.0}
_ELEMENTS, _PEER_STEPS = 100_000, 2_000
_RIVER_GOAL, _NUMPY_GOAL = 150.0, 800.0


class RlsPair:
    def __init__(self, n: int, loops: ctypes.CDLL | None) -> None:
        self._n, self._loops, self._chance = n, loops, np.random.default_rng(1)
        self._x, self._y, self._x_min = np.zeros((2, n)), np.zeros(n), np.full(n, 0.3)
        self._theta, self._variance = np.zeros((2, n)), np.ones(n)
        self._covariance = np.array([np.full(n, 10.0), np.zeros(n), np.full(n, 10.0)])

    def fresh(self) -> None:
        self._x[:] = self._chance.normal(0.0, 5.0, (2, self._n))
        self._y[:] = 0.2 * self._x[0] + 0.08 * self._x[1] + self._chance.normal(0.0, 0.1, self._n)

    def kernel(self) -> object:
        return update_rls(self._x, self._y, self._x_min, self._theta, self._covariance, self._variance, **_RULE)

    def loop(self) -> object:
        assert self._loops is not None
        arrays = map(pointer, (self._x, self._y, self._x_min, self._theta, self._covariance, self._variance))
        return self._loops.rls(ctypes.c_ssize_t(self._n), *arrays, _F64(0.998), _F64(100.0), _F64(3.0))


def make(n: int, loops: ctypes.CDLL) -> RlsPair:
    return RlsPair(n, loops)


def peers(runs: int) -> list[Row]:
    """ns of one sample each, in alternating runs; the kernel takes one sample of each of 100,000 elements."""
    try:
        from river import linear_model
    except ImportError:
        return [Row(name="rls: river is not installed (pip install '.[bench]')", figure=float("nan"), unit="-", goal="-", ok=False)]
    pair, chance = RlsPair(_ELEMENTS, None), np.random.default_rng(2)
    x = chance.normal(0.0, 5.0, (_PEER_STEPS, 2))
    y = x @ np.array([0.2, 0.08]) + chance.normal(0.0, 0.1, _PEER_STEPS)
    samples = [({"x": float(step[0])}, float(value)) for step, value in zip(x, y, strict=True)]
    times: dict[str, list[float]] = {"kernel": [], "river": [], "numpy": []}
    for _ in range(runs):
        pair.fresh()
        model = linear_model.LinearRegression()
        times["kernel"].append(_cpu_ns(pair.kernel, _ELEMENTS))
        times["river"].append(_cpu_ns(lambda model=model: [model.learn_one(*sample) for sample in samples], _PEER_STEPS))  # type: ignore[misc]
        times["numpy"].append(_cpu_ns(lambda: _numpy_rls(x, y), _PEER_STEPS))
    ours, river, loop = (statistics.median(times[name]) for name in ("kernel", "river", "numpy"))
    return [
        Row(name="rls: river LinearRegression.learn_one / kernel", figure=river / ours, unit="times", goal=f">= {_RIVER_GOAL:g}",
            ok=river / ours >= _RIVER_GOAL),
        Row(name="rls: loop over numpy arrays / kernel", figure=loop / ours, unit="times", goal=f">= {_NUMPY_GOAL:g}",
            ok=loop / ours >= _NUMPY_GOAL),
        Row(name="rls: river LinearRegression.learn_one", figure=river, unit="ns a sample", goal="-", ok=True),
        Row(name="rls: loop over numpy arrays", figure=loop, unit="ns a sample", goal="-", ok=True),
    ]


def _numpy_rls(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """As it stands in a text book."""
    theta, p, forgetting = np.zeros(2), 10.0 * np.eye(2), 0.998
    for step, value in zip(x, y, strict=True):
        px = p @ step
        gain = px / (forgetting + step @ px)
        theta = theta + gain * (value - step @ theta)
        p = (p - np.outer(gain, px)) / forgetting
    return theta


def _cpu_ns(call: Callable[[], object], samples: int) -> float:
    began = time.process_time_ns()
    call()
    return (time.process_time_ns() - began) / samples
