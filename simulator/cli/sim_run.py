"""``hplc-edge sim run`` and ``sim list``: a scenario through the shipped agent, as fast as the machine goes, and what it really was."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge_agent.errors import ConfigError

if TYPE_CHECKING:
    from simulator.run.metering import Models
    from simulator.scenario.scenario_file import Scenario
    from simulator.scenario.truth import Fault
    from simulator.scenario.world import World

_FASTEST = 100.0         # beyond it wires and time-outs, which are real, get in the way


def configure_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", help="a shipped scenario ('hplc-edge sim list') or a TOML file of its layout")
    parser.add_argument("--seed", type=int, help="of a drawn scenario: outage_storm, mixed_faults, fire_faults")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write truth.json, events.jsonl, readings and records here")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv", help="of readings and records (parquet needs its extra)")
    parser.add_argument("--json", action="store_true", help="print truth and events as JSON")
    parser.add_argument("--speed", type=float, metavar="N", help="serve the area on wires instead, at N times real time")
    parser.add_argument("--wire", choices=("tcp", "rtu-tcp", "pty", "hplc"), default="tcp",
                        help="with --speed: what the meters are behind; hplc: a coordinator of the power-line network (DL/T 645 profiles)")
    parser.add_argument("--profile", default="chint-ddsu666", help="of single-phase meters ('hplc-edge profiles list')")
    parser.add_argument("--profile-three", default="eastron-sdm630-v2", help="of three-phase meters")
    parser.add_argument("--broker", default="mqtt://127.0.0.1:1883", help="with --speed: the broker that agent.toml names")


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
    print("outage_storm, mixed_faults     drawn from --seed: area, places, kinds and times")
    print("fire_faults                    drawn: twelve days of joints, neutrals and overloads among panels, chargers, gaps and swaps")
    return 0


def run(arguments: argparse.Namespace) -> int:
    from simulator.run import run_closed_loop
    from simulator.scenario.output import ReadingsFile, write_records, write_truth
    from simulator.scenario.scenario_file import load_scenario
    from simulator.scenario.tables import load_arrow
    from simulator.scenario.truth import truth_of
    from simulator.scoring import score_outages

    if arguments.format == "parquet":
        load_arrow()                  # said before anything runs
    models = _models(arguments)
    scenario = load_scenario(arguments.scenario, seed=arguments.seed)
    world = scenario.world()
    faults = truth_of(world)
    out: Path | None = arguments.out
    if arguments.speed is not None:
        return asyncio.run(_serve(scenario, world, faults, arguments))
    readings = None
    if out is not None:
        make_directory(out)
        write_truth(out / "truth.json", scenario, faults)
        readings = ReadingsFile(out, world, form=arguments.format)
    try:
        result = run_closed_loop(
            world, duration_s=scenario.duration_s, poll_s=scenario.poll_s,
            say=_progress(scenario.duration_s, quiet=arguments.json), on_poll=readings.write if readings else None, models=models,
        )
    finally:
        if readings is not None:
            readings.close()
    if out is not None:
        write_records(out, world, int(scenario.duration_s / scenario.step_s) - 1, form=arguments.format)
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
    score = score_outages(faults, result.events, result.published_s)
    print(f"what the agent said ({result.samples} readings, {result.polls_failed} polls without answer):")
    for event in result.events:
        data = event["data"]
        where = f"{data['scope']} {data['node_id']} {data.get('phases', '')}".rstrip()
        print(f"  {_clock(result.published_s(event))} {event['sev']:<8} {event['type']:<22} {where}")
    late = f" after {score.median_delay_s:.0f} s in the median" if score.found else ""
    print(
        f"of {score.faults} faults that darken meters {score.found} were told{late}, {score.exact} of them with just their meters; "
        f"{score.false} of {score.outages} outages told were none"
    )
    return 0


async def _serve(scenario: Scenario, world: World, faults: list[Fault], arguments: argparse.Namespace) -> int:
    """The area on wires until the scenario is over or somebody stops it."""
    from simulator.clock import SimClock
    from simulator.run.area_wires import AreaWires
    from simulator.run.hplc_wires import HplcWires
    from simulator.scenario.output import write_truth

    if not 0 < arguments.speed <= _FASTEST:
        raise ConfigError([f"--speed {arguments.speed:g}: above 0 and at most {_FASTEST:g}; without --speed it runs as fast as it goes"])
    directory = arguments.out or Path(f"sim-{scenario.name}")
    make_directory(directory)
    write_truth(directory / "truth.json", scenario, faults)
    clock, models = SimClock(speed=arguments.speed), _models(arguments)
    wires: AreaWires | HplcWires
    if arguments.wire == "hplc":
        wires = HplcWires(world, clock, directory.resolve(), models=models)
    else:
        wires = AreaWires(world, clock, directory.resolve(), models=models, wire=arguments.wire)
    await wires.start()
    config = directory / "agent.toml"
    config.write_text(wires.agent_config(broker_url=arguments.broker, poll_s=scenario.poll_s, description=scenario.name), encoding="utf-8")
    meters = len(scenario.area.meters)
    print(f"SIMULATED area {scenario.name}: {meters} meters on {arguments.wire} at {arguments.speed:g} times real time", flush=True)
    print(f"  run the agent on it: hplc-edge run -c {config}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = asyncio.create_task(wires.run(scenario.duration_s))
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (serving, stopping):
            task.cancel()
        wires.stop()
    return 0


def make_directory(directory: Path) -> None:
    """Raises ConfigError where none can be."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError([f"{directory}: cannot be made a folder ({exc.strerror})"]) from exc


def _models(arguments: argparse.Namespace) -> Models:
    """Any profiles of the fitting number of phases. Raises ConfigError for others."""
    from firmware_profiles.loader import load_all
    from firmware_profiles.selection import NoProfile, select
    from simulator.run.metering import Models

    profiles, names = load_all(), []
    for name, phases in ((arguments.profile, 1), (arguments.profile_three, 3)):
        try:
            found = select(profiles, name)
        except NoProfile as exc:
            raise ConfigError([str(exc)]) from exc
        if len(found.phases) != phases:
            raise ConfigError([f"profile {name} is for {len(found.phases)} phases, {phases} needed"])
        names.append(found.name)
    return Models(single_phase=names[0], three_phase=names[1])


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
