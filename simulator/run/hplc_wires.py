"""A simulated area behind one coordinator: its UART on a pseudo terminal, the area meter on another, the mains as a file."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import numpy as np

from edge_agent.errors import ConfigError
from edge_agent.wire.dlt645 import Frame645
from firmware_profiles.dlt645 import DLT645_2007
from firmware_profiles.loader import load_all
from firmware_profiles.modules import load_modules
from simulator.clock import SimClock
from simulator.hplc.gasp import draw_hold_s
from simulator.hplc.link_model import LinkModel
from simulator.meter import MeterBank
from simulator.meter.dlt645 import Meter645
from simulator.meter.grid_meter import DARK_BELOW, GridMeter
from simulator.run.hplc_area import MAIN_ADDRESS, HplcArea, meter_address
from simulator.run.hplc_meters import grid_meters
from simulator.run.metering import AREA_METER, NOMINAL_V, Metering, Models, archive_of
from simulator.scenario.world import World
from simulator.serve import PtyLine, SupplyFile
from simulator.serve.module_line import ModulePty
from simulator.serve.module_uart import ModuleUart

MODULE = "family-a"
_EVERY_S = 1.0                       # of real time: supply, links and mains are brought up to date
_CCO_BAUD, _AREA_BAUD = 9600, 115200


class _Muted:
    """A meter that does not answer its module while a change says so."""

    def __init__(self, meter: Meter645, metering: Metering, place: int, clock: SimClock) -> None:
        self._meter, self._metering, self._place, self._clock = meter, metering, place, clock

    def answer(self, request: Frame645) -> Frame645 | None:
        is_muted = self._metering.is_muted(self._place, _step(self._metering.world, self._clock))
        return None if is_muted else self._meter.answer(request)


class HplcWires:
    """As ``AreaWires``; network, modules and UART run at the clock's speed, the agent's time-outs in real time.

    Raises:
        ConfigError: meters that do not speak DL/T 645-2007.
    """

    def __init__(self, world: World, clock: SimClock, directory: Path, *, models: Models, noise: str = "normal") -> None:
        profiles = load_all()
        for name in (models.single_phase, models.three_phase):
            if profiles[name].protocol != DLT645_2007:
                raise ConfigError([f"{name} speaks {profiles[name].protocol}; behind a coordinator choose --profile dlt645-2007-single and "
                                   "--profile-three dlt645-2007-three"])
        self._world, self._clock, self._directory = world, clock, directory
        self._metering = Metering(world, models)
        self.archive = archive_of(world.area, models)
        self._kva = world.area.network.transformer.kva
        module, seed = load_modules()[MODULE], world.area.seed
        self._links = LinkModel(world.area, seed=seed, noise=noise)
        meters = [_Muted(meter, self._metering, place, clock) for place, meter in enumerate(grid_meters(self._metering, clock, models))]
        self.area = HplcArea(world.area, self._links.table(), meters, module=module, seed=seed)
        self._hold_s = draw_hold_s(world.area, module.dying, seed=seed)
        self._active: tuple[str, ...] = ()
        self._dark = np.zeros(len(meters), np.bool_)
        self._cco_line = ModulePty(ModuleUart(self.area.cco), speed=clock.speed)
        area_meter = self.archive.meters[-1]
        bank = MeterBank()
        bank.meters[1] = GridMeter(
            profiles[models.area], clock, world.step_s, partial(self._metering.terminals, area_meter.index), nominal_v=NOMINAL_V,
        )
        self._area_line = PtyLine(bank, baud=_AREA_BAUD)
        self._mains = SupplyFile(directory / "mains")

    async def start(self) -> None:
        await self._cco_line.start()
        await self._area_line.start()
        self._follow()

    def stop(self) -> None:
        self._cco_line.stop()
        self._area_line.stop()

    async def run(self, until_s: float) -> None:
        """Keep links, supply and mains up to date until the simulation's clock is there."""
        while self._clock.elapsed_s() < until_s:
            self._follow()
            await asyncio.sleep(min(_EVERY_S, max(0.01, (until_s - self._clock.elapsed_s()) / self._clock.speed)))

    def agent_config(self, *, broker_url: str, poll_s: float, description: str) -> str:
        """The agent's configuration for this area, with shipped thresholds and time constants."""
        lines = [
            f'[agent]\narea = "sim"\nid = "edge"\nstate_dir = {json.dumps(str(self._directory / "state"))}',
            f'[mqtt]\nurl = "{broker_url}"',
            f"[simulation]\nspeed = {self._clock.speed}\nepoch_utc_ms = {self._clock.epoch_utc_ms}",
            f"description = {json.dumps(description)}",
            f"[schedule]\nfull_s = {poll_s}\npresence_s = 0.0",
            f"[transformer]\nrated_kva = {self._kva}",
            f'[supply]\nfile = {json.dumps(str(self._directory / "mains"))}',
            f'[[bus]]\nname = "cco"\nurl = "serial://{self._cco_line.path}?baud={_CCO_BAUD}&format=8E1"\nprotocol = "gdw10376.2"\n'
            f'main_address = "{MAIN_ADDRESS}"',
            f'[[bus]]\nname = "bus-0"\nurl = "serial://{self._area_line.path}?baud={_AREA_BAUD}&format=8N1"',
        ]
        for meter in self.archive.meters:
            is_area = meter.id == AREA_METER
            key = "unit = 1" if is_area else f'address = "{meter_address(meter.index)}"'
            lines.append(
                f'[[meter]]\nid = "{meter.id}"\nbus = "{"bus-0" if is_area else "cco"}"\n{key}\nprofile = "{meter.profile}"\n'
                f'node = "{meter.node}"\nrole = "{meter.role.value}"\nphases = "{meter.phases}"\n'
                f'grid_phases = "{meter.grid_phases}"\n'
                f"rated_current_a = {meter.rated_current_a:.1f}\nnominal_voltage_v = {meter.nominal_voltage_v}"
            )
        return "\n".join(lines) + "\n"

    def _follow(self) -> None:
        """What the world is now: wires to the network, supply to the modules, volts to the mains file."""
        step = _step(self._world, self._clock)
        network = self.area.network
        active = self._world.timeline.active(step * self._world.step_s)
        if active != self._active:
            self._active = active
            network.set_links(self._links.table(edits=tuple(
                edit for change in self._world.timeline.changes if change.id in active for edit in change.edits
            )))
        block, at = self._world.block_of(step)
        volts = np.abs(block.volts[:, at])
        dark = np.array([volts[loads].max() < DARK_BELOW * NOMINAL_V for loads in self._metering.loads])
        lost, back = np.flatnonzero(dark & ~self._dark) + 1, np.flatnonzero(~dark & self._dark) + 1
        network.power_off(lost.tolist(), network.now_s, hold_s=self._hold_s[lost])
        network.power_on(back.tolist(), network.now_s)
        self._dark = dark
        self._mains.write(*(float(phase_v) for phase_v in np.abs(block.transformer_v[:, at])))



def _step(world: World, clock: SimClock) -> int:
    return int(max(0.0, clock.elapsed_s()) // world.step_s)
