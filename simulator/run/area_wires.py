"""A simulated area on real wires: gateways or pseudo terminals with the area's meters behind them, and the mains as a file."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import numpy as np

from edge_agent.errors import ConfigError
from edge_agent.model import Meter
from edge_agent.transport.base import Framing
from edge_agent.wire.dlt645 import Frame645
from edge_agent.wire.modbus import ReadRequest, Reply
from firmware_profiles.loader import load_all
from firmware_profiles.schema import MODBUS, Profile
from simulator.clock import SimClock
from simulator.load.streams import Streams
from simulator.meter import MeterBank
from simulator.meter.dlt645 import Meter645
from simulator.meter.dlt645_line import Line645
from simulator.meter.grid_meter import Accuracy, GridMeter
from simulator.meter.measures import TerminalMeasures
from simulator.run.metering import AREA_METER, Metering, Models, archive_of
from simulator.scenario.world import World
from simulator.serve import PtyLine, SupplyFile, TcpGateway, TransparentGateway

_TURNAROUND_S, _DEAD_BLOCK_S = 0.002, 0.02
_MAINS_EVERY_S = 1.0
_FIRST_UNIT = 1
WIRES = ("tcp", "rtu-tcp", "pty")
BAUD, _BITS = 115200, {"8N1": 10, "8E1": 11}
_Line = TcpGateway | TransparentGateway | PtyLine


def _modbus_line(bank: MeterBank, wire: str) -> _Line:
    if wire == "pty":
        return PtyLine(bank, baud=BAUD, bits_per_character=_BITS["8N1"], turnaround_s=_TURNAROUND_S)
    framing = Framing.TCP if wire == "tcp" else Framing.RTU
    return TcpGateway(bank, framing, turnaround_s=_TURNAROUND_S, dead_block_s=_DEAD_BLOCK_S)


def _line_645(meters: list[_MuteMeter645], wire: str) -> _Line:
    """The bytes are the same on every wire; reply delay is the standard's shortest."""
    if wire == "pty":
        return PtyLine(Line645(meters), baud=BAUD, bits_per_character=_BITS["8E1"], turnaround_s=0.0)
    return TransparentGateway(lambda: Line645(meters))


class _Mute:
    """Whether a meter is not heard while a change says so, though it lives."""

    def __init__(self, metering: Metering, place: int, clock: SimClock) -> None:
        self._metering, self._place, self._clock = metering, place, clock

    def is_on(self) -> bool:
        step = int(max(0.0, self._clock.elapsed_s()) // self._metering.world.step_s)
        return self._metering.is_muted(self._place, step)


class _MuteMeter:
    def __init__(self, meter: GridMeter, mute: _Mute) -> None:
        self._meter, self._mute = meter, mute

    def answer(self, request: ReadRequest) -> Reply | None:
        return None if self._mute.is_on() else self._meter.answer(request)


class _MuteMeter645:
    def __init__(self, meter: Meter645, mute: _Mute) -> None:
        self.meter, self._mute = meter, mute

    def answer(self, request: Frame645) -> Frame645 | None:
        return None if self._mute.is_on() else self.meter.answer(request)


class AreaWires:
    """``speed`` of the clock is the simulation's; wire times are real. ``wire``: one of WIRES.

    Raises:
        ConfigError: the customers' meters speak two protocols, and a line carries one.
    """

    def __init__(self, world: World, clock: SimClock, directory: Path, *, models: Models, wire: str = "tcp") -> None:
        self._metering, self._clock, self._directory = Metering(world, models), clock, directory
        self.archive = archive_of(world.area, models)
        self._kva = world.area.network.transformer.kva
        self._profiles = load_all()
        protocols = {name: self._profiles[name].protocol for name in (models.single_phase, models.three_phase)}
        if len(set(protocols.values())) > 1:
            said = ", ".join(f"{name} speaks {protocol}" for name, protocol in protocols.items())
            raise ConfigError([f"{said}: one line carries one protocol; choose --profile and --profile-three of the same"])
        self._wire = wire
        self._banks: dict[str, MeterBank] = {}
        self._meters_645: dict[str, list[_MuteMeter645]] = {}
        self._keys: dict[str, str] = {}                     # meter -> how the agent's configuration reaches it
        streams = Streams(world.area.seed)
        for meter in self.archive.meters:
            add = self._add_modbus if self._profiles[meter.profile].protocol == MODBUS else self._add_645
            add(meter, self._profiles[meter.profile], streams.named(f"{meter.id}/noise"))
        self._lines: dict[str, _Line] = {name: _modbus_line(bank, wire) for name, bank in self._banks.items()}
        self._lines |= {name: _line_645(meters, wire) for name, meters in self._meters_645.items()}
        self._mains = SupplyFile(directory / "mains")

    def _add_modbus(self, meter: Meter, profile: Profile, chance: np.random.Generator) -> None:
        bank = self._banks.setdefault(meter.bus, MeterBank())
        unit = len(bank.meters) + _FIRST_UNIT
        simulated = GridMeter(
            profile, self._clock, self._metering.world.step_s, partial(self._metering.terminals, meter.index),
            nominal_v=meter.nominal_voltage_v, accuracy=self._accuracy(meter), chance=chance,
        )
        bank.meters[unit] = simulated if meter.id == AREA_METER else _MuteMeter(simulated, _Mute(self._metering, meter.index, self._clock))
        self._keys[meter.id] = f"unit = {unit}"

    def _add_645(self, meter: Meter, profile: Profile, chance: np.random.Generator) -> None:
        address = f"{meter.index + 1:012d}"
        measures = TerminalMeasures(
            self._clock, self._metering.world.step_s, partial(self._metering.terminals, meter.index),
            nominal_v=meter.nominal_voltage_v, accuracy=self._accuracy(meter), chance=chance,
        )
        body = None if meter.id == AREA_METER else self._metering.bodies[meter.index]
        simulated = Meter645(profile, address, measures, self._clock, body=body)
        mute = _Mute(self._metering, meter.index, self._clock)
        self._meters_645.setdefault(meter.bus, []).append(_MuteMeter645(simulated, mute))
        self._keys[meter.id] = f'address = "{address}"'

    def _accuracy(self, meter: Meter) -> Accuracy:
        return Accuracy() if meter.id == AREA_METER else self._metering.accuracy[meter.index]

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
            for meters in self._meters_645.values():
                for muted in meters:
                    muted.meter.tick()
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
            f"[transformer]\nrated_kva = {self._kva}",
            f'[supply]\nfile = {json.dumps(str(self._directory / "mains"))}',
        ]
        lines += [f'[[bus]]\nname = "{name}"\nurl = "{self._url(name)}"' for name in self._lines]
        for meter in self.archive.meters:
            lines.append(
                f'[[meter]]\nid = "{meter.id}"\nbus = "{meter.bus}"\n{self._keys[meter.id]}\nprofile = "{meter.profile}"\n'
                f'node = "{meter.node}"\nrole = "{meter.role.value}"\nphases = "{meter.phases}"\n'
                f'grid_phases = "{meter.grid_phases}"\n'
                f"rated_current_a = {meter.rated_current_a:.1f}\nnominal_voltage_v = {meter.nominal_voltage_v}"
            )
        return "\n".join(lines) + "\n"

    def _url(self, bus: str) -> str:
        line = self._lines[bus]
        if isinstance(line, PtyLine):
            return f"serial://{line.path}?baud={BAUD}&format={'8E1' if bus in self._meters_645 else '8N1'}"
        return f"{'rtu+tcp' if self._wire == 'rtu-tcp' and bus in self._banks else 'tcp'}://127.0.0.1:{line.port}"

    def _write_mains(self) -> None:
        step = int(max(0.0, self._clock.elapsed_s()) // self._metering.world.step_s)
        block, at = self._metering.world.block_of(step)
        self._mains.write(*(float(volts) for volts in np.abs(block.transformer_v[:, at])))
