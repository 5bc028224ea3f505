"""The winding's limit: reached, near, foretold in summer; per phase; what is not known; what is forgotten on command."""

import random

import numpy as np
import pytest

from edge_agent.detect.load.hot_spot import HotSpotDetector, HotSpotSettings
from edge_agent.model import Stage
from tests.detect.areas import at, frame, sample
from tests.detect.days.transformer import RATED_A, archive


def told(loads_pu, *, step_s=60.0, ambient_cel=20.0, detector=None, start_s=0.0, **settings):
    """Findings with (a, b, c) loads, or one for all three, one each step."""
    detector, area, found = detector or HotSpotDetector(archive(1), HotSpotSettings(**settings)), frame(1), []
    for number, load in enumerate(loads_pu):
        second = start_s + number * step_s
        area.now_utc_ms = at(second)
        a, b, c = load if isinstance(load, tuple) else (load,) * 3
        columns = {"current_a__a": a * RATED_A, "current_a__b": b * RATED_A, "current_a__c": c * RATED_A}
        if ambient_cel is not None:
            columns["ambient_temperature_cel"] = ambient_cel
        area.take(sample(0, second, **columns))
        found += detector.update(area)
    return found


def minutes(finding, since_s=0.0):
    return (finding.at_utc_ms - at(since_s)) / 60_000


@pytest.mark.parametrize(("ambient_cel", "load_pu", "limit_min"), [(-2, 2.0, 78.5), (-2, 2.2, 44.5), (20, 1.8, 69.5), (20, 2.0, 35.0)])
def test_an_alarm_comes_half_an_hour_before_the_limit_where_there_is_half_an_hour(ambient_cel, load_pu, limit_min):
    found = told([0.6] * 10 + [load_pu] * 90, ambient_cel=ambient_cel)
    alarm = next(finding for finding in found if finding.severity == "alarm")
    lead_min = 9 + limit_min - minutes(alarm)      # the load acts from the reading before it on
    assert lead_min >= min(30.0, limit_min - 6.0)
    assert dict(alarm.evidence)["minutes_to_limit_at_this_load"] == pytest.approx(lead_min, abs=0.5)


def test_a_load_that_stays_below_the_limit_warns_from_120_degrees_on_and_ends_below_115():
    found = told([1.3] * 1200 + [0.4] * 300)       # 20 + 55 (9.45 / 6)^0.8 + 23 1.3^1.6 = 134.1 degC in the end
    assert [(finding.stage, finding.severity) for finding in found] == [(Stage.BEGIN, "warning"), (Stage.END, "warning")]
    assert found[0].observed == pytest.approx(120.0, abs=0.5)
    assert found[0].threshold == 120.0
    assert found[1].observed < 115.0


def test_rated_load_on_the_hottest_day_of_the_standard_is_no_finding():
    assert told([1.0] * 3000, ambient_cel=40.0) == []       # 118 degC


def test_the_worst_phase_speaks_and_the_evidence_names_them_all():
    begin = told([(0.5, 1.9, 0.5)] * 120)[0]
    evidence = dict(begin.evidence)
    assert evidence["hot_spot_b_cel"] == begin.observed > evidence["hot_spot_a_cel"] == evidence["hot_spot_c_cel"]
    assert begin.place.kind == "area"


def test_oil_that_the_phases_share_lets_one_phase_carry_more():
    one_phase = [(0.4, 1.45, 0.4)] * 1000
    assert told(one_phase)
    assert told(one_phase, shared_oil=True) == []
    even = [1.6] * 300
    own, shared = ([(f.stage, f.severity, f.at_utc_ms) for f in told(even, shared_oil=is_shared)] for is_shared in (False, True))
    assert own == shared


def test_a_motor_that_starts_is_no_alarm():
    assert told(([0.7] * 30 + [3.0] * 2) * 20) == []


def test_an_ambient_that_is_not_measured_is_taken_from_the_settings():
    detectors = {given: HotSpotDetector(archive(1), HotSpotSettings(ambient_cel=30.0)) for given in (30.0, None)}
    measured, assumed = (told([1.5] * 300, ambient_cel=given, detector=detector) for given, detector in detectors.items())
    assert [finding.at_utc_ms for finding in measured] == [finding.at_utc_ms for finding in assumed]
    assert (measured[0].confidence, assumed[0].confidence) == (0.9, 0.7)
    assert (dict(measured[0].evidence)["ambient_is_measured"], dict(assumed[0].evidence)["ambient_is_measured"]) == (1.0, 0.0)


def test_in_summer_the_evening_that_comes_is_told_before_the_load_rises():
    day = [0.6] * 19 + [1.9] * 3 + [0.6] * 2       # hours of a day; 800 s before the case begins an hour began
    loads = [load for _ in range(4) for load in day for _ in range(4)]
    rises_s = 3 * 86_400 + 19 * 3600
    summer, winter = (told(loads, step_s=900.0, ambient_cel=ambient, alarm_lead_min=60.0) for ambient in (34.0, 10.0))
    foretold = [f for f in summer if f.severity == "alarm" and at(rises_s - 7200) < f.at_utc_ms < at(rises_s)]
    assert foretold
    assert dict(foretold[0].evidence)["minutes_to_limit_by_forecast"] <= 60.0
    assert not [f for f in winter if f.stage is not Stage.END and at(rises_s - 7200) < f.at_utc_ms < at(rises_s)]


def test_one_wrong_reading_of_a_slow_meter_is_no_alarm():
    assert told([0.6] * 20 + [9.0] + [0.6] * 20, step_s=60.0) == []


def test_random_healthy_weeks_are_quiet():
    for seed in range(3):
        chance = random.Random(seed)
        loads = [tuple(min(0.95, abs(chance.gauss(0.5 + 0.3 * (hour // 4 % 24 > 17), 0.15))) for _ in "abc") for hour in range(7 * 96)]
        assert told(loads, step_s=900.0, ambient_cel=33.0) == [], seed


def test_readings_that_are_no_numbers_and_clocks_that_are_set_leave_no_trace():
    detector = HotSpotDetector(archive(1), HotSpotSettings())
    assert told([0.6, np.nan, np.inf, 1e6, 0.6], detector=detector) == []
    assert told([0.6] * 30, detector=detector, start_s=-86_400.0 * 300) == []
    assert told([0.6] * 30, detector=detector, start_s=86_400.0 * 9000) == []
    assert told([0.6] * 30, detector=detector) == []


def test_what_was_learned_is_forgotten_on_command_and_what_was_on_ends():
    detector = HotSpotDetector(archive(2), HotSpotSettings())
    area = frame(2)
    assert told([2.0] * 60, detector=detector)
    detector.relearn([1])
    assert detector.update(area) == []
    detector.relearn([0])
    area.now_utc_ms = at(4000)
    (end,) = detector.update(area)
    assert (end.stage, detector.conditions()) == (Stage.END, set())
    assert told([0.6] * 60, detector=detector, start_s=5000.0) == []


@pytest.mark.parametrize("wrong", [
    {"warn_cel": 150.0}, {"warn_cel": 60.0}, {"alarm_cel": 400.0}, {"hysteresis_k": 60.0}, {"alarm_lead_min": 300.0}, {"confirm_s": -1.0},
    {"ambient_cel": 293.0}, {"start_load_pu": 60.0}, {"forecast_min_days": 0}, {"max_gap_s": 0.0},
])  # fmt: skip
def test_settings_outside_physics_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        HotSpotSettings(**wrong)
