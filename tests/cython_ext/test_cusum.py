"""The CUSUM loops give the bits of their plain twins, find what theory says, and their fronts refuse what does not fit."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.cusum import FELL, NOTHING, ROSE, cusum_series, update_cusum

numbers = st.one_of(st.floats(-4000, 4000), st.sampled_from([float("nan"), float("inf"), -float("inf"), 0.0, 100.0, 3000.0]))
some_ms = st.one_of(st.integers(0, 4_000_000), st.sampled_from([0, 60_000, -300_000]))
steps = st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), some_ms), min_size=1, max_size=15)


def twins(name):
    found = [importlib.import_module(f"cython_ext._{name}_reference")]
    return found + ([importlib.import_module(f"cython_ext._{name}")] if cython_ext.COMPILED else [])


def state(n):
    return [np.full(n, -1, dtype=np.int64), *(np.zeros(n) for _ in range(4)), np.zeros(n, dtype=np.int8), np.zeros(n)]


@settings(max_examples=200, deadline=None)
@given(steps)
def test_kernel_and_twin_agree_to_the_bit_on_all_elements(given_steps):
    limit, now_ms = np.array([30.0, 15.0, np.nan]), 0
    states = {module: state(3) for module in twins("cusum")}
    for values, step_ms in given_steps:
        now_ms += step_ms
        results = [
            (
                module.update_cusum(np.array(values), np.full(3, now_ms), limit, *arrays, 0.2, 15.0, 5.4, 1_800_000),
                [array.tobytes() for array in arrays],
            )
            for module, arrays in states.items()
        ]
        assert results.count(results[0]) == len(results)


@settings(max_examples=200, deadline=None)
@given(st.lists(numbers, max_size=40))
def test_kernel_and_twin_agree_to_the_bit_on_a_series(values):
    results = []
    for module in twins("cusum"):
        codes, sums = np.zeros(len(values), dtype=np.int8), np.array([np.nan, 0.0, 0.0])
        count = module.cusum_series(np.array(values, dtype=float), codes, sums, 0.05, 30.0, 60.0)
        results.append((count, codes.tobytes(), sums.tobytes()))
    assert results.count(results[0]) == len(results)


def test_a_fixed_mean_gives_the_textbook_sums():
    """Page 1954 with the mean held (share 0): S = max(0, S + x - m - k), worked by hand: 1, 3, 0, 4, 9 > 8."""
    codes, sums = np.zeros(6, dtype=np.int8), np.array([10.0, 0.0, 0.0])
    assert cusum_series(np.array([12.0, 13.0, 7.0, 15.0, 16.0, 16.0]), codes, sums, 0.0, 1.0, 8.0) == 1
    assert codes.tolist() == [0, 0, 0, 0, ROSE, 0]
    assert sums.tolist() == [16.0, 0.0, 0.0]


def test_a_step_is_found_both_ways_and_noise_below_the_slack_never():
    chance = np.random.default_rng(1)
    values = np.repeat([300.0, 500.0, 300.0], 1000) + chance.uniform(-20.0, 20.0, 3000)
    codes, sums = np.zeros(3000, dtype=np.int8), np.array([np.nan, 0.0, 0.0])
    cusum_series(values, codes, sums, 0.05, 50.0, 60.0)
    assert [(place, int(codes[place])) for place in np.flatnonzero(codes)] == [(1000, ROSE), (2000, FELL)]


def test_a_series_in_parts_is_the_series():
    values = np.random.default_rng(2).normal(300.0, 40.0, 500)
    whole, parts, one, two = np.zeros(500, np.int8), np.zeros(500, np.int8), np.array([np.nan, 0, 0]), np.array([np.nan, 0, 0])
    cusum_series(values, whole, one, 0.05, 10.0, 60.0)
    for begin in range(0, 500, 50):
        cusum_series(values[begin : begin + 50], parts[begin : begin + 50], two, 0.05, 10.0, 60.0)
    assert (whole.tolist(), one.tolist()) == (parts.tolist(), two.tolist())
    assert whole.any()


def test_a_pause_or_a_clock_set_back_starts_the_mean_anew():
    arrays, codes = state(1), []
    for at_ms, watts in ((0, 100.0), (60_000, 100.0), (4_000_000, 900.0), (4_060_000, 900.0), (1000, 100.0), (61_000, 300.0)):
        update_cusum(np.array([watts]), np.array([at_ms]), np.array([15.0]), *arrays, 0.2, 15.0, 5.4, 1_800_000)
        codes.append(int(arrays[5][0]))
    assert codes == [NOTHING] * 5 + [ROSE]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="elements"):
        update_cusum(np.zeros(2), np.zeros(2, dtype=np.int64), np.zeros(3), *state(2), 0.2, 15.0, 5.4, 1)
    with pytest.raises(ValueError, match="int64"):
        update_cusum(np.zeros(2), np.zeros(2, dtype=np.int32), np.zeros(2), *state(2), 0.2, 15.0, 5.4, 1)
    with pytest.raises(ValueError, match="codes"):
        cusum_series(np.zeros(3), np.zeros(2, dtype=np.int8), np.zeros(3), 0.1, 1.0, 1.0)
    with pytest.raises(ValueError, match="float64"):
        cusum_series(np.zeros(3, dtype=np.float32), np.zeros(3, dtype=np.int8), np.zeros(3), 0.1, 1.0, 1.0)
