"""The robust slope: the bits of the plain twin, the weighted least squares of numpy, a standard error that says what it should."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.impedance import N_SUMS, slope_of, update_impedance

RULE = {"memory_steps": 200.0, "scale_step": 0.05, "scale_min": 0.02}
odd = st.one_of(st.floats(-50, 50), st.sampled_from([0.0, 0.3, -0.3, float("nan"), float("inf"), 1e-300]))
rows = st.lists(st.tuples(*[st.lists(odd, min_size=3, max_size=3)] * 2), min_size=1, max_size=20)


def twins():
    found = [importlib.import_module("cython_ext._impedance_reference")]
    return [*found, importlib.import_module("cython_ext._impedance")] if cython_ext.COMPILED else found


def state(n, scale=0.2):
    return [np.zeros((2, n)), np.full(n, scale), np.zeros((N_SUMS, n))]


def sums_of(x, y, x_min=0.3, scale=0.2):
    """x, y: shape (t, n)."""
    held = state(x.shape[1], scale)
    for step_x, step_y in zip(x, y, strict=True):
        update_impedance(step_x, step_y, np.full(x.shape[1], x_min), *held, **RULE)
    return held[2]


@settings(max_examples=200, deadline=None)
@given(rows)
def test_kernel_and_twin_agree_to_the_bit(steps):
    states = {module: state(3) for module in twins()}
    for x, y in steps:
        results = [
            (
                module.update_impedance(np.array(x), np.array(y), np.full(3, 0.3), *held, 0.99, 1.05, 0.02),
                [array.tobytes() for array in held],
            )
            for module, held in states.items()
        ]
        assert results.count(results[0]) == len(results)


def test_where_no_weight_falls_it_is_plain_least_squares_with_its_sandwich():
    chance = np.random.default_rng(1)
    x = chance.normal(0.0, 5.0, (300, 1))
    y = -0.2 * x + chance.uniform(-0.1, 0.1, (300, 1))
    found = slope_of(sums_of(x, y, x_min=0.0, scale=1e9))          # nothing is beyond 2.22 times such a scale while it falls
    wanted = -float((x * y).sum() / (x * x).sum())
    residual = y + wanted * x
    leverage = float((x**4).sum() / (x**2).sum() ** 2)
    sandwich = float(np.sqrt((x**2 * residual**2).sum()) / (x**2).sum()) / np.sqrt(1.0 - leverage)
    plain = float(np.sqrt((residual**2).sum() / 299.0 / (x**2).sum())) / np.sqrt(1.0 - leverage)
    assert found.r[0] == pytest.approx(wanted, rel=1e-9)
    assert found.se[0] == pytest.approx(max(sandwich, plain), rel=1e-6)
    assert found.count[0] == 300


def test_the_standard_error_is_the_spread_of_the_estimate():
    chance = np.random.default_rng(2)
    x = np.where(chance.random((400, 500)) < 0.1, 1.0, 0.2) * chance.normal(0.0, 5.0, (400, 500))
    y = -0.2 * x + chance.standard_t(3, (400, 500)) * 0.1
    found = slope_of(sums_of(x, y))
    z = (found.r - 0.2) / found.se
    assert abs(z.mean()) < 0.2
    assert 0.8 < z.std() < 1.3
    assert (np.abs(z) > 4.0).mean() <= 0.004


def test_wild_steps_of_others_do_not_pull_the_slope():
    chance = np.random.default_rng(3)
    x = chance.normal(0.0, 3.0, (400, 200))
    y = -0.2 * x + chance.normal(0.0, 0.1, x.shape) + np.where(chance.random(x.shape) < 0.03, chance.normal(0.0, 10.0, x.shape), 0.0)
    robust = slope_of(sums_of(x, y)).r
    plain = -(x * y).sum(axis=0) / (x * x).sum(axis=0)
    assert np.abs(robust - 0.2).mean() < 0.5 * np.abs(plain - 0.2).mean()


def test_a_step_of_the_resistance_is_followed():
    chance = np.random.default_rng(4)
    x = chance.normal(0.0, 5.0, (400, 50))
    r = np.where(np.arange(400) < 200, 0.15, 0.6)[:, None]
    y = -r * x + chance.normal(0.0, 0.1, x.shape)
    held = state(50)
    for step_x, step_y in zip(x, y, strict=True):
        update_impedance(step_x, step_y, np.full(50, 0.3), *held, **RULE)
        if held[2][0, 0] == 300:
            held[2][:] = 0.0
    found = slope_of(held[2])
    assert np.abs(found.r - 0.6).max() < 0.03


def test_sums_of_stretches_add_up():
    chance = np.random.default_rng(5)
    x, y = chance.normal(0.0, 5.0, (2, 200, 3))
    held, parts = state(3), []
    for step_x, step_y in zip(x, y, strict=True):
        update_impedance(step_x, step_y, np.full(3, 0.3), *held, **RULE)
        if held[2][0].max() >= 50:
            parts.append(held[2].copy())
            held[2][:] = 0.0
    whole = slope_of(sums_of(x, y))
    together = slope_of(np.sum([*parts, held[2]], axis=0))
    assert together.r == pytest.approx(whole.r)
    assert together.se == pytest.approx(whole.se)


def test_a_slope_that_one_large_step_carries_is_not_sure():
    x = np.concatenate([np.full((50, 1), 0.31), [[30.0]]])
    y = np.where(x > 1.0, -9.0, np.random.default_rng(6).normal(0.0, 0.1, x.shape))
    assert slope_of(sums_of(x, y)).se[0] > 0.05


def test_two_steps_and_small_steps_say_nothing():
    assert np.isnan(slope_of(sums_of(np.full((2, 1), 5.0), np.full((2, 1), -1.0))).r[0])
    assert sums_of(np.full((20, 1), 0.29), np.ones((20, 1))).sum() == 0.0


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="elements"):
        update_impedance(np.zeros(2), np.zeros(3), np.zeros(2), *state(2), **RULE)
    with pytest.raises(ValueError, match="float64"):
        update_impedance(np.zeros(2, dtype=np.float32), np.zeros(2), np.zeros(2), *state(2), **RULE)
    with pytest.raises(ValueError, match="at least 1"):
        update_impedance(np.zeros(2), np.zeros(2), np.zeros(2), *state(2), **(RULE | {"memory_steps": 0.5}))
