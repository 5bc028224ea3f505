"""Fire-risk findings against what is wrong: what counts as found, as late, as a false alarm."""

import math
from dataclasses import replace

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from edge_agent.model import Finding, Place, Stage
from simulator.run.closed_loop import EPOCH_UTC_MS
from simulator.scenario.draw_fire import draw_fire_faults
from simulator.scenario.scenario_file import scenario_of
from simulator.scenario.timeline import Change, Timeline, cut
from simulator.scoring.fire import Wrong, faults_of, score_fire
from simulator.scoring.strain import Strain

DAY_S = 86_400.0
METERS = [f"m{number}" for number in range(10)]
JOINT = Wrong(fault_class="loose_joint", place="m1", meters=frozenset({"m1"}), begin_s=5 * DAY_S, end_s=10 * DAY_S)


def finding(kind, meter, at_s, *, severity="warning", stage=Stage.BEGIN):
    at_ms = EPOCH_UTC_MS + round(1000 * at_s)
    return Finding(kind=kind, stage=stage, place=Place(kind="meter", id=meter), at_utc_ms=at_ms, evidence_from_utc_ms=at_ms,
                   evidence_to_utc_ms=at_ms, score=1.0, confidence=0.9, severity=severity, meters=(meter,))


def score(*findings, wrong=(JOINT,)):
    return score_fire(findings, wrong, METERS, duration_s=10 * DAY_S)


def test_a_joint_is_found_when_a_finding_names_it_and_the_delay_is_from_its_begin():
    assert score(finding("joint.loose", "m1", 5.5 * DAY_S)).delay_s == {"loose_joint": [0.5 * DAY_S]}


def test_what_names_something_else_does_not_find_it_and_is_no_false_alarm_either():
    found = score(finding("neutral.open", "m1", 6 * DAY_S))
    assert found.delay_s == {"loose_joint": [math.inf]}
    assert found.false == {}


def test_before_it_began_or_at_another_meter_it_is_a_false_alarm():
    found = score(finding("joint.loose", "m1", 4 * DAY_S), finding("joint.loose", "m2", 6 * DAY_S))
    assert found.false == {"joint.loose (warning)": [("joint.loose", "m1", 4 * DAY_S), ("joint.loose", "m2", 6 * DAY_S)]}


def test_levels_of_fire_risk_are_counted_apart():
    found = score(*(finding("fire.risk", "m2", DAY_S, severity=severity) for severity in ("info", "warning", "alarm", "alarm")))
    assert {level: len(told) for level, told in found.false.items()} == {"watch": 1, "warn": 1, "act": 2}
    assert found.false_per_1000("act") == pytest.approx(2000.0 / found.healthy_days)


def test_meter_days_with_a_fault_and_a_day_after_it_are_not_healthy():
    assert score().healthy_days == pytest.approx(100.0 - 5.0)
    again = Wrong(fault_class="loose_joint", place="m1", meters=frozenset({"m1"}), begin_s=2 * DAY_S, end_s=4.5 * DAY_S)
    assert score(wrong=(JOINT, again)).healthy_days == pytest.approx(100.0 - 8.0)


def test_an_end_is_no_alarm():
    assert score(finding("joint.loose", "m2", DAY_S, stage=Stage.END)).false == {}


def test_a_drawn_area_has_every_kind_of_fault_and_overloads_are_what_flows():
    scenario = scenario_of("drawn", draw_fire_faults(seed=5, meters=60, days=6.0))
    found = faults_of(scenario, Strain(scenario, scenario.world()))
    assert {"loose_joint", "loose_neutral", "broken_neutral", "overload"} <= {wrong.fault_class for wrong in found}
    chargers = {wrong.place for wrong in found if wrong.fault_class == "overload"} - {"area"}
    assert len(chargers) == 2
    assert all(len(wrong.meters) >= 3 for wrong in found if wrong.fault_class.endswith("neutral"))


def test_a_voltage_that_is_dangerous_is_so_whatever_brought_it_about():
    scenario = scenario_of("drawn", draw_fire_faults(seed=5, meters=60, days=6.0))
    feeder = scenario.area.meters[0].node.split("/")[0]
    lost = Change(id="n", fault_class="unnamed", place=feeder, at_s=72_000.0, until_s=79_200.0, edits=(cut(feeder, "N"),))
    scenario = replace(scenario, timeline=Timeline((lost,)), duration_s=DAY_S)
    found = [wrong for wrong in faults_of(scenario, Strain(scenario, scenario.world())) if wrong.fault_class == "dangerous_voltage"]
    behind = {meter.id for meter in scenario.area.meters if meter.node.startswith(feeder)}
    assert found
    assert {wrong.place for wrong in found} <= behind
    assert all(72_000.0 <= wrong.begin_s < wrong.end_s <= 79_200.0 for wrong in found)


def test_the_same_seed_draws_the_same_faults_and_another_others():
    assert draw_fire_faults(seed=5) == draw_fire_faults(seed=5)
    assert draw_fire_faults(seed=5)["change"] != draw_fire_faults(seed=6)["change"]


@pytest.mark.parametrize(("meters", "days"), [(49, 6.0), (60, 4.9), (60, 1000.0), (60, float("nan"))])
def test_what_cannot_be_drawn_is_refused(meters, days):
    with pytest.raises(ConfigError, match="are possible"):
        draw_fire_faults(seed=5, meters=meters, days=days)


def test_the_shortest_time_has_room_for_every_fault():
    for seed in range(5):
        assert scenario_of("drawn", draw_fire_faults(seed=seed, meters=50, days=5.0)).duration_s == 5 * 86_400.0


def test_strain_followed_in_a_world_that_others_use_is_what_it_is_alone():
    scenario = scenario_of("drawn", draw_fire_faults(seed=5, meters=50, days=5.0))
    world = scenario.world()
    beside, alone = Strain(scenario, world), Strain(scenario, scenario.world())
    for step in range(0, 600, 37):
        world.block_of(step)
        beside.follow(step)
    alone.follow(599)
    for mine, theirs in ((beside.current, alone.current), (beside.volts, alone.volts)):
        assert np.array_equal(mine[:600], theirs[:600])
        assert (mine[:600].max(axis=0) > 0.0).mean() > 0.8       # of all meters something was taken
