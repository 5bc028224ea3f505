"""The load to come: the same hour of the past days, times today."""

import numpy as np
import pytest

from edge_agent.detect.load_forecast import LoadForecast

HOUR_MS = 3_600_000
DAY_0 = 20_000 * 24          # an hour that begins a day


def profile(hour_of_day):
    return 0.4 + 0.05 * hour_of_day


def learned(hours, *, factor=lambda hour: 1.0):
    forecast = LoadForecast()
    for hour in range(DAY_0, DAY_0 + hours):
        for quarter in range(4):
            load = factor(hour - DAY_0) * profile(hour % 24) * (0.9 + 0.2 * (quarter % 2))
            forecast.add(np.array([load, 2 * load, np.nan]), hour * HOUR_MS + quarter * HOUR_MS // 4)
    return forecast


def test_the_hours_to_come_are_those_of_the_past_days():
    ahead = learned(4 * 24 + 19).ahead((DAY_0 + 4 * 24 + 18) * HOUR_MS, 3, 3)
    assert ahead is None            # phase c has never been seen
    forecast = learned(4 * 24 + 19)
    forecast.state["hour_mean_pu"][..., 2] = 1.0
    ahead = forecast.ahead((DAY_0 + 4 * 24 + 18) * HOUR_MS, 3, 3)
    assert ahead[:, 0] == pytest.approx([profile(19), profile(20), profile(21)])
    assert ahead[:, 1] == pytest.approx(2 * ahead[:, 0])


def test_a_day_with_more_load_raises_the_hours_to_come_but_not_beyond_twice():
    for today, expected in ((1.2, 1.2), (5.0, 2.0), (0.1, 0.5)):
        forecast = learned(4 * 24 + 19, factor=lambda hour, today=today: today if hour >= 4 * 24 else 1.0)
        forecast.state["hour_mean_pu"][..., 2] = 1.0
        ahead = forecast.ahead((DAY_0 + 4 * 24 + 18) * HOUR_MS, 2, 3)
        assert ahead[:, 0] == pytest.approx([expected * profile(19), expected * profile(20)])


def test_before_enough_days_nothing_is_foretold_and_days_long_ago_do_not_count():
    forecast = learned(2 * 24 + 19)
    forecast.state["hour_mean_pu"][..., 2] = 1.0
    assert forecast.ahead((DAY_0 + 2 * 24 + 18) * HOUR_MS, 1, 3) is None
    forecast = learned(6 * 24)
    forecast.state["hour_mean_pu"][..., 2] = 1.0
    assert forecast.ahead((DAY_0 + 6 * 24 + 18) * HOUR_MS, 1, 3) is not None
    assert forecast.ahead((DAY_0 + 20 * 24 + 18) * HOUR_MS, 1, 3) is None


def test_midnight_is_crossed():
    forecast = learned(5 * 24 + 23)
    forecast.state["hour_mean_pu"][..., 2] = 1.0
    ahead = forecast.ahead((DAY_0 + 5 * 24 + 22) * HOUR_MS, 4, 3)
    assert ahead[:, 0] == pytest.approx([profile(23), profile(0), profile(1), profile(2)])


def test_a_clock_set_back_drops_the_hour_that_runs_and_forget_forgets_all():
    forecast = learned(4 * 24 + 19)
    before = forecast.state["hour_mean_pu"].copy()
    forecast.add(np.full(3, 9.0), DAY_0 * HOUR_MS)
    assert np.array_equal(forecast.state["hour_mean_pu"], before, equal_nan=True)
    forecast.forget()
    assert np.isnan(forecast.state["hour_mean_pu"]).all()
    assert forecast.ahead((DAY_0 + 4 * 24 + 18) * HOUR_MS, 1, 1) is None
