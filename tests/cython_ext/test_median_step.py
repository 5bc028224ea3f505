"""The loop of median steps gives the bits of its plain twin and the medians of numpy; its front refuses what does not fit."""

import numpy as np
import pytest
from hypothesis import given, settings

from cython_ext.median_step import FELL, NOTHING, RING, ROSE, update_steps
from tests.cython_ext.test_cusum import steps, twins


def arrays_of(n):
    return [
        np.zeros((n, RING)), np.zeros((n, RING)), np.full((n, RING), -1, dtype=np.int64), np.zeros(n, dtype=np.int32),
        np.zeros(n, dtype=np.int8), np.full(n, -1, dtype=np.int64), np.zeros(n), np.zeros((4, n)), np.zeros(n, dtype=np.int8),
    ]


def run(watts, reactive=None, step_ms=1000):
    """(sample, code, change in W, change in var, first sample) of each step."""
    arrays, found = arrays_of(1), []
    for place, value in enumerate(watts):
        var = np.array([np.nan if reactive is None else reactive[place]])
        if update_steps(np.array([value]), var, np.array([place * step_ms]), np.array([30.0]), *arrays, 0.015, 2.7, 10_000):
            change = arrays[7][:, 0]
            found.append((place, int(arrays[8][0]), change[1] - change[0], change[3] - change[2], int(arrays[5][0]) // step_ms))
    return found


@settings(max_examples=200, deadline=None)
@given(steps)
def test_kernel_and_twin_agree_to_the_bit(given_steps):
    states, now_ms, least = {module: arrays_of(3) for module in twins("median_step")}, 0, np.array([30.0, 1.0, np.nan])
    for values, step_ms in given_steps * 2:
        now_ms += step_ms % 20_000
        results = [
            (
                module.update_steps(np.array(values), np.array(values[::-1]), np.full(3, now_ms), least, *arrays, 0.015, 2.7, 10_000),
                [array.tobytes() for array in arrays],
            )
            for module, arrays in states.items()
        ]
        assert results.count(results[0]) == len(results)


def test_a_step_is_told_once_with_its_size_and_its_first_sample():
    (step,) = run([100.0] * 10 + [2100.0] * 10, [10.0] * 10 + [60.0] * 10)
    assert step[1:] == (ROSE, 2000.0, 50.0, 10)


def test_an_inrush_of_a_second_is_no_part_of_the_step():
    (step,) = run([100.0] * 10 + [600.0, 3000.0] + [2100.0] * 10)
    assert step[1:3] == (ROSE, 2000.0)


def test_a_single_sample_that_is_off_is_no_step():
    assert run([100.0] * 10 + [3000.0] + [100.0] * 10) == []


def test_on_and_off_are_two_steps():
    assert [step[1] for step in run([100.0] * 10 + [500.0] * 6 + [100.0] * 10)] == [ROSE, FELL]


def test_levels_are_the_medians_of_numpy():
    watts = np.round(np.random.default_rng(3).normal(100.0, 2.0, 30), 1)
    watts[15:] += 700.0
    (step,) = run(watts.tolist())
    at = step[0]
    assert step[2] in {
        float(np.median(watts[at - 5 : at - 2]) - np.median(watts[first : first + 3])) for first in range(9, 14)
    }


@pytest.mark.parametrize("watts", [[100.0] * 10 + [129.0] * 10, [4000.0] * 10 + [4055.0] * 10])
def test_below_thirty_watts_or_a_share_of_the_power_is_no_step(watts):
    assert run(watts) == []


def test_steps_below_three_sigma_of_a_noise_that_is_known_are_none():
    chance = np.random.default_rng(4)
    watts = 1000.0 + chance.normal(0.0, 60.0, 400)
    watts[200:] += 100.0
    assert [step for step in run(watts.tolist()) if step[0] > 60] == []      # three times the last 20 samples


def test_a_pause_empties_the_ring():
    assert run([100.0] * 10 + [2100.0] * 10, step_ms=11_000) == []


def test_values_that_are_not_new_or_no_numbers_are_skipped():
    arrays = arrays_of(1)
    for at_ms, watts in ((0, 100.0), (0, 900.0), (1000, np.nan), (-5, 900.0), (2000, np.inf)):
        update_steps(np.array([watts]), np.zeros(1), np.array([at_ms]), np.array([30.0]), *arrays, 0.015, 2.7, 10_000)
    assert arrays[3].tolist() == [1]
    assert int(arrays[8][0]) == NOTHING


def test_what_does_not_fit_is_refused():
    good = [np.zeros(2), np.zeros(2), np.zeros(2, dtype=np.int64), np.zeros(2), *arrays_of(2)]
    for place, wrong, match in (
        (4, np.zeros((2, 5)), "rings"), (0, np.zeros(2, dtype=np.float32), "float64"), (3, np.zeros(3), "elements"),
        (7, np.zeros(2, dtype=np.int64), "int32"), (8, np.zeros(2), "int8"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=match):
            update_steps(*good[:place], wrong, *good[place + 1 :], 0.015, 2.7, 10_000)
