"""Every shipped scenario yields just the events about supply and reachability that its story asks for: a table, scenario -> events.

What the utility had announced (work, swaps, transfers) is announced to the agent as well; meters are polled on wires that always work.
"""

from __future__ import annotations

from collections import Counter

import pytest

from edge_agent.model import Archive, PlannedWork, Ticket, WorkBook
from simulator.run import run_closed_loop
from simulator.run.closed_loop import EPOCH_UTC_MS
from simulator.run.metering import archive_of
from simulator.scenario.scenario_file import Scenario, load_scenario, shipped_scenarios
from simulator.scenario.truth import truth_of

KINDS = {
    "supply.lost", "supply.planned", "supply.disconnected", "comm.lost", "meter.silent", "module.unplugged", "meter.swapped",
    "area.transferred", "customer.side_loss",
}
AREA = "area"
AFTER_S, QUIET_S, SLACK_MS = 1200.0, 7200.0, 600_000
LOST, SILENT = "supply.lost", "meter.silent"

# kind, scope, place, phases of the grid ("" = all, or nobody asks)
EVENTS: dict[str, list[tuple[str, str, str, str]]] = {
    "area_transfer": [("area.transferred", "meter", f"m{number:04d}", "") for number in range(105, 111)],
    "arrears_disconnect_reconnect": [("supply.disconnected", "meter", "m0013", ""), ("supply.disconnected", "meter", "m0061", "")],
    "comm_subtree_loss": [("comm.lost", "meter", "m0078", "")],
    "elderly_inactivity": [],
    "ev_valley_rebound": [],
    "heatwave_storm": [
        (LOST, "node", "feeder-1/branch-1", ""), (LOST, "node", "feeder-2/branch-1", ""), (LOST, "node", "feeder-1/branch-2/box-1", ""),
        (LOST, "node", "feeder-2/branch-2", "b"), (LOST, "node", "feeder-2/branch-2/box-2", ""),
    ],
    # polls alone cannot tell a home that is dark from a meter that is mute: it is told as unknown, never as healthy
    "house_fire_wire": [(SILENT, "meter", "m0030", "")],
    "irrigation_summer": [],
    "meter_swap": [("meter.swapped", "meter", "m0025", "")],
    "momentary_burst": [(LOST, AREA, "", "")],          # three gaps within four minutes are one event that came back
    "nested_outage_after_restore": [(LOST, "node", "feeder-1", ""), (LOST, "node", "feeder-1/branch-2/box-1", "")],
    "new_year_eve": [(LOST, AREA, "", "")],
    # the loose neutral and the chargers pull one phase of a box below 60 % before the branch trips: its meters are dark for two minutes
    "old_compound_ev": [
        (LOST, "node", "feeder-1/branch-1/box-2", "a"), (LOST, "node", "feeder-1/branch-1", ""), (LOST, "node", "feeder-1/branch-1", ""),
    ],
    "phase_loss_at_transformer": [(LOST, AREA, "", "ac")],        # Dyn11: a fuse of one high-voltage phase halves two low-voltage ones
    "planned_work_overlap": [("supply.planned", "node", "feeder-1/branch-1", ""), (LOST, "node", "feeder-1/branch-2/box-1", "")],
    "pv_backfeed": [],
    "theft_bypass": [],
    "theft_scale": [],
    "theft_tap": [],
    "tobacco_barn": [("customer.side_loss", "meter", "m0063", "")],
    "tobacco_season": [],
    "vacant_village": [],
}


def announced(scenario: Scenario) -> WorkBook:
    planned, tickets = list[PlannedWork](), list[Ticket]()
    dark = {fault.id: fault.dark for fault in truth_of(scenario.world())}
    for change in scenario.timeline.changes:
        begin_ms = EPOCH_UTC_MS + round(1000 * change.at_s) - SLACK_MS
        end_ms = EPOCH_UTC_MS + round(1000 * min(change.until_s, scenario.duration_s)) + SLACK_MS
        if change.fault_class == "planned":
            planned.append(PlannedWork(id=change.id, nodes=(change.place,), from_utc_ms=begin_ms, until_utc_ms=end_ms))
        elif change.fault_class in ("meter_swap", "area_transfer"):
            kind = "swap" if change.fault_class == "meter_swap" else "transfer"
            tickets += [
                Ticket(id=f"{change.id}-{meter}", kind=kind, meter=meter, from_utc_ms=begin_ms, until_utc_ms=end_ms)
                for meter in dark[change.id]
            ]
    return WorkBook(planned=tuple(planned), tickets=tuple(tickets))


def told(scenario: Scenario) -> Counter[tuple[str, str, frozenset[int] | str, str]]:
    """Kind, scope, place and phases of each event as it was told last while it was on; neither merged nor taken back."""
    changes = scenario.timeline.changes
    until_s = max((change.until_s if change.until_s < scenario.duration_s else change.at_s for change in changes), default=0.0) + AFTER_S
    result = run_closed_loop(
        scenario.world(), duration_s=min(scenario.duration_s, max(until_s, QUIET_S)), poll_s=scenario.poll_s, tick_s=5.0,
        work=announced(scenario), only=("customer_side",),
    )
    last = {}
    for event in result.events:
        body = event["data"]
        if body["kind"] not in KINDS:
            continue
        if event["type"].endswith((".merged", ".discard")):
            last.pop(body["event_id"], None)
        elif "end" not in body:
            last[body["event_id"]] = (body["kind"], body["scope"], body["node_id"], body.get("phases", ""))
    return Counter((kind, scope, place_of(scope, node, result.archive), phases) for kind, scope, node, phases in last.values())


def place_of(scope: str, node: str, archive: Archive) -> frozenset[int] | str:
    """A node is as good as another one that feeds the same meters."""
    return frozenset(archive.members(node)) if scope == "node" else "" if scope == AREA else node


def test_the_table_has_every_shipped_scenario():
    assert set(EVENTS) == set(shipped_scenarios())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_scenario_yields_just_the_events_of_its_story(name):
    scenario = load_scenario(name)
    archive = archive_of(scenario.area)
    expected = Counter((kind, scope, place_of(scope, node, archive), phases) for kind, scope, node, phases in EVENTS[name])
    assert told(scenario) == expected
