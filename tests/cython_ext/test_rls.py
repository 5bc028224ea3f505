"""Recursive least squares: the bits of the plain twin, and what numpy's least squares gives for the whole stretch at once."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.rls import update_rls

odd = st.one_of(st.floats(-50, 50), st.sampled_from([0.0, 0.3, -0.3, float("nan"), float("inf"), float("-inf"), 1e-300]))
rows = st.lists(st.tuples(*[st.lists(odd, min_size=3, max_size=3)] * 3), min_size=1, max_size=20)


def twins():
    found = [importlib.import_module("cython_ext._rls_reference")]
    return [*found, importlib.import_module("cython_ext._rls")] if cython_ext.COMPILED else found


def state(n, covariance=1e3, variance=1.0):
    return [np.zeros((2, n)), np.array([np.full(n, covariance), np.zeros(n), np.full(n, covariance)]), np.full(n, variance)]


def run(x, y, *, forgetting=1.0, x_min=0.0, covariance=1e3, clip=1e9, covariance_max=1e12):
    """One element over time."""
    theta, covariances, variance = state(1, covariance)
    for step, value in zip(x.T, y, strict=True):
        update_rls(
            np.ascontiguousarray(step[:, None]), np.array([value]), np.array([x_min]), theta, covariances, variance,
            forgetting=forgetting, covariance_max=covariance_max, clip_sigma=clip,
        )
    return theta[:, 0], covariances[:, 0]


@settings(max_examples=200, deadline=None)
@given(rows)
def test_kernel_and_twin_agree_to_the_bit(steps):
    states = {module: state(3) for module in twins()}
    for x1, x2, y in steps:
        results = [
            (
                module.update_rls(np.array([x1, x2]), np.array(y), np.full(3, 0.3), *held, 0.99, 1e3, 3.0),
                [array.tobytes() for array in held],
            )
            for module, held in states.items()
        ]
        assert results.count(results[0]) == len(results)


def test_without_forgetting_it_is_the_least_squares_of_numpy():
    chance = np.random.default_rng(3)
    x = chance.normal(0.0, 5.0, (2, 400))
    y = 0.25 * x[0] + 0.08 * x[1] + chance.normal(0.0, 0.1, 400)
    wanted, *_ = np.linalg.lstsq(x.T, y, rcond=None)
    assert run(x, y, covariance=1e9)[0] == pytest.approx(wanted, rel=1e-6)


def test_with_forgetting_it_is_weighted_least_squares():
    chance = np.random.default_rng(4)
    x = chance.normal(0.0, 5.0, (2, 300))
    y = 0.25 * x[0] + 0.08 * x[1] + chance.normal(0.0, 0.1, 300)
    root = 0.98 ** (np.arange(299, -1, -1) / 2.0)
    wanted, *_ = np.linalg.lstsq((x * root).T, y * root, rcond=None)
    assert run(x, y, forgetting=0.98, covariance=1e9)[0] == pytest.approx(wanted, rel=1e-5)


def test_a_night_without_steps_of_one_regressor_does_not_wind_its_covariance_up():
    chance = np.random.default_rng(5)
    x = np.array([chance.normal(0.0, 5.0, 20_000), np.zeros(20_000)])
    _, (p11, p12, p22) = run(x, 0.25 * x[0], forgetting=0.99, covariance=10.0, covariance_max=10.0)
    assert p22 == 10.0
    assert p11 < 0.01
    assert p12 * p12 <= p11 * p22


def test_one_wild_step_moves_the_estimate_little():
    chance = np.random.default_rng(6)
    x = np.array([chance.normal(0.0, 5.0, 500), np.zeros(500)])
    y = 0.25 * x[0] + chance.normal(0.0, 0.05, 500)
    y[-1] += 100.0
    (clipped, _), _ = run(x, y, forgetting=0.99, clip=3.0)
    (plain, _), _ = run(x, y, forgetting=0.99)
    assert abs(clipped - 0.25) < 0.01 < abs(plain - 0.25)


def test_steps_that_say_nothing_leave_the_state_as_it_was():
    held = state(4)
    before = [array.copy() for array in held]
    x = np.array([[0.2, np.nan, 5.0, 5.0], [1.0, 1.0, np.inf, 1.0]])
    y = np.array([1.0, 1.0, 1.0, np.nan])
    assert update_rls(x, y, np.full(4, 0.3), *held, forgetting=0.99, covariance_max=1e3, clip_sigma=3.0) == 0
    assert all(np.array_equal(now, then) for now, then in zip(held, before, strict=True))


@pytest.mark.parametrize("change", [{"forgetting": 0.0}, {"forgetting": 1.1}, {"covariance_max": 0.0}, {"clip_sigma": -1.0}])
def test_constants_out_of_their_range_are_refused(change):
    rule = {"forgetting": 0.99, "covariance_max": 1e3, "clip_sigma": 3.0} | change
    with pytest.raises(ValueError, match="must"):
        update_rls(np.zeros((2, 1)), np.zeros(1), np.zeros(1), *state(1), **rule)


def test_arrays_that_do_not_fit_are_refused():
    rule = {"forgetting": 0.99, "covariance_max": 1e3, "clip_sigma": 3.0}
    with pytest.raises(ValueError, match="elements"):
        update_rls(np.zeros((2, 2)), np.zeros(3), np.zeros(3), *state(3), **rule)
    with pytest.raises(ValueError, match="float64"):
        update_rls(np.zeros((2, 3), dtype=np.float32), np.zeros(3), np.zeros(3), *state(3), **rule)
