"""The same area of 500 meters, polled every 10 s, over Modbus TCP in real time and through the closed loop: the same events.

    python -m benchmarks.simulator.loop [--json]

Healthy for a minute, then a branch is out for three minutes; about seven minutes. The wires' side is the commands alone: sim run, run,
Mosquitto, mosquitto_sub.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.reliability.rig import HPLC_EDGE, Rig, wait_for
from simulator.cli.rows import Row, print_rows
from simulator.run import run_closed_loop
from simulator.run.closed_loop import EPOCH_UTC_MS
from simulator.scenario.scenario_file import load_scenario

METERS, POLL_S, OUT_S, BACK_S, END_S = 500, 10.0, 60.0, 240.0, 380.0
SPEED_GOAL, POLLS_APART = 200.0, 2.0
SCENARIO = f"""
description = "one branch of five hundred meters out for three minutes"
seed = 3
[area]
style = "rural_overhead"
meters = {METERS}
[time]
begin_hour = 19.0
hours = {END_S / 3600}
step_s = 5.0
poll_s = {POLL_S}
[[change]]
id = "f"
class = "branch_outage"
place = "feeder-1/branch-2"
at = {OUT_S}
until = {BACK_S}
edits = [{{op = "open", branch = "feeder-1/branch-2"}}]
"""
Story = list[tuple[str, str, str, float]]      # type, scope, place, seconds since the scenario began


def story(events: list[dict[str, Any]], epoch_s: float) -> Story:
    bodies = [(event["type"], event["data"]) for event in events]
    return [(name, body["scope"], body["node_id"], _seconds(body["published"]) - epoch_s) for name, body in bodies]


def over_wires(directory: Path) -> tuple[Story, int]:
    """What the agent published, and how many readings."""
    rig = Rig(directory)
    try:
        port = rig.broker()
        (directory / "loop.toml").write_text(SCENARIO)
        out = directory / "area"
        rig.start("simulator", HPLC_EDGE, "sim", "run", str(directory / "loop.toml"), "--speed", "1", "--out", str(out),
                  "--broker", f"mqtt://127.0.0.1:{port}")
        wait_for((out / "agent.toml").exists, 30.0, "the simulated area")
        epoch_s = tomllib.loads((out / "agent.toml").read_text())["simulation"]["epoch_utc_ms"] / 1000.0
        agent = rig.agent(out / "agent.toml")
        time.sleep(max(0.0, epoch_s + END_S - 5.0 - time.time()))
        rig.stop(agent)
        time.sleep(1.0)
        events: list[dict[str, Any]] = [message.body for message in rig.messages("/event/") if message.body["st"] in ("a", "e")]
        return story(events, epoch_s), sum(1 for _ in rig.messages("/reading"))
    finally:
        rig.close()


def in_the_loop(directory: Path) -> tuple[Story, float]:
    """The same in one process, and how many times faster than real time."""
    (directory / "loop.toml").write_text(SCENARIO)
    scenario = load_scenario(str(directory / "loop.toml"))
    began_s = time.perf_counter()
    result = run_closed_loop(scenario.world(), duration_s=scenario.duration_s, poll_s=scenario.poll_s)
    return story(result.events, EPOCH_UTC_MS / 1000.0), scenario.duration_s / (time.perf_counter() - began_s)


def compare(wires: Story, loop: Story) -> list[Row]:
    # polls have other phases on the wires: events less than two polls apart may change places, others may not
    of_wires, of_loop = (
        {key: [entry[3] for entry in told if entry[:3] == key] for key in {entry[:3] for entry in told}} for told in (wires, loop)
    )
    unlike = sum(abs(len(of_wires.get(key, [])) - len(of_loop.get(key, []))) for key in of_wires.keys() | of_loop.keys())
    apart = [abs(one - other) for key in of_wires for one, other in zip(of_wires[key], of_loop.get(key, []), strict=False)]
    apart_s, within_s = max(apart, default=float("inf")), POLLS_APART * POLL_S
    return [
        Row(name="events over the wires", figure=len(wires), unit="events", goal="> 0", ok=len(wires) > 0),
        Row(name="of another kind or place, or missing", figure=unlike, unit="events", goal="= 0", ok=unlike == 0),
        Row(name="furthest apart in time", figure=apart_s, unit="s", goal=f"<= {within_s:g}", ok=apart_s <= within_s),
    ]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hplc-edge-loop-") as name:
        loop, speed = in_the_loop(Path(name))
        wires, readings = over_wires(Path(name) / "wires")
    rows = compare(wires, loop)
    rows.append(Row(name="readings over the wires", figure=readings, unit="readings", goal="> 0", ok=readings > 0))
    rows.append(Row(name="closed loop, times real time", figure=speed, unit="ratio", goal=f">= {SPEED_GOAL:g}", ok=speed >= SPEED_GOAL))
    if not arguments.json:
        for told in wires:
            print("  wires:", *told, file=sys.stderr)
        for told in loop:
            print("  loop: ", *told, file=sys.stderr)
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
