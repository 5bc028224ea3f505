"""Voltage out of band: limits, delays, dead phases, three phases, clocks that step."""

import pytest

from edge_agent.detect.quality.voltage import VoltageDetector, VoltageSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample


def told(volts, *, step_s=60.0, start_s=0.0, detector=None, **meters):
    """Findings of one meter that gives these volts on phase a, one after the other."""
    detector = detector or VoltageDetector(archive(1, **meters), VoltageSettings())
    area, found = frame(1), []
    for number, value in enumerate(volts):
        second = start_s + number * step_s
        area.now_utc_ms = at(second)
        area.take(sample(0, second, voltage_v__a=value))
        found += detector.update(area)
    return found


@pytest.mark.parametrize(("volts", "kind", "limit_v"), [(197.9, "voltage.low", 198.0), (235.5, "voltage.high", 235.4)])
def test_beyond_the_limit_for_three_minutes_begins_and_is_dated_from_the_first_minute(volts, kind, limit_v):
    (begin,) = told([220.0, *[volts] * 4])
    assert (begin.kind, begin.stage, begin.threshold, begin.observed) == (kind, Stage.BEGIN, limit_v, volts)
    assert (begin.at_utc_ms, begin.evidence_to_utc_ms) == (at(60), at(240))
    assert (begin.place.id, begin.place.phases, begin.unit) == ("m0", "a", "V")


@pytest.mark.parametrize("volts", [198.0, 235.4])
def test_the_limit_itself_is_inside(volts):
    assert told([volts] * 10) == []


def test_the_limit_of_208_v_is_187_2_and_not_a_rounding_error_above_it():
    assert told([187.2] * 10, nominal_voltage_v=208.0) == []
    assert told([187.1] * 10, nominal_voltage_v=208.0)[0].threshold == 187.2


def test_limits_follow_the_nominal_voltage_of_the_meter():
    assert told([210.0] * 10, nominal_voltage_v=230.0) == []
    assert told([206.0] * 10, nominal_voltage_v=230.0)[0].threshold == 207.0


def test_low_ends_only_above_200_v_for_three_minutes_and_is_dated_from_when_it_came_back():
    assert len(told([190.0] * 4 + [199.9] * 10)) == 1
    begin, end = told([190.0] * 4 + [199.9] * 2 + [200.0] * 4)
    assert (end.kind, end.stage, end.at_utc_ms) == ("voltage.low", Stage.END, at(360))
    assert end.evidence_from_utc_ms == begin.at_utc_ms


def test_a_low_voltage_that_turns_dead_becomes_an_alarm_once_and_ends_as_the_same_condition():
    found = told([190.0] * 4 + [20.0, 190.0, 20.0] + [220.0] * 4)
    assert [(finding.kind, finding.stage, finding.severity) for finding in found] == [
        ("voltage.low", Stage.BEGIN, "warning"),
        ("voltage.low", Stage.CHANGE, "alarm"),
        ("voltage.low", Stage.END, "warning"),
    ]
    assert found[1].at_utc_ms == at(240)


def test_low_is_followed_by_high_as_two_conditions():
    found = told([190.0] * 4 + [240.0] * 8)
    assert [(finding.kind, finding.stage) for finding in found] == [
        ("voltage.low", Stage.BEGIN),
        ("voltage.low", Stage.END),
        ("voltage.high", Stage.BEGIN),
    ]


def test_phases_are_judged_one_by_one_and_only_those_that_the_meter_has():
    detector, area, found = VoltageDetector(archive(2, phases="abc"), VoltageSettings()), frame(2), []
    single = VoltageDetector(archive(2, phases="a"), VoltageSettings())
    for minute in range(5):
        area.now_utc_ms = at(60 * minute)
        area.take(sample(1, 60 * minute, voltage_v__a=220.0, voltage_v__b=220.0, voltage_v__c=90.0))
        found += detector.update(area)
        assert single.update(area) == []
    assert [(finding.place.id, finding.place.phases, finding.severity) for finding in found] == [("m1", "c", "alarm")]


def test_a_pause_in_the_readings_does_not_count_as_time_out_of_band():
    assert told([190.0] * 3, step_s=1000.0) == []


def test_a_clock_that_is_set_back_by_a_year_delays_nothing_for_longer_than_the_delay_itself():
    year_s = 365 * 86400.0
    detector = VoltageDetector(archive(1), VoltageSettings())
    assert told([190.0] * 3, start_s=year_s, detector=detector) == []
    (begin,) = told([190.0] * 4, detector=detector)
    assert begin.at_utc_ms == at(0)
    (end,) = told([220.0] * 4, start_s=-year_s, detector=detector)
    assert end.stage is Stage.END
    assert end.evidence_from_utc_ms <= end.at_utc_ms <= end.evidence_to_utc_ms


@pytest.mark.parametrize(
    "wrong", [{"low_ratio": 1.1}, {"high_ratio": 0.9}, {"hysteresis_ratio": 0.1}, {"begin_s": -1.0}, {"dead_ratio": 0.95}]
)
def test_settings_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        VoltageSettings(**wrong)
