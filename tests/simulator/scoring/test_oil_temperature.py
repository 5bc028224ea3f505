"""The model of the oil's temperature: it learns physics, looks at nothing that comes later, and a failing register does not move it."""

import numpy as np
import pytest

from simulator.scoring.oil_temperature import WARM_HOURS, foretell

HOURS = 2600


@pytest.fixture(scope="module")
def unit():
    """Oil with a time constant of 3 h, heated by the square of the load at an ambient that goes by the day; noise of a sensor."""
    chance = np.random.default_rng(4)
    hour = np.arange(HOURS)
    active = 3.0 + 2.0 * np.sin(2 * np.pi * (hour - 9) / 24) + np.convolve(chance.normal(0, 1.0, HOURS), np.ones(3) / 3, "same")
    loads = np.array([active, 0.3 * active + chance.normal(0, 0.1, HOURS)]).T
    ultimate = 15.0 + 5.0 * np.sin(2 * np.pi * (hour - 10) / 24) + 1.2 * active**2
    oil = np.empty(HOURS)
    oil[0] = ultimate[0]
    for t in range(1, HOURS):
        oil[t] = ultimate[t] + (oil[t - 1] - ultimate[t]) * np.exp(-1 / 3)
    return oil + chance.normal(0, 0.05, HOURS), loads, hour % 24


@pytest.fixture(scope="module")
def expected(unit):
    return foretell(*unit)


def test_what_physics_says_is_learned(unit, expected):
    oil_cel = unit[0]
    judged = slice(2000, None)
    persistence_k = np.abs(np.diff(oil_cel))[judged].mean()
    assert np.abs(oil_cel - expected)[judged].mean() < 0.25 * persistence_k


def test_nothing_is_foretold_before_the_features_are_scaled(expected):
    assert np.isnan(expected[:WARM_HOURS]).all()
    assert np.isfinite(expected[WARM_HOURS:]).all()


def test_what_comes_later_changes_nothing_before(unit, expected):
    oil_cel, loads, hour = (array.copy() for array in unit)
    oil_cel[1500:] += 40.0
    loads[1501:] *= 3.0
    assert np.array_equal(foretell(oil_cel, loads, hour)[:1501], expected[:1501], equal_nan=True)


def test_a_unit_that_runs_on_another_level_from_one_day_on_is_followed(unit, expected):
    oil_cel, loads, hour = (array.copy() for array in unit)
    oil_cel[1500:] += 300.0
    found = foretell(oil_cel, loads, hour)
    late = slice(2300, None)
    assert np.abs(oil_cel - found)[late].mean() < 2.0 * np.abs(unit[0] - expected)[late].mean()


def test_a_forecast_does_not_know_the_load_of_its_hour(unit):
    oil_cel, loads, hour = (array.copy() for array in unit)
    before = foretell(oil_cel, loads, hour, with_load_now=False)
    loads[1500] *= 3.0
    after = foretell(oil_cel, loads, hour, with_load_now=False)
    assert np.array_equal(after[:1501], before[:1501], equal_nan=True)
    assert after[1501] != before[1501]


def test_a_register_that_fails_for_some_hours_does_not_move_the_model(unit, expected):
    oil_cel, loads, hour = (array.copy() for array in unit)
    loads[1500:1510] = 1e6
    oil_cel[1600:1603] = -999.0
    found = foretell(oil_cel, loads, hour)
    assert np.isfinite(found[WARM_HOURS:]).all()
    late = slice(2300, None)
    assert np.abs(unit[0] - found)[late].mean() < 1.2 * np.abs(unit[0] - expected)[late].mean()
