"""Features of an hour of 10 s readings, against values worked out by hand."""

import math

import numpy as np
import pytest

from edge_agent.detect.appliance_power import POWER_FEATURES, SHORTEST, power_features


def feature(active, reactive, name):
    return power_features(active, reactive)[POWER_FEATURES.index(name)]


def cycling(on_w=80.0, off_w=2.0, period=40, on=10, readings=360):
    return np.where(np.arange(readings) % period < on, on_w, off_w)


def test_a_fridge_that_cycles_is_on_for_its_share_of_the_time():
    p = cycling()
    none = np.zeros_like(p)
    assert feature(p, none, "share_on") == pytest.approx(0.25)
    assert feature(p, none, "times_on") == 9
    assert feature(p, none, "on_longest") == 10
    assert feature(p, none, "on_median") == 10
    assert feature(p, none, "off_median") == 30
    assert feature(p, none, "steps") == 17


def test_power_factor_is_that_of_the_time_it_is_on_and_of_the_time_it_is_off():
    p = cycling(on_w=80.0, off_w=3.0)
    q = np.where(p > 10, 60.0, -4.0)
    assert feature(p, q, "power_factor_on") == pytest.approx(0.8)
    assert feature(p, q, "power_factor_off") == pytest.approx(0.6)
    assert feature(p, q, "reactive_share_off") == pytest.approx(-0.8)
    assert feature(p, q, "reactive_per_active_step") == pytest.approx(64 / 77)


def test_levels_are_orders_of_magnitude():
    flat = np.full(100, 9.9)
    assert feature(flat, np.zeros(100), "active_mean") == pytest.approx(math.log(100))
    assert feature(flat, np.zeros(100), "share_on") == 1.0


def test_autocorrelation_is_that_of_the_textbook():
    p = np.random.default_rng(1).normal(100.0, 10.0, 300).cumsum()
    x = p - p.mean()
    assert feature(p, np.zeros(300), "autocorrelation_6") == pytest.approx(np.correlate(x[6:], x[:-6])[0] / np.correlate(x, x)[0])


def test_a_reading_that_is_missing_is_the_one_before():
    p = cycling()
    holed, filled = p.copy(), p.copy()
    holed[[0, 13, 200]] = np.nan
    filled[0], filled[13], filled[200] = filled[1], filled[12], filled[199]
    assert power_features(holed, np.zeros(360)) == pytest.approx(power_features(filled, np.zeros(360)))


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_readings_the_features_are_finite(seed):
    random = np.random.default_rng(seed)
    n = int(random.integers(SHORTEST, 500))
    p = random.choice([0.0, 1.0, -500.0, 1e6], n) * random.choice([0, 1], n) * (random.random() < 0.8)
    assert np.isfinite(power_features(p, random.normal(0, 1, n))).all(), seed


def test_too_few_or_no_readings_are_refused():
    with pytest.raises(ValueError, match="needs at least"):
        power_features(np.ones(SHORTEST - 1), np.ones(SHORTEST - 1))
    with pytest.raises(ValueError, match="needs at least"):
        power_features(np.ones(50), np.ones(49))
    with pytest.raises(ValueError, match="at least one number"):
        power_features(np.full(50, np.nan), np.ones(50))


def test_no_more_than_64_features_and_each_has_a_name():
    assert len(POWER_FEATURES) == len(set(POWER_FEATURES)) <= 64
    assert len(power_features(cycling(), cycling())) == len(POWER_FEATURES)
