"""The house that burns: overload and low voltage there are found, the level of fire risk rises, and the outage afterwards names them."""

from simulator.run import run_closed_loop
from simulator.scenario.scenario_file import load_scenario

PLACE = "m0030"


def test_the_home_that_falls_dark_names_what_was_known_of_it_before():
    scenario = load_scenario("house_fire_wire")
    burnt_s = next(change.at_s for change in scenario.timeline.changes if change.id == "burnt")
    result = run_closed_loop(scenario.world(), duration_s=burnt_s + 900.0, poll_s=scenario.poll_s)
    here = [event for event in result.events if event["data"]["node_id"] == PLACE]
    (risk,) = [event for event in here if event["type"] == "fire.risk.start"]
    (dark,) = [event for event in here if event["type"] == "meter.silent.start"]
    assert risk["sev"] == "warning"
    assert "overload.a.score" in risk["data"]["evidence"]
    assert result.published_s(risk) < burnt_s < result.published_s(dark)
    named = [(found["kind"], found["node_id"]) for found in dark["data"]["precursors"]]
    assert named[0] == ("fire.risk", PLACE)
    assert {("overload", PLACE), ("voltage.low", PLACE)} <= set(named)
    assert dark["data"]["precursors"][0]["event_id"] == risk["data"]["event_id"]
