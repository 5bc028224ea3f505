"""A simulated area on real wires: gateways or pseudo terminals with the area's meters behind them, and the mains as a file."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import numpy as np

from edge_agent.transport.base import Framing
from edge_agent.wire.modbus import ReadRequest, Reply
from firmware_profiles.loader import load_all
from simulator.clock import SimClock
from simulator.load.streams import Streams
from simulator.meter import MeterBank
from simulator.meter.grid_meter import Accuracy, GridMeter
from simulator.run.metering import AREA_METER, Metering, Models, archive_of
from simulator.scenario.world import World
from simulator.serve import PtyLine, SupplyFile, TcpGateway

_TURNAROUND_S, _DEAD_BLOCK_S = 0.002, 0.02
_MAINS_EVERY_S = 1.0
_FIRST_UNIT = 1
WIRES = ("tcp", "rtu-tcp", "pty")
BAUD, _BITS = 115200, 10


def _line(bank: MeterBank, wire: str) -> TcpGateway | PtyLine:
    if wire == "pty":
        return PtyLine(bank, baud=BAUD, bits_per_character=_BITS, turnaround_s=_TURNAROUND_S)
    framing = Framing.TCP if wire == "tcp" else Framing.RTU
    return TcpGateway(bank, framing, turnaround_s=_TURNAROUND_S, dead_block_s=_DEAD_BLOCK_S)


class _MuteMeter:
    """A meter that is not heard while a change says so, though it lives."""

    def __init__(self, meter: GridMeter, metering: Metering, place: int, clock: SimClock) -> None:
        self._meter, self._metering, self._place, self._clock = meter, metering, place, clock

    def answer(self, request: ReadRequest) -> Reply | None:
        step = int(max(0.0, self._clock.elapsed_s()) // self._metering.world.step_s)
        return None if self._metering.is_muted(self._place, step) else self._meter.answer(request)


class AreaWires:
    """``speed`` of the clock is the simulation's; wire times are real. ``wire``: one of WIRES."""

    def __init__(self, world: World, clock: SimClock, directory: Path, *, models: Models, wire: str = "tcp") -> None:
        self._metering, self._clock, self._directory = Metering(world, models), clock, directory
        self.archive = archive_of(world.area, models)
        profiles, streams = load_all(), Streams(world.area.seed)
        banks: dict[str, MeterBank] = {}
        self.units: dict[str, int] = {}
        for meter in self.archive.meters:
            bank = banks.setdefault(meter.bus, MeterBank())
            unit = self.units[meter.id] = len(bank.meters) + _FIRST_UNIT
            is_area = meter.id == AREA_METER
            simulated = GridMeter(
                profiles[meter.profile], clock, world.step_s, partial(self._metering.terminals, meter.index),
                nominal_v=meter.nominal_voltage_v, accuracy=Accuracy() if is_area else self._metering.accuracy[meter.index],
                chance=streams.named(f"{meter.id}/noise"),
            )
            bank.meters[unit] = simulated if is_area else _MuteMeter(simulated, self._metering, meter.index, clock)
        self._lines = {name: _line(bank, wire) for name, bank in banks.items()}
        self._wire = wire
        self._mains = SupplyFile(directory / "mains")

    async def start(self) -> None:
        """Listen; every gateway on a free port of this machine, or every line on a pseudo terminal."""
        for line in self._lines.values():
            await line.start()
        self._write_mains()

    def stop(self) -> None:
        for line in self._lines.values():
            line.stop()

    async def run(self, until_s: float) -> None:
        """Keep the mains up to date until the simulation's clock is there."""
        while self._clock.elapsed_s() < until_s:
            self._write_mains()
            await asyncio.sleep(min(_MAINS_EVERY_S, max(0.01, (until_s - self._clock.elapsed_s()) / self._clock.speed)))

    def agent_config(self, *, broker_url: str, poll_s: float, description: str) -> str:
        """The agent's configuration for this area, with shipped thresholds and time constants."""
        lines = [
            f'[agent]\narea = "sim"\nid = "edge"\nstate_dir = {json.dumps(str(self._directory / "state"))}',
            f'[mqtt]\nurl = "{broker_url}"',
            f"[simulation]\nspeed = {self._clock.speed}\nepoch_utc_ms = {self._clock.epoch_utc_ms}",
            f"description = {json.dumps(description)}",
            f"[schedule]\nfull_s = {poll_s}\npresence_s = 0.0",
            "[acquire]  # wire times are real, and these wires are short\nreply_timeout_s = 0.2\nreply_timeout_floor_s = 0.05",
            f'[supply]\nfile = {json.dumps(str(self._directory / "mains"))}',
        ]
        lines += [f'[[bus]]\nname = "{name}"\nurl = "{self._url(line)}"' for name, line in self._lines.items()]
        for meter in self.archive.meters:
            lines.append(
                f'[[meter]]\nid = "{meter.id}"\nbus = "{meter.bus}"\nunit = {self.units[meter.id]}\nprofile = "{meter.profile}"\n'
                f'node = "{meter.node}"\nrole = "{meter.role.value}"\nphases = "{meter.phases}"\n'
                f"rated_current_a = {meter.rated_current_a:.1f}\nnominal_voltage_v = {meter.nominal_voltage_v}"
            )
        return "\n".join(lines) + "\n"

    def _url(self, line: TcpGateway | PtyLine) -> str:
        if isinstance(line, PtyLine):
            return f"serial://{line.path}?baud={BAUD}&format=8N1"
        return f"{'tcp' if self._wire == 'tcp' else 'rtu+tcp'}://127.0.0.1:{line.port}"

    def _write_mains(self) -> None:
        step = int(max(0.0, self._clock.elapsed_s()) // self._metering.world.step_s)
        block, at = self._metering.world.block_of(step)
        self._mains.write(*(float(volts) for volts in np.abs(block.transformer_v[:, at])))
