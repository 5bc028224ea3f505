"""Agent and area in one process: an outage is found where it is, a healthy day is quiet, and nothing but physics tells the agent."""

import time

import numpy as np
import pytest

from simulator.grid.areas import make_area
from simulator.run import run_closed_loop
from simulator.scenario import Change, Timeline, World, cut

AREA = make_area("urban_cable", 80, seed=6)


class Wavy:
    """A slow wave around a mean, different for each load."""

    def __init__(self, number, mean_w):
        self.number, self.mean_w = number, mean_w

    def mean_power(self, from_s, step_s, n):
        middle = from_s + step_s * (np.arange(n) + 0.5)
        p_w = self.mean_w * (1.0 + 0.5 * np.sin(middle / 600.0 + self.number))
        return p_w, 0.2 * p_w


def world(*changes, mean_w=300.0, step_s=10.0):
    draws = {load.id: Wavy(number, mean_w) for number, load in enumerate(AREA.network.loads)}
    return World(AREA, draws, Timeline(changes), step_s=step_s)


def told(result):
    return [(event["type"], event["data"]["scope"], event["data"]["node_id"]) for event in result.events]


def test_a_healthy_hour_is_quiet():
    result = run_closed_loop(world(), duration_s=3600, poll_s=30.0)
    assert told(result) == []
    assert result.samples == pytest.approx(120 * 81, abs=81)
    assert result.polls_failed == 0


def test_a_branch_that_is_cut_is_one_outage_there_and_its_return_is_told():
    branch = AREA.meters[0].node.rsplit("/", 1)[0]
    behind = {meter.id for meter in AREA.meters if meter.node.startswith(f"{branch}/")}
    fault = Change(id="f", fault_class="branch_outage", place=branch, at_s=900.0, until_s=2400.0, edits=(cut(branch),))
    result = run_closed_loop(world(fault), duration_s=3600, poll_s=10.0)
    outages = [event for event in result.events if event["type"].startswith("outage")]
    told = [event["type"] for event in outages]
    assert [name for name in told if name != "outage.change"] == ["outage.start", "outage.restore", "outage.close"]
    assert len({event["data"]["event_id"] for event in outages}) == 1
    feeder = branch.split("/")[0]
    alone = {meter.id for meter in AREA.meters if meter.node.startswith(f"{feeder}/")} == behind      # then the feeder is the same place
    assert outages[0]["data"]["node_id"] in ({branch, feeder} if alone else {branch})
    assert max((event["data"] for event in outages), key=lambda body: body["confidence"])["node_id"] == outages[-1]["data"]["node_id"]
    localised = next(event["data"] for event in outages if event["data"]["state"] == "localised")
    assert set(localised["meters"]) == behind
    assert result.published_s({"data": localised}) <= 930.0
    assert result.polls_failed > 0


def test_a_transformer_that_loses_its_supply_is_an_outage_of_the_area_proven_by_the_mains():
    fuses = tuple({"op": "hv_open", "conductor": phase} for phase in "ABC")
    fault = Change(id="f", fault_class="upstream", place="lv", at_s=600.0, until_s=1800.0, edits=fuses)
    result = run_closed_loop(world(fault), duration_s=2700, poll_s=10.0)
    outages = [event for event in result.events if event["type"].startswith("outage")]
    told = [(event["type"], event["data"]["scope"]) for event in outages if event["type"] != "outage.change"]
    assert told == [("outage.start", "area"), ("outage.restore", "area"), ("outage.close", "area")]
    assert outages[0]["data"]["state"] == "localised"


def test_a_lost_neutral_of_the_only_feeder_is_told_at_the_second_reading_and_is_no_outage():
    feeder = AREA.meters[0].node.split("/")[0]
    assert {meter.node.split("/")[0] for meter in AREA.meters} == {feeder}      # nothing beside it but the meter at the transformer
    fault = Change(id="n", fault_class="broken_neutral", place=feeder, at_s=300.0, edits=(cut(feeder, "N"),))
    result = run_closed_loop(world(fault, mean_w=1500.0), duration_s=1800, poll_s=10.0)
    opened = [event for event in result.events if event["data"]["kind"] == "neutral.open"]
    assert [(event["type"], event["data"]["node_id"]) for event in opened] == [("neutral.open.start", feeder)]
    assert result.published_s(opened[0]) - 300.0 <= 2 * 10.0 + 1.0
    kinds = {event["data"]["kind"] for event in result.events}
    assert {"voltage.high", "neutral.overvoltage"} <= kinds
    assert not any(kind.startswith("supply") for kind in kinds)
    behind = {meter.id for meter in AREA.meters if meter.node.startswith(f"{feeder}/")}
    assert all(place in behind or place.split("/")[0] == feeder for place in (event["data"]["node_id"] for event in result.events))


def test_the_same_world_tells_the_same_story_twice():
    branch = AREA.meters[0].node
    fault = Change(id="f", fault_class="box_outage", place=branch, at_s=300.0, until_s=900.0, edits=(cut(branch),))
    first, second = (run_closed_loop(world(fault), duration_s=1200, poll_s=10.0) for _ in range(2))
    assert first.events == second.events
    assert first.events


def test_it_is_faster_than_the_real_thing_by_far():
    began_s = time.perf_counter()
    run_closed_loop(world(), duration_s=1800, poll_s=30.0)
    assert time.perf_counter() - began_s < 1800 / 20      # the benchmark measures; this only catches a disaster
