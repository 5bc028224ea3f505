"""The loop of minute means gives the bits of its plain twin and the means of numpy; its front refuses what does not fit."""

import numpy as np
import pytest
from hypothesis import given, settings

from cython_ext.minute_means import update_minutes
from tests.cython_ext.test_cusum import steps, twins


def arrays_of(n):
    return [
        np.full(n, -1, dtype=np.int64), np.full(n, -1, dtype=np.int64), np.zeros(n, dtype=np.int32), np.zeros((3, n)), np.zeros((3, n)),
        np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int8),
    ]


@settings(max_examples=200, deadline=None)
@given(steps)
def test_kernel_and_twin_agree_to_the_bit(given_steps):
    states, now_ms, judged = {module: arrays_of(3) for module in twins("minute_means")}, 0, np.array([1, 1, 0], dtype=np.int8)
    for values, step_ms in given_steps:
        now_ms += step_ms % 100_000
        given_now = [np.array(values), np.array(values[::-1]), np.full(3, 220.0), np.full(3, now_ms), judged]
        results = [
            (module.update_minutes(*given_now, *arrays), [array.tobytes() for array in arrays]) for module, arrays in states.items()
        ]
        assert results.count(results[0]) == len(results)


def test_means_are_those_of_numpy_and_dated_by_the_first_sample():
    watts, arrays, found = np.random.default_rng(1).uniform(0.0, 3000.0, 300), arrays_of(1), []
    for second, value in enumerate(watts.tolist()):
        at_ms = np.array([10_000 + 1000 * second])
        if update_minutes(np.array([value]), np.array([2 * value]), np.array([220.0]), at_ms, np.ones(1, dtype=np.int8), *arrays):
            found.append((int(arrays[5][0]), *arrays[4][:, 0].tolist()))
    edges = [0, 50, 110, 170, 230, 290]
    assert [at_ms for at_ms, *_ in found] == [10_000 + 1000 * begin for begin in edges[:-1]]
    for (_, power_w, reactive_var, volts), begin, end in zip(found, edges[:-1], edges[1:], strict=True):
        assert power_w == pytest.approx(np.mean(watts[begin:end]))
        assert (reactive_var, volts) == (pytest.approx(2 * power_w), 220.0)


def test_a_missing_reactive_power_makes_only_its_own_mean_unknown():
    arrays = arrays_of(1)
    for at_ms, var in ((0, np.nan), (30_000, 5.0), (60_000, 5.0)):
        update_minutes(np.array([100.0]), np.array([var]), np.array([220.0]), np.array([at_ms]), np.ones(1, dtype=np.int8), *arrays)
    assert arrays[4][0, 0] == 100.0
    assert np.isnan(arrays[4][1, 0])


def test_a_clock_that_is_set_back_drops_the_minute():
    arrays = arrays_of(1)
    for at_ms, watts in ((600_000, 900.0), (60_000, 100.0), (120_000, 100.0)):
        done = update_minutes(np.array([watts]), np.zeros(1), np.zeros(1), np.array([at_ms]), np.ones(1, dtype=np.int8), *arrays)
    assert (done, arrays[4][0, 0], arrays[5][0]) == (1, 100.0, 60_000)


def test_what_does_not_fit_is_refused():
    good = [np.zeros(2), np.zeros(2), np.zeros(2), np.zeros(2, dtype=np.int64), np.ones(2, dtype=np.int8), *arrays_of(2)]
    for place, wrong, match in (
        (8, np.zeros((2, 2)), "sums"), (0, np.zeros(2, dtype=np.float32), "float64"), (1, np.zeros(3), "elements"),
        (7, np.zeros(2, dtype=np.int64), "int32"), (4, np.zeros(2), "int8"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=match):
            update_minutes(*good[:place], wrong, *good[place + 1 :])
