"""Complex recursive least squares: kernel and twin, what the front refuses, weighted least squares by numpy."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.complex_rls import standard_error, update_complex_rls

RULES = {"least_x": 1.0, "keep": 0.95, "clip": 3.0, "noise": 0.1}
parts = st.one_of(st.floats(-100, 100), st.sampled_from([0.0, 1.0, 1e200, float("nan"), float("inf")]))


def state(n=1):
    return [np.zeros(n, dtype=complex), np.zeros(n), np.zeros(n), np.zeros(n)]


def fitted(y, x, **changes):
    """One element, step by step."""
    found = state()
    for one_y, one_x in zip(y, x, strict=True):
        update_complex_rls(np.array([one_y], dtype=complex), np.array([one_x], dtype=complex), *found, **RULES | changes)
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.tuples(parts, parts, parts, parts), min_size=3, max_size=3), min_size=1, max_size=15))
def test_kernel_and_twin_agree_to_the_bit(steps):
    results = []
    for name in ["_complex_rls_reference", *(["_complex_rls"] if cython_ext.COMPILED else [])]:
        arrays, taken = [np.zeros(6), np.zeros(3), np.zeros(3), np.zeros(3)], []
        for rows in steps:
            values = np.array(rows)
            y, x = np.ascontiguousarray(values[:, :2]).reshape(-1), np.ascontiguousarray(values[:, 2:]).reshape(-1)
            taken.append(importlib.import_module(f"cython_ext.{name}").update_complex_rls(y, x, *arrays, *RULES.values()))
        results.append((taken, [array.tobytes() for array in arrays]))
    assert results.count(results[0]) == len(results)


@pytest.mark.parametrize("keep", [1.0, 0.97, 0.9])
def test_without_clipping_it_is_weighted_least_squares(keep):
    chance = np.random.default_rng(2)
    x = chance.normal(0, 5, 200) + 1j * chance.normal(0, 5, 200)
    y = (0.3 + 0.1j) * x + chance.normal(0, 0.5, 200) + 1j * chance.normal(0, 0.5, 200)
    taken = np.abs(x) > 1.0
    z, energy, weight, squares = fitted(y, x, keep=keep, clip=1e9)
    weights = keep ** np.arange(taken.sum())[::-1]
    root = np.sqrt(weights)
    solved, residual, _, _ = np.linalg.lstsq((root * x[taken])[:, None], root * y[taken], rcond=None)
    assert z[0] == pytest.approx(solved[0], rel=1e-10)
    assert squares[0] == pytest.approx(residual[0], rel=1e-9)
    assert weight[0] == pytest.approx(weights.sum())
    assert energy[0] == pytest.approx((weights * np.abs(x[taken]) ** 2).sum())


def test_the_standard_error_is_the_spread_of_repeated_estimates():
    chance = np.random.default_rng(5)
    n, steps = 2000, 40
    found = state(n)
    for _ in range(steps):
        x = chance.normal(0, 5, n) + 1j * chance.normal(0, 5, n)
        noise = chance.normal(0, 0.5, n) + 1j * chance.normal(0, 0.5, n)
        update_complex_rls((0.2 + 0.05j) * x + noise, x, *found, **RULES | {"keep": 1.0, "clip": 1e9})
    error = standard_error(*found[1:])
    spread = np.sqrt((np.abs(found[0] - (0.2 + 0.05j)) ** 2).mean())
    assert np.median(error) == pytest.approx(spread, rel=0.05)


def test_one_wild_step_hardly_moves_the_coefficient_and_a_lasting_change_does():
    chance = np.random.default_rng(8)
    x = chance.normal(0, 5, 120) + 1j * chance.normal(0, 5, 120)
    y = 0.2 * x + chance.normal(0, 0.1, 120)
    y[60] += 200.0
    assert fitted(y[:61], x[:61])[0][0].real == pytest.approx(0.2, abs=0.03)
    y = np.where(np.arange(120) < 60, 0.2, 0.7) * x + chance.normal(0, 0.1, 120)
    assert fitted(y, x)[0][0].real == pytest.approx(0.7, abs=0.05)


def test_small_steps_and_what_is_no_number_are_not_taken():
    found = state(4)
    x = np.array([1.0, 0.5, np.nan, 2.0], dtype=complex)
    y = np.array([1.0, 1.0, 1.0, np.inf], dtype=complex)
    assert update_complex_rls(y, x, *found, **RULES) == 0
    assert not any(array.any() for array in found)
    assert np.isinf(standard_error(*found[1:])).all()


def test_a_night_without_steps_changes_nothing():
    found = fitted([2.0, 4.0, 6.1], [10.0, 20.0, 30.0])
    before = [array.copy() for array in found]
    for _ in range(1000):
        update_complex_rls(np.array([0.0j]), np.array([0.3 + 0j]), *found, **RULES)
    assert all(np.array_equal(a, b) for a, b in zip(found, before, strict=True))


def test_arrays_and_parameters_that_do_not_fit_are_refused():
    y = np.zeros(2, dtype=complex)
    with pytest.raises(ValueError, match="2 elements"):
        update_complex_rls(y, np.zeros(3, dtype=complex), *state(2), **RULES)
    with pytest.raises(ValueError, match="complex128 elements"):
        update_complex_rls(y, np.zeros(2), *state(2), **RULES)
    for changes in ({"keep": 0.0}, {"keep": 1.1}, {"clip": 0.0}, {"noise": 0.0}, {"least_x": -1.0}):
        with pytest.raises(ValueError, match="must"):
            update_complex_rls(y, y, *state(2), **RULES | changes)
