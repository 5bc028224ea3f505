"""``hplc-edge sim``: simulated meters on real wires, and the grid behind them."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

from edge_agent.cli.command import Command
from edge_agent.errors import ConfigError, LinkError
from edge_agent.transport.base import Framing
from firmware_profiles.loader import load_all
from firmware_profiles.schema import MODBUS, Profile
from firmware_profiles.selection import NoProfile, select
from simulator.cli import check_grid, sim_plot, sim_run, to_dss
from simulator.cli.serve_dlt645 import Served645, addresses_of, delays_of, make_line
from simulator.clock import SimClock
from simulator.load import ClockedSource, Recording, RecordingError, Source, SteppedSource, load_recording
from simulator.load.sources import AT_END
from simulator.meter import MeterBank, SimMeter
from simulator.serve import PtyLine, TcpGateway, TransparentGateway

RECORDINGS = Path(__file__).parents[1] / "recordings"
_BITS = {"8N1": 10, "8N2": 11, "8E1": 11, "8O1": 11}
_COUNTS_EVERY_S = 1.0
_Gateway = TcpGateway | TransparentGateway
_Wires = tuple[dict[str, tuple[int, _Gateway]], PtyLine | None]
_OFFSET_ROWS = 97          # a prime: copies of one house do not move in step


def configure(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="sim_command", metavar="COMMAND", required=True)
    serve = commands.add_parser("serve", help="simulated meters on TCP, RTU over TCP or a pty", description="Meters on real wires.")
    serve.add_argument("--profile", required=True, help="meter model, see 'hplc-edge profiles list'")
    serve.add_argument("--units", default="1", help="unit addresses: 1-25 or 3,7,9 (default 1)")
    serve.add_argument("--tcp", type=int, metavar="PORT", help="Modbus TCP on this port (0: a free one)")
    serve.add_argument("--rtu-tcp", type=int, metavar="PORT", help="RTU frames over TCP on this port (0: a free one)")
    serve.add_argument("--pty", action="store_true", help="a pseudo terminal, paced to --baud")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--addresses", default="000000000001", metavar="LIST",
                       help="of DL/T 645 meters: 000012345678,000012345700+24 (default 000000000001)")
    serve.add_argument("--reply-delay-ms", default="20", metavar="MS", help="of DL/T 645 meters: 20, or drawn from 20-500 (default 20)")
    serve.add_argument("--baud", type=int, help="default 9600; for DL/T 645 that of the profile")
    serve.add_argument("--format", choices=sorted(_BITS), help="default 8N1; for DL/T 645 that of the profile")
    serve.add_argument("--recording", default="house", help="a recording of the package (house) or a CSV file of its layout")
    serve.add_argument("--speed", type=float, default=1.0, help="how much faster than real time the recording runs")
    serve.add_argument("--same-row", action="store_true", help="all copies read the same row (default: each copy is offset)")
    serve.add_argument("--step-on-read", metavar="ADDRESS", type=lambda text: int(text, 0),
                       help="move to the next row after each read that covers this register, instead of by the clock")
    serve.add_argument("--at-end", choices=AT_END, default="loop", help="after the last row, with --step-on-read")
    serve.add_argument("--turnaround-ms", type=float, default=20.0)
    serve.add_argument("--dead", default="", help="units (or addresses) without supply: 3,7")
    serve.add_argument("--dead-block-ms", type=float, default=0.0, help="how long a dead unit holds its gateway up")
    serve.add_argument("--ready-file", type=Path, help="written as JSON when everything listens")
    serve.add_argument("--counts", type=Path, help="replies of each unit as JSON, rewritten every second and at the end")
    serve.add_argument("--seconds", type=float, help="stop after this time")


    check = commands.add_parser("check-grid", help="our grid solution beside reference solutions", description=check_grid.__doc__)
    check_grid.configure(check)
    export = commands.add_parser("to-dss", help="a network as an OpenDSS script", description=to_dss.__doc__)
    to_dss.configure(export)
    scenario = commands.add_parser("run", help="a scenario through the agent, as fast as it goes", description=sim_run.__doc__)
    sim_run.configure_run(scenario)
    picture = commands.add_parser("plot", help="an area and what happens in it, as PNG", description=sim_plot.__doc__)
    sim_plot.configure(picture)
    listed = commands.add_parser("list", help="the shipped scenarios", description=sim_run.__doc__)
    sim_run.configure_list(listed)


def run(arguments: argparse.Namespace) -> int:
    others = {
        "check-grid": check_grid.run, "to-dss": to_dss.run, "run": sim_run.run, "list": sim_run.list_scenarios,
        "plot": sim_plot.run,
    }
    other = others.get(arguments.sim_command)
    return other(arguments) if other is not None else asyncio.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    profile = _profile(arguments.profile)
    is_645 = profile.protocol != MODBUS
    meters: dict[Any, SimMeter | Served645] = dict((_meters_645 if is_645 else _meters)(profile, arguments))
    gateways, line = (_wires_645 if is_645 else _wires)(meters, profile, arguments)
    listening: dict[str, object] = {"addresses" if is_645 else "units": sorted(meters)}
    started: list[_Gateway | PtyLine] = []
    try:
        for name, (port, gateway) in gateways.items():
            started.append(gateway)
            await _start_gateway(gateway, port, arguments.host)
            listening[name] = gateway.port
        if line is not None:
            started.append(line)
            await line.start()
            listening["pty"] = line.path
        if not started:
            raise ConfigError(["no wire: give --tcp PORT, --rtu-tcp PORT or --pty"])
        who = f"addresses {arguments.addresses}" if is_645 else f"units {arguments.units}"
        print(f"SIMULATED meters ({arguments.profile}, {who}), recording {arguments.recording}", flush=True)
        for name, place in listening.items():
            if name not in ("units", "addresses"):
                print(f"  {name}: {place}", flush=True)
        if arguments.ready_file:
            _write_whole(arguments.ready_file, listening)
        await _until_stopped(meters, arguments)
    finally:
        for wire in started:
            wire.stop()
        if arguments.counts:
            _write_whole(arguments.counts, _counts(meters))
    return 0


def _wires(meters: dict[Any, Any], profile: Profile, arguments: argparse.Namespace) -> _Wires:
    bank, turnaround_s = MeterBank(meters), arguments.turnaround_ms / 1000
    gateways: dict[str, tuple[int, _Gateway]] = {
        name: (port, TcpGateway(bank, framing, turnaround_s=turnaround_s, dead_block_s=arguments.dead_block_ms / 1000))
        for name, port, framing in (("tcp", arguments.tcp, Framing.TCP), ("rtu_tcp", arguments.rtu_tcp, Framing.RTU))
        if port is not None
    }
    bits = _BITS[arguments.format or "8N1"]
    line = PtyLine(bank, baud=arguments.baud or 9600, bits_per_character=bits, turnaround_s=turnaround_s) if arguments.pty else None
    return gateways, line


def _wires_645(meters: dict[Any, Any], profile: Profile, arguments: argparse.Namespace) -> _Wires:
    """The bytes are the same on every wire: each TCP port is a transparent gateway."""
    new_line = make_line(list(meters.values()), delays_of(arguments.reply_delay_ms))
    gateways: dict[str, tuple[int, _Gateway]] = {
        name: (port, TransparentGateway(new_line))
        for name, port in (("tcp", arguments.tcp), ("rtu_tcp", arguments.rtu_tcp)) if port is not None
    }
    bits = _BITS[arguments.format or profile.serial.format]
    baud = arguments.baud or profile.serial.baud
    return gateways, PtyLine(new_line(), baud=baud, bits_per_character=bits, turnaround_s=0.0) if arguments.pty else None


async def _start_gateway(gateway: _Gateway, port: int, host: str) -> None:
    try:
        await gateway.start(port, host)
    except OSError as exc:
        raise LinkError(f"port {port} on {host} cannot be used: {exc.strerror}; choose another, or 0 for a free one") from exc


async def _until_stopped(meters: dict[Any, SimMeter | Served645], arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    end_s = loop.time() + arguments.seconds if arguments.seconds else float("inf")
    while not stop.is_set() and loop.time() < end_s:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), min(_COUNTS_EVERY_S, max(0.0, end_s - loop.time())))
        for meter in meters.values():
            if isinstance(meter, Served645):
                meter.meter.tick()         # it freezes and notes outages though nobody asks
        if arguments.counts:
            _write_whole(arguments.counts, _counts(meters))


def _profile(name: str) -> Profile:
    try:
        return select(load_all(), name)
    except NoProfile as exc:
        raise ConfigError([str(exc)]) from exc


def _recording(arguments: argparse.Namespace) -> Recording:
    try:
        return load_recording(_recording_path(arguments.recording))
    except RecordingError as exc:
        raise ConfigError([str(exc)]) from exc


def _meters_645(profile: Profile, arguments: argparse.Namespace) -> dict[str, Served645]:
    if arguments.step_on_read is not None:
        raise ConfigError(["--step-on-read names a register: DL/T 645 meters have none; their recording runs by the clock"])
    recording, clock = _recording(arguments), SimClock(speed=arguments.speed)
    meters: dict[str, Served645] = {}
    for number, address in enumerate(addresses_of(arguments.addresses, "--addresses")):
        offset = 0 if arguments.same_row else number * _OFFSET_ROWS
        meters[address] = Served645(profile, address, _sources(profile, recording, clock, arguments, offset), clock)
    for address in addresses_of(arguments.dead, "--dead") if arguments.dead else ():
        if address not in meters:
            raise ConfigError([f"--dead: address {address} is not among --addresses {arguments.addresses}"])
        meters[address].supply = False
    return meters


def _meters(profile: Profile, arguments: argparse.Namespace) -> dict[int, SimMeter]:
    recording = _recording(arguments)
    clock = SimClock(speed=arguments.speed)
    meters: dict[int, SimMeter] = {}
    for number, unit in enumerate(units_of(arguments.units, "--units")):
        offset = 0 if arguments.same_row or arguments.step_on_read is not None else number * _OFFSET_ROWS
        meters[unit] = SimMeter(
            profile, _sources(profile, recording, clock, arguments, offset), last_block_address=arguments.step_on_read
        )
    for unit in units_of(arguments.dead, "--dead"):
        if unit not in meters:
            raise ConfigError([f"--dead: unit {unit} is not among --units {arguments.units}"])
        meters[unit].supply = False
    return meters


def _sources(profile: Profile, recording: Recording, clock: SimClock, arguments: argparse.Namespace, offset: int) -> list[Source]:
    """One source for each phase; the phases of one meter are hours apart in the recording unless all read the same row."""
    if arguments.step_on_read is not None:
        return [SteppedSource(recording, offset_rows=offset, at_end=arguments.at_end) for _ in profile.phases]
    apart = 0 if arguments.same_row else len(recording.rows) // 3
    return [ClockedSource(recording, clock, offset_rows=offset + number * apart) for number, _ in enumerate(profile.phases)]


def _recording_path(name: str) -> Path:
    shipped = RECORDINGS / f"{name}.csv"
    return shipped if shipped.exists() and "/" not in name else Path(name)


def units_of(text: str, option: str) -> list[int]:
    """``1-3,7`` -> 1, 2, 3, 7."""
    units: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        try:
            found = range(int(first), int(last or first) + 1)
        except ValueError as exc:
            raise ConfigError([f"{option} {text!r}: write units as 1-25 or 3,7,9"]) from exc
        if not found or found[0] < 1 or found[-1] > 255:
            raise ConfigError([f"{option} {text!r}: units are 1 to 255, smaller first"])
        units += found
    return units


def _counts(meters: dict[Any, SimMeter | Served645]) -> dict[str, dict[str, int]]:
    return {str(unit): {"replies": meter.replies, "full_reads": meter.full_reads} for unit, meter in meters.items()}


def _write_whole(path: Path, content: object) -> None:
    partial = path.with_name(path.name + ".new")
    partial.write_text(json.dumps(content), encoding="utf-8")
    os.replace(partial, path)


COMMAND = Command(name="sim", summary="simulated meters", configure=configure, run=run)
