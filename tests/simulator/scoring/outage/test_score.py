"""A few draws of a small area through the shipped pipeline: the figures of rules that are known, and the same ones again."""

from __future__ import annotations

import pytest

from edge_agent.errors import ConfigError
from edge_agent.model import Role
from simulator.cli import score
from simulator.load.streams import Streams
from simulator.scoring.outage.course import CourseSettings
from simulator.scoring.outage.faults import OutageClass
from simulator.scoring.outage.rows import curve_rows, rows_of
from simulator.scoring.outage.score import DrawSettings, archive_for, area_of, score_draws

CLASSES = (OutageClass.BOX, OutageClass.AREA, OutageClass.COMM_MODULE, OutageClass.NOTHING)
SETTINGS = DrawSettings(
    meters=50, seed=2, draws=8, classes=CLASSES, course=CourseSettings(delivery=1.0, sweep=True, watch_s=420.0, after_s=300.0),
)


@pytest.fixture(scope="module")
def found():
    print(f"seed {SETTINGS.seed}")
    return score_draws(area_of(SETTINGS), SETTINGS)


def of(found, fault_class):
    return [one for one in found if one.fault_class is fault_class]


def test_every_class_is_drawn_as_often(found):
    assert [len(of(found, fault_class)) for fault_class in CLASSES] == [2, 2, 2, 2]


def test_with_every_last_gasp_delivered_the_simplest_rule_finds_each_box(found):
    assert all(one.rivals["B0"].told for one in of(found, OutageClass.BOX))


def test_the_concentrators_own_supply_finds_the_area_and_nothing_below_it(found):
    assert all(one.rivals["B2"].exact for one in of(found, OutageClass.AREA))
    assert not any(one.rivals["B2"].told for one in of(found, OutageClass.BOX))


def test_a_false_last_gasp_fools_the_simplest_rule_wherever_nothing_is_wrong(found):
    assert all(one.rivals["B0"].is_false for one in of(found, OutageClass.NOTHING))


def test_the_agent_tells_an_area_without_supply_and_sends_nobody_to_a_mute_module(found):
    assert all(one.verdict.suspected_s is not None and one.verdict.suspected_s < 60.0 for one in of(found, OutageClass.AREA))
    assert not any(one.verdict.false_firm for one in of(found, OutageClass.COMM_MODULE))


def test_the_agent_looks_when_a_last_gasp_comes_and_not_only_with_the_next_tick(found):
    first_s = [one.verdict.suspected_s for one in of(found, OutageClass.BOX)]
    assert all(abs(at_s - round(at_s)) > 0.001 for at_s in first_s)          # ticks fall on whole seconds


def test_the_same_seed_gives_the_same_figures_in_any_number_of_processes(found):
    assert score_draws(area_of(SETTINGS), SETTINGS, processes=2) == found


def test_rows_name_goals_only_where_the_delivery_has_one(found):
    goals = {row.name: row.goal for row in rows_of(found, SETTINGS)}
    assert goals["whole box and larger: recall, firm at once"] == ">= 0.995"
    assert {row.goal for row in curve_rows(0.5, found, CourseSettings()) if "whole box" in row.name} == {"-"}


def test_a_wrong_archive_moves_about_the_share_asked_for():
    scenario = area_of(DrawSettings(meters=273))
    wrong = archive_for(scenario, 0.05, Streams(1).named("test"))
    truth = {meter.id: (meter.node, meter.phases) for meter in scenario.area.meters}
    customers = [meter for meter in wrong.meters if meter.role is Role.CUSTOMER]
    moved = sum(meter.node != truth[meter.id][0] for meter in customers)
    turned = sum(meter.grid_phases != truth[meter.id][1] for meter in customers)
    assert 5 <= moved <= 25
    assert 5 <= turned <= 25


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--delivery", "1.5"], "a share"), (["--draws", "0"], "at least 1"), (["--area", "nowhere.toml"], "no such file"),
     (["somewhere"], "drawn, not read")],
)
def test_what_cannot_be_drawn_is_one_line(options, said):
    import argparse

    parser = argparse.ArgumentParser()
    score.COMMAND.configure(parser)
    with pytest.raises(ConfigError) as error:
        score.COMMAND.run(parser.parse_args(["outage", *options]))
    assert len(error.value.problems) == 1
    assert said in error.value.problems[0]
