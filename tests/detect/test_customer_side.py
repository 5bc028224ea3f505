"""Load lost behind a living meter: what is a process, when it is lost, and all that only looks like it."""

import numpy as np
import pytest

from edge_agent.detect.load.customer_side import CustomerSideDetector, CustomerSideSettings
from edge_agent.model import COLUMN_INDEX, AreaFrame, Stage
from simulator.load.consumers import tobacco_barn
from simulator.load.streams import Streams
from simulator.run.metering import Metering, archive_of
from simulator.scenario.scenario_file import load_scenario
from simulator.scoring.metered import frames_of
from tests.detect.areas import archive, at, frame, sample

HOUR, POLL_S = 60, 60.0
THREE = {f"voltage_v__{phase}": 230.0 for phase in "abc"}


def told(watts, *, tags=("tobacco",), poll_s=POLL_S, detector=None, start_s=0.0, **columns):
    """Findings of one three-phase meter that gives these watts, one poll after the other."""
    detector = detector or CustomerSideDetector(archive(1, phases="abc", tags=tags), CustomerSideSettings())
    area, found = frame(1), []
    for number, load_w in enumerate(watts):
        second = start_s + number * poll_s
        area.now_utc_ms = at(second)
        area.take(sample(0, second, active_power_w=load_w, **{**THREE, **columns}))
        found += detector.update(area)
    return found


def stages(findings):
    return [finding.stage for finding in findings]


RUN = [5500.0] * (2 * HOUR + 1)


def test_a_process_that_stands_is_told_by_the_second_sample_and_dated_from_the_first():
    (begin,) = told([*RUN, 5.0, 5.0])
    assert (begin.kind, begin.stage, begin.severity) == ("customer.side_loss", Stage.BEGIN, "alarm")
    assert (begin.at_utc_ms, begin.evidence_to_utc_ms) == (at(POLL_S * len(RUN)), at(POLL_S * (len(RUN) + 1)))
    assert (begin.observed, begin.threshold, begin.score) == (5.0, pytest.approx(1100.0), pytest.approx(1.0, abs=0.01))


def test_one_sample_without_load_is_nothing():
    assert told([*RUN, 0.0, 5500.0, 0.0, 5500.0]) == []


def test_blinks_of_a_second_seconds_apart_are_not_one_loss():
    assert told([5500.0] * 7300 + [0.0, *[5500.0] * 4] * 40, poll_s=1.0) == []


def test_it_must_last_a_minute_however_often_the_meter_is_read():
    assert told([5500.0] * 7300 + [0.0] * 60, poll_s=1.0) == []
    assert stages(told([5500.0] * 7300 + [0.0] * 61, poll_s=1.0)) == [Stage.BEGIN]


def test_it_ends_when_the_load_is_back_and_not_when_a_lamp_is_on():
    assert stages(told([*RUN, 0.0, 0.0, 150.0, 900.0])) == [Stage.BEGIN]
    begin, end = told([*RUN, 0.0, 0.0, 900.0, 3000.0])
    assert (end.stage, end.at_utc_ms, end.evidence_from_utc_ms <= begin.at_utc_ms) == (Stage.END, at(POLL_S * (len(RUN) + 3)), True)


def test_a_process_that_does_not_come_back_in_a_day_is_over():
    begin, end = told([*RUN, *[0.0] * (25 * HOUR)])
    assert (end.stage, (end.at_utc_ms - begin.at_utc_ms) / 3.6e6 > 24, end.observed) == (Stage.END, True, None)


@pytest.mark.parametrize(("before", "after"), [
    ([5500.0] * HOUR, 0.0),                                     # runs for too short a time
    ([900.0] * 3 * HOUR, 0.0),                                  # too little
    ([5500.0, 2500.0] * 90, 0.0),                               # comes and goes
    ([5500.0] * 3 * HOUR, 1000.0),                              # less, but not nothing
    ([5500.0] * 3 * HOUR + [2300.0] * 3 * HOUR, 0.0),           # heat off first, the fan three hours later: ended in order
    ([5500.0 * (1 - k / 120) for k in range(120)], 0.0),        # fades: the sun, not a breaker
])  # fmt: skip
def test_what_is_no_lost_process(before, after):
    assert told([*before, after, after, after]) == []


def test_without_normal_voltage_on_every_phase_it_is_a_matter_of_supply():
    assert told([*RUN, 0.0, 0.0, 0.0], voltage_v__b=20.0) == []
    assert told([*RUN, 0.0, 0.0, 0.0], **{name: float("nan") for name in THREE}) == []


def test_a_voltage_from_before_the_loss_proves_nothing():
    detector, area = CustomerSideDetector(archive(1, phases="abc", tags=("tobacco",)), CustomerSideSettings()), frame(1)
    for number in range(2 * HOUR + 5):
        area.now_utc_ms = at(60 * number)
        is_lost = number > 2 * HOUR
        area.take(sample(0, 60 * number, active_power_w=0.0 if is_lost else 5500.0, **({} if is_lost else THREE)))
        assert detector.update(area) == []


def test_an_untagged_run_of_hours_is_information_and_one_of_a_day_a_warning():
    assert [finding.severity for finding in told([*RUN, 0.0, 0.0], tags=())] == ["info"]
    assert [finding.severity for finding in told([*[5500.0] * 25 * HOUR, 0.0, 0.0], tags=())] == ["warning"]


def test_who_was_seen_to_stop_needs_a_day_without_a_stop_unless_the_archive_names_a_process():
    watts = [*[0.0] * 5, *[5500.0] * 3 * HOUR, 0.0, 0.0]
    assert told(watts, tags=()) == []
    assert stages(told(watts)) == [Stage.BEGIN]
    assert stages(told([*[0.0] * 5, *[5500.0] * 25 * HOUR, 0.0, 0.0], tags=())) == [Stage.BEGIN]


def test_a_priority_that_is_no_process_is_not_time_critical():
    assert [finding.severity for finding in told([*RUN, 0.0, 0.0], tags=("school",))] == ["info"]


def test_a_home_on_one_phase_or_on_three_unequal_ones_is_not_watched_without_a_tag():
    uneven = {"active_power_w__a": 4000.0, "active_power_w__b": 1000.0, "active_power_w__c": 500.0}
    assert told([*RUN, 0.0, 0.0], tags=(), **uneven) == []
    detector = CustomerSideDetector(archive(1), CustomerSideSettings())
    assert told([*RUN, 0.0, 0.0], detector=detector) == []


def test_the_power_of_the_phases_is_summed_where_the_meter_gives_no_total():
    detector, area, found = CustomerSideDetector(archive(1, phases="abc"), CustomerSideSettings()), frame(1), []
    for number in range(2 * HOUR + 4):
        area.now_utc_ms = at(60 * number)
        each_w = 1800.0 if number <= 2 * HOUR else 3.0
        area.take(sample(0, 60 * number, **{f"active_power_w__{phase}": each_w for phase in "abc"}, **THREE))
        found += detector.update(area)
    assert [(finding.stage, finding.observed) for finding in found] == [(Stage.BEGIN, 9.0)]


def test_after_a_pause_in_the_readings_nobody_knows_what_ran():
    detector = CustomerSideDetector(archive(1, phases="abc"), CustomerSideSettings())
    told(RUN, detector=detector, tags=())
    assert told([5500.0, 0.0, 0.0], detector=detector, start_s=POLL_S * len(RUN) + 4000.0) == []


@pytest.mark.parametrize("step_s", [-7200.0, -60.0, 1800.0])
def test_a_clock_that_is_set_hides_no_loss_and_makes_none(step_s):
    detector = CustomerSideDetector(archive(1, phases="abc", tags=("tobacco",)), CustomerSideSettings())
    assert told(RUN, detector=detector) == []
    found = told([5500.0, 0.0, 0.0, 0.0, 5500.0], detector=detector, start_s=POLL_S * len(RUN) + step_s)
    assert stages(found) == [Stage.BEGIN, Stage.END]
    assert found[0].evidence_from_utc_ms <= found[0].at_utc_ms <= found[0].evidence_to_utc_ms


@pytest.mark.parametrize("tags", [(), ("tobacco",)], ids=["untagged", "tagged"])
def test_a_hundred_barn_days_without_fault_are_quiet(tags):
    """Gate of needs.md 1.23: at most one false alarm in a hundred barn-days; 25 barns, four days, minute means."""
    barns, days = 25, 4
    minutes = days * 1440
    watts = np.empty((3, barns, minutes))
    for barn in range(barns):
        for phase, profile in enumerate(tobacco_barn(Streams(7), f"barn-{barn}", days).profiles):
            watts[phase, barn] = profile.mean_power(0.0, 60.0, minutes)[0]
    detector, area = CustomerSideDetector(archive(barns, phases="abc", tags=tags), CustomerSideSettings()), AreaFrame.empty(barns, at(0))
    first_w, first_v = COLUMN_INDEX["active_power_w.a"], COLUMN_INDEX["voltage_v.a"]
    area.values[first_v : first_v + 3] = 228.0
    for minute in range(minutes):
        area.now_utc_ms = at(60 * minute)
        area.values[first_w : first_w + 3] = watts[:, :, minute]
        area.taken_utc_ms[[*range(first_w, first_w + 3), *range(first_v, first_v + 3)]] = area.now_utc_ms
        assert detector.update(area) == []
    assert (detector._state["level_w"] > 1000.0).all(), "they were meant to be watched"


def findings_of(scenario):
    detector = CustomerSideDetector(archive_of(scenario.area), CustomerSideSettings())
    frames = frames_of(Metering(scenario.world()), int(scenario.duration_s / scenario.step_s))
    return [finding for area in frames for finding in detector.update(area)]


def test_the_barn_whose_breaker_burns_is_told_once_and_nobody_else():
    scenario = load_scenario("tobacco_barn")
    begin, end = findings_of(scenario)
    assert (begin.stage, begin.place.id, end.stage, end.place.id) == (Stage.BEGIN, "m0063", Stage.END, "m0063")
    assert begin.evidence_to_utc_ms - begin.at_utc_ms == 60_000


@pytest.mark.parametrize("name", ["tobacco_season", "arrears_disconnect_reconnect"])
def test_scenarios_in_which_no_process_is_lost(name):
    assert findings_of(load_scenario(name)) == []


@pytest.mark.parametrize("wrong", [
    {"lost_share": 1.0}, {"nothing_w": 2000.0}, {"learn_s": 90_000.0}, {"least_samples": 0}, {"tau_s": 0.0}, {"least_balance": 2.0},
])  # fmt: skip
def test_settings_that_do_not_fit_each_other_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        CustomerSideSettings(**wrong)
