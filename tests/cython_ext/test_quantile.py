"""The running quantile: the bits of its twin, numpy's percentile of the same window, and what must not disturb it."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.quantile import QuantileTracker

HOUR_MS = 3_600_000
numbers = st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, float("nan"), float("inf"), -float("inf")]))
some_ms = st.one_of(st.integers(0, 2 * HOUR_MS), st.sampled_from([0, HOUR_MS, -HOUR_MS, 48 * HOUR_MS]))
steps = st.lists(st.tuples(st.lists(numbers, min_size=3, max_size=3), some_ms, st.integers(0, 7)), min_size=1, max_size=40)


def twins():
    found = [importlib.import_module("cython_ext._quantile_reference")]
    if cython_ext.COMPILED:
        found.append(importlib.import_module("cython_ext._quantile"))
    return found


def tracker(n=1, bins=24, share=0.1):
    return QuantileTracker(n, bins=bins, bin_ms=HOUR_MS, share=share)


def feed(track, hour, *values, held=0):
    n = len(track.quantile)
    for number, value in enumerate(values):
        at = np.full(n, int(hour * HOUR_MS) + number, dtype=np.int64)
        track.update(np.full(n, float(value)), at, np.full(n, held, dtype=np.int8))


@settings(max_examples=200, deadline=None)
@given(steps)
def test_kernel_and_twin_agree_to_the_bit(given_steps):
    def state():
        none, never = np.zeros(3, dtype=np.int64), np.full(3, -1, dtype=np.int64)
        ring, quantile = np.full((3, 4), np.nan), np.full(3, np.nan)
        return [never.copy(), never.copy(), np.zeros(3), none.copy(), ring, none.copy(), quantile, np.zeros(3, dtype=np.int8), np.zeros(4)]

    states = {module: state() for module in twins()}
    now_ms = 0
    for values, step_ms, held in given_steps:
        now_ms += step_ms
        is_held = np.array([held & 1, held & 2, held & 4], dtype=np.int8)
        results = [
            (
                module.update_quantile(np.array(values), np.full(3, now_ms), is_held, *own, 0.1, HOUR_MS),
                [array.tobytes() for array in own],
            )
            for module, own in states.items()
        ]
        assert results.count(results[0]) == len(results)


@pytest.mark.parametrize("n", [1, 200])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95, 1.0])
def test_it_is_numpys_percentile_of_the_means_of_the_last_bins(n, share):
    chance, track, means = np.random.default_rng(7), tracker(n, share=share), []
    none = np.zeros(n, dtype=np.int8)
    for hour in range(60):
        values = chance.normal(0.05, 0.02, (6, n))
        for number, row in enumerate(values):
            track.update(row, np.full(n, hour * HOUR_MS + 600_000 * number, dtype=np.int64), none)
        if hour:
            expected = np.percentile(np.array(means[-24:]), 100 * share, axis=0)
            np.testing.assert_allclose(track.quantile, expected, rtol=1e-12, atol=1e-15)
        means.append(values.mean(axis=0))


def test_it_works_on_two_hundred_thousand_elements():
    n = 200_000
    track, value, none = tracker(n, bins=3), np.linspace(0.0, 1.0, n), np.zeros(n, dtype=np.int8)
    for hour in range(3):
        track.update(value + hour, np.full(n, hour * HOUR_MS, dtype=np.int64), none)
    np.testing.assert_allclose(track.quantile, value + 0.1)     # bins of hours 0 and 1 have closed


def test_load_that_comes_and_goes_does_not_raise_the_natural_level():
    track = tracker()
    for hour in range(48):
        feed(track, hour, 0.3 if 8 <= hour % 24 < 20 else 0.02)
    assert track.quantile[0] == pytest.approx(0.02)


def test_nothing_is_known_before_the_first_bin_has_closed():
    track = tracker()
    feed(track, 0, 1.0, 2.0)
    assert np.isnan(track.quantile[0])
    feed(track, 1, 9.0)
    assert track.quantile[0] == 1.5
    assert (track.filled[0], track.closed[0]) == (1, 1)


def test_values_that_are_held_back_are_not_learned():
    track = tracker()
    for hour in range(5):
        feed(track, hour, 0.02)
    before = track.quantile[0]
    for hour in range(5, 60):
        feed(track, hour, 5.0, held=1)
    assert track.quantile[0] == before


@pytest.mark.parametrize("jump_h", [-1000, 1000])
def test_a_clock_that_was_set_changes_nothing_learned(jump_h):
    track = tracker()
    for hour in range(2000, 2030):
        feed(track, hour, 0.02)
    feed(track, 2030 + jump_h, 0.02)
    feed(track, 2031, 0.02)
    assert track.quantile[0] == pytest.approx(0.02)
    assert track.filled[0] >= 29


def test_forgotten_elements_start_anew_and_the_others_do_not():
    track = tracker(2)
    for hour in range(5):
        feed(track, hour, 0.02)
    track.forget(np.array([1]))
    assert track.quantile[0] == pytest.approx(0.02)
    assert np.isnan(track.quantile[1])
    assert track.filled.tolist() == [4, 0]


def test_the_front_refuses_what_does_not_fit():
    track, none = tracker(2), np.zeros(2, dtype=np.int8)
    with pytest.raises(ValueError, match="2 elements"):
        track.update(np.zeros(3), np.zeros(2, dtype=np.int64), none)
    with pytest.raises(ValueError, match="float64"):
        track.update(np.zeros(2, dtype=np.float32), np.zeros(2, dtype=np.int64), none)
    for wrong in ({"bins": 0}, {"share": 1.5}):
        with pytest.raises(ValueError, match="bins"):
            tracker(**wrong)
