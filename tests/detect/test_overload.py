"""Overload by the thermal image: against closed forms, with its levels, phases, gaps and meters without a rating."""

import math

import pytest

from edge_agent.detect.load.overload import OverloadDetector, OverloadSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample

TAU_S = 600.0


def told(currents, *, step_s=1.0, **meters):
    """Findings of one meter, rated 60 A, that gives these currents on phase a."""
    detector, area, found = OverloadDetector(archive(1, **meters), OverloadSettings()), frame(1), []
    for number, current_a in enumerate(currents):
        area.now_utc_ms = at(number * step_s)
        area.take(sample(0, number * step_s, current_a__a=current_a))
        found += detector.update(area)
    return found


@pytest.mark.parametrize("ratio", [1.1, 1.3, 2.0])
def test_warning_and_alarm_come_when_the_closed_form_says(ratio):
    steady = ratio**2
    begin, change = told([60.0 * ratio] * 2000)
    for finding, heat in ((begin, 0.9), (change, 1.0)):
        expected_s = TAU_S * math.log(steady / (steady - heat))
        assert 0.0 < (finding.at_utc_ms - at(0)) / 1000 - expected_s <= 1.0
        assert finding.score == pytest.approx(heat, abs=0.01)
    assert (begin.stage, begin.severity, change.stage, change.severity) == (Stage.BEGIN, "warning", Stage.CHANGE, "alarm")
    assert (begin.observed, begin.threshold, begin.unit) == (60.0 * ratio, 60.0, "A")


def test_the_time_to_alarm_told_with_the_warning_is_when_the_alarm_comes():
    begin, change = told([72.0] * 2000)
    left_s = 60.0 * dict(begin.evidence)["minutes_to_alarm"]
    steady, heat = 1.2**2, begin.score
    assert left_s == pytest.approx(TAU_S * math.log((steady - heat) / (steady - 1.0)), rel=1e-12)
    assert abs((change.at_utc_ms - begin.at_utc_ms) / 1000 - left_s) <= 1.0


def test_a_current_that_never_reaches_the_alarm_promises_none():
    (begin,) = told([58.0] * 4000)
    assert begin.severity == "warning"
    assert "minutes_to_alarm" not in dict(begin.evidence)


def test_it_cools_to_a_warning_and_ends_below_the_hysteresis():
    found = told([90.0] * 600 + [0.0] * 600)
    assert [(finding.stage, finding.severity) for finding in found] == [
        (Stage.BEGIN, "warning"), (Stage.CHANGE, "alarm"), (Stage.CHANGE, "warning"), (Stage.END, "warning"),
    ]  # fmt: skip
    assert [finding.score < 0.85 for finding in found] == [False, False, False, True]


def test_a_second_overload_begins_anew():
    found = told(([90.0] * 320 + [0.0] * 6000) * 2)
    assert [finding.stage for finding in found] == [Stage.BEGIN, Stage.END] * 2
    assert found[2].evidence_from_utc_ms == found[2].at_utc_ms


def test_a_load_at_the_rating_itself_never_alarms():
    assert {finding.severity for finding in told([60.0] * 20_000)} == {"warning"}


def test_a_short_peak_is_no_overload():
    assert told([120.0] * 60 + [10.0] * 600) == []


def test_a_meter_without_a_rating_is_not_judged():
    area = frame(1)
    meter = archive(1).meters[0]
    unrated = type(archive(1))("area-1", (type(meter)(id="m0", index=0, profile="p", bus="b"),))
    detector = OverloadDetector(unrated, OverloadSettings())
    for minute in range(60):
        area.now_utc_ms = at(60 * minute)
        area.take(sample(0, 60 * minute, current_a__a=10_000.0))
        assert detector.update(area) == []


def test_export_heats_like_import():
    assert told([-90.0] * 600)[0].stage is Stage.BEGIN


def test_after_a_long_pause_the_new_current_counts_for_the_longest_gap_only():
    (begin,) = told([0.0, 78.0], step_s=86_400.0)
    assert begin.score == pytest.approx(1.3**2 * (1.0 - math.exp(-900.0 / TAU_S)))
    assert told([0.0, 63.0], step_s=86_400.0) == []  # over the whole day it would have been an alarm


def test_a_current_that_is_no_number_leaves_the_image_as_it_was():
    with_gaps = told([90.0] * 100 + [math.nan, math.inf] + [90.0] * 400)
    assert [finding.severity for finding in with_gaps] == ["warning", "alarm"]


@pytest.mark.parametrize("wrong", [{"tau_s": 0.0}, {"end_heat": 0.95}, {"alarm_heat": 0.5}, {"max_gap_s": 0.0}])
def test_settings_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        OverloadSettings(**wrong)
