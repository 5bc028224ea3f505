"""One phase of the transformer above its rating."""

import pytest

from edge_agent.detect.load.phase_overload import PhaseOverloadDetector, PhaseOverloadSettings
from edge_agent.model import Stage
from tests.detect.areas import at, frame, sample
from tests.detect.days.transformer import RATED_A, archive


def told(loads_pu, *, start_s=100.0, **settings):
    detector, area, found = PhaseOverloadDetector(archive(1), PhaseOverloadSettings(**settings)), frame(1), []
    for number, loads in enumerate(loads_pu):
        second = start_s + 60.0 * number
        area.now_utc_ms = at(second)
        columns = {f"current_a__{phase}": load * RATED_A for phase, load in zip("abc", loads, strict=True) if load is not None}
        area.take(sample(0, second, **columns))
        found += detector.update(area)
    return found


def test_the_phase_that_is_overloaded_is_named_and_the_others_are_evidence():
    (begin,) = told([(0.4, 1.2, 0.5)] * 31)
    assert (begin.place.phases, begin.stage, begin.severity, begin.at_utc_ms) == ("b", Stage.BEGIN, "warning", at(100))
    assert dict(begin.evidence) == pytest.approx({"load_a_pu": 0.4, "load_b_pu": 1.2, "load_c_pu": 0.5})


def test_half_an_hour_is_needed_and_the_rating_itself_is_no_overload():
    assert told([(0.4, 1.2, 0.5)] * 30) == []
    assert told([(1.0, 1.0, 1.0)] * 300) == []
    assert told(([(1.4, 0.4, 0.4)] * 20 + [(0.4, 0.4, 0.4)] * 25) * 6) == []


def test_each_phase_begins_and_ends_on_its_own():
    found = told([(1.2, 0.4, 0.4)] * 60 + [(1.2, 1.2, 0.4)] * 60 + [(0.4, 1.2, 0.4)] * 60)
    assert [(finding.place.phases, finding.stage.value) for finding in found] == [("a", "begin"), ("b", "begin"), ("a", "end")]


def test_one_and_a_half_times_the_rating_is_an_alarm_and_less_a_warning_again():
    found = told([(1.2, 0.4, 0.4)] * 60 + [(1.6, 0.4, 0.4)] * 30 + [(1.2, 0.4, 0.4)] * 30)
    said = [(finding.stage.value, finding.severity) for finding in found]
    assert said == [("begin", "warning"), ("change", "alarm"), ("change", "warning")]


def test_a_phase_that_gives_nothing_is_not_judged():
    assert [finding.place.phases for finding in told([(None, 1.2, None)] * 60)] == ["b"]


@pytest.mark.parametrize("wrong", [{"limit_pu": 2.0}, {"alarm_pu": 0.9}, {"hysteresis_pu": 1.5}, {"begin_s": 1.0}, {"interval_s": 7200.0}])
def test_settings_that_contradict_themselves_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        PhaseOverloadSettings(**wrong)
