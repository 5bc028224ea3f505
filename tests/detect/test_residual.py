"""Residual current: the truth table of the standard, natural leakage, steps and who made them, trends; what must not alarm."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from edge_agent.detect.daily_trend import DAYS, DailyValues, is_rising, theil_sen
from edge_agent.detect.fire.residual import ResidualDetector, ResidualSettings
from edge_agent.model import Archive, Meter, Role, Stage
from tests.detect.areas import at, frame, sample

DAY_S = 86_400


def archive(*roles):
    roles = roles or (Role.CUSTOMER,)
    return Archive("area-1", tuple(
        Meter(id=f"m{i}", index=i, profile="p", bus="b", node="f1/x1" if role is Role.CUSTOMER else "", role=role)
        for i, role in enumerate(roles)
    ))  # fmt: skip


class Watch:
    """A detector and its frame; ``feed`` polls meter 0 (others too where named)."""

    def __init__(self, *roles, **settings):
        self.archive = archive(*roles)
        self.detector = ResidualDetector(self.archive, ResidualSettings(**settings))
        self.frame, self.second, self.found = frame(len(self.archive.meters)), 0.0, []

    def feed(self, residual_a, for_s, every_s=1.0, **currents_a):
        for number in range(round(for_s / every_s)):
            self.second += every_s
            self.frame.now_utc_ms = at(self.second)
            value = residual_a(number) if callable(residual_a) else residual_a
            columns = {} if value is None else {"current_residual_a": value}
            for index in range(len(self.archive.meters)):
                current = {"current_a__a": currents_a[f"m{index}"]} if f"m{index}" in currents_a else {}
                self.frame.take(sample(index, self.second, **current, **(columns if index == 0 else {})))
            self.found += self.detector.update(self.frame)
        return self

    def told(self, kind="residual.level"):
        return [finding.stage for finding in self.found if finding.kind == kind]


# The table of GB 14287.2: setpoint 20..1000 mA, no alarm below 80 %, alarm at 100 % within 30 s; the agent's own threshold lies between.
SETPOINTS_A = (0.02, 0.03, 0.1, 0.3, 0.5, 1.0)
RATIOS = (0.8, 0.85, 0.9, 1.0)
DELAYS_S = (0.0, 5.0, 10.0, 30.0)


@pytest.mark.parametrize(("setpoint_a", "alarm_ratio", "begin_s"), list(itertools.product(SETPOINTS_A, RATIOS, DELAYS_S)))
def test_the_table_of_setpoint_band_and_delay(setpoint_a, alarm_ratio, begin_s):
    settings = {
        "setpoint_a": setpoint_a, "alarm_ratio": alarm_ratio, "release_ratio": 0.7, "begin_s": begin_s, "subtract_natural": False,
        "step_a": 1.0,
    }  # fmt: skip
    exact_a = round(alarm_ratio * setpoint_a, 6)
    assert Watch(**settings).feed(0.79 * setpoint_a, 40).told() == []
    assert Watch(**settings).feed(exact_a - 1e-6, 40).told() == []
    assert Watch(**settings).feed(exact_a, 31).told() == [Stage.BEGIN]
    assert Watch(**settings).feed(setpoint_a, 31).told() == [Stage.BEGIN]
    watch = Watch(**settings).feed(setpoint_a, begin_s)           # one second short of the delay
    assert watch.told() == []
    assert watch.feed(setpoint_a, 1).told() == [Stage.BEGIN]


@pytest.mark.parametrize("is_latched", [False, True])
@pytest.mark.parametrize(("release_ratio", "falls_to", "ends"), [
    (0.8, 0.81, False), (0.8, 0.8, True), (0.8, 0.0, True), (0.5, 0.79, False), (0.5, 0.5, True), (0.5, 0.51, False),
])  # fmt: skip
def test_the_table_of_hysteresis_and_latch(is_latched, release_ratio, falls_to, ends):
    watch = Watch(release_ratio=release_ratio, is_latched=is_latched, end_s=30.0, subtract_natural=False, step_a=1.0)
    watch.feed(0.4, 20).feed(0.3 * falls_to, 60)
    assert watch.told() == ([Stage.BEGIN, Stage.END] if ends and not is_latched else [Stage.BEGIN])


def test_a_return_shorter_than_its_delay_does_not_end_it():
    watch = Watch(is_latched=False, step_a=1.0).feed(0.4, 20)
    for _ in range(5):
        watch.feed(0.0, 29).feed(0.4, 5)
    assert watch.told() == [Stage.BEGIN]


def test_a_latched_alarm_ends_when_somebody_has_looked_and_begins_anew_where_the_leak_is_still_there():
    watch = Watch(step_a=1.0).feed(0.4, 20).feed(0.0, 600)
    assert watch.told() == [Stage.BEGIN]
    watch.detector.relearn([0])
    assert watch.detector.conditions()
    watch.feed(0.0, 1)
    assert watch.told() == [Stage.BEGIN, Stage.END]
    assert watch.detector.conditions() == set()
    watch.feed(0.4, 20)
    watch.detector.relearn([0])
    watch.feed(0.4, 20)
    assert watch.told()[2:] == [Stage.BEGIN, Stage.END, Stage.BEGIN]


def test_a_reset_ends_it_also_where_the_sensor_is_silent_since():
    watch = Watch(step_a=1.0).feed(0.4, 20)
    watch.detector.relearn([0])
    saved = watch.detector.save()
    watch.detector = ResidualDetector(watch.archive, ResidualSettings(step_a=1.0))
    watch.detector.load(saved)
    watch.feed(None, 1)
    assert watch.told() == [Stage.BEGIN, Stage.END]


@pytest.mark.parametrize(("field", "value"), [
    ("setpoint_a", 0.019), ("setpoint_a", 1.01), ("main_setpoint_a", 2.0), ("alarm_ratio", 0.79), ("alarm_ratio", 1.01),
    ("release_ratio", 0.9), ("release_ratio", 0.0), ("begin_s", 31.0), ("begin_s", -1.0), ("end_s", -1.0), ("max_gap_s", 0.0),
    ("step_a", 0.001), ("step_sigmas", 1.0), ("trend_a_per_day", 0.0), ("step_s", 0.0), ("setpoint_a", math.nan),
])  # fmt: skip
def test_settings_outside_their_physical_range_are_refused_with_the_reason(field, value):
    with pytest.raises(ValueError, match=field):
        ResidualSettings(**{field: value})


def test_the_meter_at_the_transformer_has_the_setpoint_of_the_mains():
    assert Watch(Role.AREA).feed(0.44, 60).told() == []
    assert Watch(Role.AREA).feed(0.46, 60).told() == [Stage.BEGIN]


def test_natural_leakage_is_subtracted_once_a_day_of_it_is_known():
    watch = Watch(step_a=1.0).feed(0.1, 26 * 3600, every_s=60).feed(0.35, 300, every_s=10)
    assert watch.told() == []                         # 0.9 x (0.3 + 0.1) = 0.36
    assert watch.feed(0.361, 300, every_s=10).told() == [Stage.BEGIN]


def test_natural_leakage_never_lifts_the_setpoint_above_500_ma():
    watch = Watch(step_a=1.0, setpoint_a=0.3).feed(0.26, 26 * 3600, every_s=60)
    assert watch.told() == []
    assert watch.feed(0.449, 300, every_s=10).told() == []
    assert watch.feed(0.451, 300, every_s=10).told() == [Stage.BEGIN]


def test_what_is_on_does_not_become_natural():
    watch = Watch(step_a=1.0).feed(0.02, 26 * 3600, every_s=60).feed(0.4, 48 * 3600, every_s=60)
    (begin,) = [finding for finding in watch.found if finding.kind == "residual.level"]
    assert dict(begin.evidence)["natural_leakage_a"] == pytest.approx(0.02)
    assert begin.threshold == pytest.approx(0.9 * 0.32)


@pytest.mark.parametrize("every_s", [1.0, 60.0, 900.0])
def test_a_step_is_told_and_dated_from_its_first_value(every_s):
    watch = Watch().feed(0.05, 7200, every_s=every_s)
    before_s = watch.second
    watch.feed(0.09, max(30.0, 2 * every_s), every_s=every_s)
    (step,) = [finding for finding in watch.found if finding.kind == "residual.step"]
    assert step.at_utc_ms == at(before_s + every_s)
    assert step.observed == pytest.approx(0.04)


def test_a_step_ends_when_the_leakage_is_gone():
    watch = Watch().feed(0.05, 1200).feed(0.09, 60).feed(0.05, 60)
    assert watch.told("residual.step") == [Stage.BEGIN, Stage.END]


def who(watch):
    (step,) = [finding for finding in watch.found if finding.kind == "residual.step" and finding.stage is Stage.BEGIN]
    return step.meters


@pytest.mark.parametrize("every_s", [1.0, 60.0])
def test_a_step_names_who_switched_on_at_that_moment(every_s):
    watch = Watch(Role.AREA, *[Role.CUSTOMER] * 3)
    watch.feed(0.05, 3600, every_s=every_s, m1=2.0, m2=1.0, m3=5.0)
    watch.feed(0.12, 3 * every_s + 10, every_s=every_s, m1=2.5, m2=9.0, m3=1.0)
    assert who(watch) == ("m2",)


def test_nobody_is_named_where_two_switched_on_alike_or_none_did():
    for later in ({"m1": 7.0, "m2": 8.0}, {"m1": 2.0, "m2": 1.0}):
        watch = Watch(Role.AREA, Role.CUSTOMER, Role.CUSTOMER).feed(0.05, 1200, m1=2.0, m2=1.0).feed(0.12, 10, **later)
        assert who(watch) == ("m0",)


def test_who_switched_on_long_before_is_not_named():
    watch = Watch(Role.AREA, Role.CUSTOMER).feed(0.05, 1200, m1=2.0).feed(0.05, 60, m1=12.0).feed(0.12, 10, m1=12.0)
    assert who(watch) == ("m0",)


def test_the_slope_is_that_of_scipy():
    days = np.random.default_rng(2).normal(0.0, 0.01, (50, DAYS)) + 0.004 * np.arange(DAYS)
    expected = [stats.theilslopes(row, np.arange(DAYS))[0] for row in days]
    np.testing.assert_allclose(theil_sen(days), expected, rtol=1e-12)


def test_a_rise_by_chance_is_as_rare_as_kendalls_table_says():
    chance = np.random.default_rng(3).normal(size=(20_000, DAYS))
    assert is_rising(chance).mean() == pytest.approx(0.031, abs=0.005)
    assert is_rising(np.arange(DAYS, dtype=float)[None, :])[0]


def test_one_wild_day_moves_the_slope_little():
    days = DailyValues(1)
    for day in range(DAYS):
        (slope,) = days.push(np.array([0]), np.array([0.02 + 0.006 * day + (5.0 if day == 3 else 0.0)]))
    assert slope == pytest.approx(0.006, rel=0.2)


@pytest.mark.parametrize(("a_per_day", "told"), [(0.0, []), (0.004, []), (0.006, [Stage.BEGIN]), (0.02, [Stage.BEGIN])])
def test_leakage_that_rises_for_a_week_is_a_trend(a_per_day, told):
    watch = Watch(setpoint_a=1.0, main_setpoint_a=1.0)
    watch.feed(lambda n: 0.02 + a_per_day * n * 900 / DAY_S, 10 * DAY_S, every_s=900)
    assert watch.told("residual.trend") == told
    assert watch.told() == watch.told("residual.step") == []
    for finding in watch.found:
        assert finding.observed == pytest.approx(a_per_day, rel=0.05)


def test_a_trend_ends_when_the_leakage_no_longer_rises():
    watch = Watch(setpoint_a=1.0, main_setpoint_a=1.0).feed(lambda n: 0.02 + 0.01 * n * 900 / DAY_S, 9 * DAY_S, every_s=900)
    watch.feed(0.11, 9 * DAY_S, every_s=900)
    assert watch.told("residual.trend") == [Stage.BEGIN, Stage.END]


@pytest.mark.parametrize("bad", [
    lambda n: 655.35 if n % 7 == 0 else 0.02,          # a register that overflows now and then
    lambda n: 0.9 if n % 300 == 0 else 0.02,           # single odd values
    lambda n: math.nan if n % 2 else 0.02,
    lambda n: math.inf if n % 2 else 0.02,
    lambda n: 0.02 + 0.01 * (n % 2),                   # quantised to 10 mA
    lambda n: -0.02,                                   # a sensor that was put in the wrong way round
], ids=["overflow", "spikes", "nan", "inf", "quantised", "negative"])  # fmt: skip
def test_bad_values_are_no_alarm(bad):
    watch = Watch().feed(bad, 7200)
    assert watch.found == []
    assert watch.feed(0.4, 60).told() == [Stage.BEGIN]      # and the detector still works


def test_a_clock_that_is_set_back_and_forth_is_no_alarm():
    watch = Watch()
    for jump_s in (-5000, 90_000, -400_000, 10 * DAY_S):
        watch.feed(0.05, 1800, every_s=10)
        watch.second += jump_s
    assert watch.feed(0.05, 1800, every_s=10).found == []


def test_a_jump_across_a_long_pause_is_no_step():
    watch = Watch().feed(0.05, 3600, every_s=10)
    watch.second += 2 * DAY_S
    assert watch.feed(0.12, 3600, every_s=10).found == []


def test_nothing_is_saved_of_meters_without_a_sensor():
    many = ResidualDetector(archive(*[Role.CUSTOMER] * 500), ResidualSettings())
    few = ResidualDetector(archive(), ResidualSettings())
    assert len(many.save()) - len(few.save()) < 40 * 500       # the names of the meters, twice, and nothing else
