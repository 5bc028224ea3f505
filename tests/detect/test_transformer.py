"""Heavy load and overload of the transformer: hours, emergency times, gaps, clocks, readings that come seldom."""

import random

import numpy as np
import pytest

from edge_agent.detect.load.transformer import TransformerDetector, TransformerSettings
from edge_agent.model import Stage
from tests.detect.areas import at, frame, sample
from tests.detect.days.transformer import RATED_A, archive


def told(loads_pu, *, step_s=60.0, start_s=100.0, detector=None, **settings):
    """Findings with the same load on all phases; a demand interval begins 100 s after the start of the tests' clock. None = no reading."""
    detector, area, found = detector or TransformerDetector(archive(1), TransformerSettings(**settings)), frame(1), []
    for number, load in enumerate(loads_pu):
        second = start_s + number * step_s
        area.now_utc_ms = at(second)
        if load is not None:
            area.take(sample(0, second, **{f"current_a__{phase}": load * RATED_A for phase in "abc"}))
        found += [(finding, second) for finding in detector.update(area)]
    return found


def words(found):
    return [(finding.kind.removeprefix("transformer."), finding.stage.value, finding.severity) for finding, _ in found]


def test_eighty_percent_for_two_hours_is_heavy_and_less_or_shorter_is_not():
    assert words(told([0.80] * 121)) == [("heavy_load", "begin", "warning")]
    assert told([0.80] * 120) == []
    assert told([0.79] * 1000) == []
    assert told(([0.95] * 100 + [0.5] * 20) * 5) == []


def test_rated_load_is_heavy_and_above_it_is_overload():
    assert words(told([1.0] * 200)) == [("heavy_load", "begin", "warning")]
    found = told([1.01] * 200)
    assert words(found) == [("overload", "begin", "warning")]
    assert (found[0][0].at_utc_ms, found[0][0].threshold) == (at(100), 1.0)


def test_the_overload_that_follows_ends_the_heavy_load_and_names_what_covers_it():
    found = told([0.9] * 150 + [1.1] * 150)
    assert words(found) == [("heavy_load", "begin", "warning"), ("heavy_load", "end", "warning"), ("overload", "begin", "warning")]
    assert found[1][0].superseded_by == found[2][0].place.id


@pytest.mark.parametrize(("load_pu", "outdoor_min", "indoor_min"), [(1.6, 30, 15), (1.75, 15, 8), (2.0, 7.5, 4)])
def test_an_emergency_overload_alarms_when_its_time_is_over(load_pu, outdoor_min, indoor_min):
    for is_indoor, permitted_min in ((False, outdoor_min), (True, indoor_min)):
        found = told([0.5] * 30 + [load_pu] * 60, is_indoor=is_indoor)
        assert words(found) == [("overload", "begin", "alarm")]
        finding, told_s = found[0]
        assert 0 <= (told_s - (100 + 60 * 30)) / 60 - permitted_min < 1.0 + 1e-9
        assert finding.at_utc_ms == at(100 + 60 * 30)


def test_overloads_between_the_rows_of_the_table_have_times_between_theirs():
    times = [told([load_pu] * 200)[0][1] for load_pu in (1.61, 1.65, 1.7, 1.74)]
    assert times == sorted(times, reverse=True)
    assert times[0] > times[-1]


def test_a_warning_becomes_an_alarm_when_the_load_rises():
    assert words(told([1.1] * 150 + [1.6] * 40)) == [("overload", "begin", "warning"), ("overload", "change", "alarm")]


def test_the_end_comes_with_an_interval_below_the_hysteresis():
    assert [word[1] for word in words(told([1.1] * 150 + [0.97] * 60))] == ["begin"]
    found = told([1.1] * 150 + [0.90] * 31)
    assert [finding.stage for finding, _ in found] == [Stage.BEGIN, Stage.END]
    assert found[1][0].at_utc_ms == at(100 + 60 * 150)


def test_meters_that_are_read_each_quarter_of_an_hour_tell_as_much():
    chance = random.Random(2)
    detector, area, found = TransformerDetector(archive(1), TransformerSettings()), frame(1), []
    for number in range(40):
        second = 100 + 900 * number + chance.uniform(0, 600)
        area.now_utc_ms = at(second)
        area.take(sample(0, second, **{f"current_a__{phase}": 1.1 * RATED_A for phase in "abc"}))
        found += detector.update(area)
    assert [finding.stage for finding in found] == [Stage.BEGIN]


def test_hours_that_nobody_saw_do_not_count():
    assert told([1.1] * 60 + [None] * 60 + [1.1] * 60) == []
    assert told([1.1] * 60 + [None] * 15 + [1.1] * 60)      # one interval may be missing


def test_clocks_that_are_set_and_readings_that_are_no_numbers_begin_nothing():
    detector = TransformerDetector(archive(1), TransformerSettings())
    assert told([0.9] * 60, detector=detector) == []
    assert told([0.9] * 60, detector=detector, start_s=86_400.0 * 9000) == []
    assert told([0.9] * 60, detector=detector, start_s=-86_400.0) == []
    assert told([np.nan, np.inf, 1e9, -1e9] * 50, detector=detector) == []
    assert words(told([0.9] * 150, detector=detector)) == [("heavy_load", "begin", "warning")]


@pytest.mark.parametrize("wrong", [
    {"heavy_pu": 1.1}, {"heavy_pu": 80.0}, {"overload_pu": 2.0}, {"hysteresis_pu": -0.1}, {"begin_s": 60.0}, {"interval_s": 1.0},
    {"max_gap_s": 0.0},
])  # fmt: skip
def test_settings_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        TransformerSettings(**wrong)
