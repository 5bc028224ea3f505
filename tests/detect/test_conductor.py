"""Conductors in hot air: what is judged, when the alarm comes, what ends it."""

import math

import pytest

from edge_agent.detect.load.conductor import ConductorDetector, ConductorSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample


def told(currents_a, *, ambient_cel=45.0, step_s=10.0, measured_until_s=math.inf, **settings):
    """One meter rated 60 A."""
    detector, area, found = ConductorDetector(archive(1), ConductorSettings(**settings)), frame(1), []
    for number, current_a in enumerate(currents_a):
        second = number * step_s
        area.now_utc_ms = at(second)
        air = {} if ambient_cel is None or second > measured_until_s else {"ambient_temperature_cel": ambient_cel}
        area.take(sample(0, second, current_a__a=current_a, **air))
        found += detector.update(area)
    return found


def test_the_alarm_comes_when_the_closed_form_says():
    found = told([60.0] * 500, alpha20=0.0)
    (alarm,) = [finding for finding in found if finding.severity == "alarm"]
    expected_s = 600.0 * math.log(40.0 / (85.0 - 70.0))
    assert 0 <= (alarm.at_utc_ms - at(0)) / 1000 - expected_s < 10.0
    assert dict(alarm.evidence)["ambient_cel"] == 45.0


def test_air_as_the_rating_assumes_lets_the_rated_current_only_warn():
    assert {finding.severity for finding in told([60.0] * 3000, ambient_cel=30.0)} == {"warning"}


def test_without_measured_air_or_when_it_is_old_nothing_is_judged():
    assert told([90.0] * 500, ambient_cel=None) == []
    assert told([0.0] * 30 + [90.0] * 700, measured_until_s=100.0, ambient_max_age_s=200.0) == []


def test_it_ends_when_the_conductor_has_cooled():
    assert told([70.0] * 300 + [0.0] * 300)[-1].stage is Stage.END


@pytest.mark.parametrize("wrong", [
    {"rated_cel": 20.0}, {"rated_ambient_cel": 69.0}, {"warn_below_k": 9.0}, {"alpha20": 0.4}, {"tau_s": 0.0}, {"max_gap_s": -1.0},
])  # fmt: skip
def test_settings_outside_physics_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        ConductorSettings(**wrong)
