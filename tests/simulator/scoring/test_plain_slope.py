"""The plain slope of each day, against series whose resistance is known."""

import numpy as np
import pytest

from simulator.scoring.plain_slope import daily_rises, slope_ohm


def day(ohm, seed):
    amperes = np.random.default_rng(seed).uniform(0.0, 20.0, 200)
    return 230.0 - ohm * amperes, amperes


def test_the_slope_is_the_resistance():
    assert slope_ohm(*day(0.2, 1), 0.3) == pytest.approx(0.2)
    assert np.isnan(slope_ohm(np.full(50, 230.0), np.full(50, 5.0), 0.3))


def test_the_days_that_rose_are_named():
    days = [day(ohm, seed) for seed, ohm in enumerate((0.2, 0.2, 0.24, 0.3, 0.2))]
    volts, amperes = (np.concatenate(columns) for columns in zip(*days, strict=True))
    assert daily_rises(volts, amperes, x_min_a=0.3, steps_per_day=200, rise_ohm=0.06) == [3]
