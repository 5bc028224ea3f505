"""Means over bins: the bits of the plain twin, the means of numpy, and what clocks and registers do."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.bin_means import CLOSED_BIN, REGISTER_STEP, empty_bins, means_of, update_bin_means

odd = st.one_of(st.floats(-300, 300), st.sampled_from([0.0, float("nan"), float("inf"), 230.1, 230.2]))
some_ms = st.one_of(st.integers(0, 200_000), st.sampled_from([0, 60_000, -30_000, -5_000_000]))
rows = st.lists(st.tuples(st.lists(odd, min_size=3, max_size=3), some_ms), min_size=1, max_size=20)


def twins():
    found = [importlib.import_module("cython_ext._bin_means_reference")]
    return [*found, importlib.import_module("cython_ext._bin_means")] if cython_ext.COMPILED else found


def take(readings, state=None):
    """Readings (ms, value) of one element in minute bins."""
    times, figures = state or empty_bins(1)
    for at_ms, value in readings:
        update_bin_means(np.array([value]), np.array([at_ms]), times, figures, bin_ms=60_000, back_bins=16)
    return times, figures


@settings(max_examples=200, deadline=None)
@given(rows)
def test_kernel_and_twin_agree_to_the_bit(steps):
    states, now_ms = {module: empty_bins(3) for module in twins()}, 10_000_000
    for values, step_ms in steps:
        now_ms += step_ms
        results = [
            (module.update_bin_means(np.array(values), np.full(3, now_ms), *held, 60_000, 16), [array.tobytes() for array in held])
            for module, held in states.items()
        ]
        assert results.count(results[0]) == len(results)


def test_the_open_and_the_last_closed_bin_have_the_means_of_numpy():
    values = np.random.default_rng(1).normal(230.0, 2.0, 150)
    state = take((1000 * second, value) for second, value in enumerate(values.tolist()))
    assert means_of(1, *state)[0] == pytest.approx(values[60:120].mean(), rel=1e-12)
    assert means_of(2, *state)[0] == pytest.approx(values[120:].mean(), rel=1e-12)
    assert np.isnan(means_of(0, *state)[0])


def test_a_reading_that_comes_twice_counts_once():
    assert means_of(0, *take([(0, 1.0), (0, 1.0), (30_000, 4.0), (30_000, 4.0)]))[0] == 2.5


def test_a_late_reading_of_a_closed_bin_is_dropped():
    state = take([(0, 1.0), (60_000, 5.0), (59_000, 100.0), (61_000, 7.0)])
    assert means_of(0, *state)[0] == 1.0
    assert means_of(1, *state)[0] == 6.0


def test_a_clock_that_was_set_back_begins_anew():
    state = take([(5_000_000, 1.0), (5_060_000, 2.0), (100_000, 9.0)])
    assert means_of(1, *state)[0] == 9.0
    assert state[0][CLOSED_BIN, 0] == -1


def test_the_step_of_the_register_is_learned():
    readings = [(1000 * second, round(0.2 * step, 1)) for second, step in enumerate((5, 9, 8, 8, 30))]
    assert take(readings)[1][REGISTER_STEP, 0] == pytest.approx(0.2)
    assert take([(0, 5.0), (1000, 5.0)])[1][REGISTER_STEP, 0] == np.inf


def test_what_does_not_fit_is_refused():
    times, figures = empty_bins(2)
    with pytest.raises(ValueError, match="elements"):
        update_bin_means(np.zeros(3), np.zeros(3, dtype=np.int64), times, figures, bin_ms=60_000, back_bins=16)
    with pytest.raises(ValueError, match="float64"):
        update_bin_means(np.zeros(2, dtype=np.float32), np.zeros(2, dtype=np.int64), times, figures, bin_ms=60_000, back_bins=16)
    with pytest.raises(ValueError, match="at least 1"):
        update_bin_means(np.zeros(2), np.zeros(2, dtype=np.int64), times, figures, bin_ms=0, back_bins=16)
