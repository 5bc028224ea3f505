"""``hplc-edge sim run`` and ``sim list``: a scenario through the shipped agent, as fast as the machine goes, and what it really was."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.scenario.truth import Fault


def configure_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", help="a shipped scenario ('hplc-edge sim list') or a TOML file of its layout")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write truth.json, events.jsonl and readings.csv here")
    parser.add_argument("--json", action="store_true", help="print truth and events as JSON")


def configure_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true")


def list_scenarios(arguments: argparse.Namespace) -> int:
    import tomllib

    from simulator.scenario.scenario_file import shipped_scenarios

    found = {name: tomllib.loads(path.read_text(encoding="utf-8")) for name, path in shipped_scenarios().items()}
    if arguments.json:
        print(json.dumps([{"name": name, "description": given["description"]} for name, given in found.items()], ensure_ascii=False))
        return 0
    for name, given in found.items():
        print(f"{name:<30} {given['area']['meters']:>4} meters, {given['time']['hours']:g} h. {given['description']}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    from simulator.run import run_closed_loop
    from simulator.scenario.output import ReadingsFile, write_truth
    from simulator.scenario.scenario_file import load_scenario
    from simulator.scenario.truth import truth_of

    scenario = load_scenario(arguments.scenario)
    world = scenario.world()
    faults = truth_of(world)
    out: Path | None = arguments.out
    readings = None
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_truth(out / "truth.json", scenario, faults)
        readings = ReadingsFile(out / "readings.csv", world)
    try:
        result = run_closed_loop(
            world, duration_s=scenario.duration_s, poll_s=scenario.poll_s,
            say=_progress(scenario.duration_s, quiet=arguments.json), on_poll=readings.write if readings else None,
        )
    finally:
        if readings is not None:
            readings.close()
    if out is not None:
        (out / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in result.events), encoding="utf-8")
    if arguments.json:
        print(json.dumps({"truth": [_plain(fault) for fault in faults], "events": result.events, "samples": result.samples}))
        return 0
    print(f"SIMULATED area {scenario.name}: {len(scenario.area.meters)} meters, {scenario.duration_s / 3600:g} h, seed {scenario.seed}")
    print(f"  {scenario.description}")
    print("what really happened:")
    for fault in faults:
        until = "end" if fault.end_s == float("inf") else _clock(fault.end_s)
        seen = f"{len(fault.dark)} dark, {len(fault.shifted)} shifted by up to {fault.largest_shift_v:.1f} V"
        print(f"  {_clock(fault.begin_s)} .. {until:<8} {fault.fault_class:<20} {fault.place:<30} {seen}")
    print(f"what the agent said ({result.samples} readings, {result.polls_failed} polls without answer):")
    for event in result.events:
        data = event["data"]
        where = f"{data['scope']} {data['node_id']} {data.get('phases', '')}".rstrip()
        print(f"  {data['published'][11:19]} {event['sev']:<8} {event['type']:<22} {where}")
    return 0


def _progress(duration_s: float, *, quiet: bool) -> Callable[[float], None]:
    def say(now_s: float) -> None:
        if not quiet and sys.stderr.isatty():
            share = min(1.0, now_s / duration_s)
            bar = "#" * round(40 * share)
            print(f"\r[{bar:<40}] {100 * share:3.0f} %", end="\n" if share == 1.0 else "", file=sys.stderr, flush=True)

    return say


def _clock(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"


def _plain(fault: Fault) -> dict[str, Any]:
    found = asdict(fault)
    if found["end_s"] == float("inf"):
        found["end_s"] = None
    return found
