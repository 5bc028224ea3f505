"""One outage through everything: agent, UART, coordinator and simulated power-line network, in virtual time.

The network has formed before and is loaded; the agent's driver sets its module up, reads the area and is told what the network reports.
Abstracted PHY, not calibrated against silicon.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.acquire import AcquireSettings, BusMeter
from edge_agent.acquire.cco import CcoReader, CcoSettings
from edge_agent.model import Archive, Evidence, EvidenceKind, Sample, TimeSource
from edge_agent.runtime.ticker import Ticker
from firmware_profiles.loader import load_all
from firmware_profiles.modules import MODULES, ModuleProfile, load_module
from simulator.clock.jumping_loop import run_jumping
from simulator.grid.edits import Edit
from simulator.hplc.gasp import draw_hold_s
from simulator.hplc.gasp.transmit import raised
from simulator.hplc.gasp.trial import Formed, form
from simulator.hplc.link_model import LinkModel
from simulator.hplc.network import load_network
from simulator.run.hplc_area import MAIN_ADDRESS, HplcArea, meter_address
from simulator.run.hplc_meters import MODELS, grid_meters
from simulator.run.metering import Metering, archive_of
from simulator.run.outage_broker import Outbox
from simulator.run.outage_rig import CCO_BUS, OutageRig, RigJournal, shifted_draws
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.timeline import Change, Timeline
from simulator.scenario.world import World
from simulator.serve.module_line import ModuleLink
from simulator.serve.module_uart import ModuleUart

EPOCH_UTC_MS = 1_790_000_000_000
MODULE = "family-a"
_STEP_S, _BLOCK_STEPS, _AREA_METER_EVERY_S = 10.0, 30, 60.0
_FORM_SEED = 1


@dataclass(frozen=True, eq=False)
class HplcSite:
    """An area with its power-line network formed once; ``directory`` keeps what was formed."""

    scenario: Scenario
    directory: Path
    module: ModuleProfile = field(default_factory=lambda: load_module(MODULES / f"{MODULE}.toml"))

    @cached_property
    def model(self) -> LinkModel:
        return LinkModel(self.scenario.area, seed=self.scenario.area.seed)

    @cached_property
    def formed(self) -> Formed:
        meters = self.scenario.area.meters
        macs = np.array([int(MAIN_ADDRESS), *(int(meter_address(index)) for index in range(len(meters)))], np.int64)
        phases = np.array([0, *("abc".index(meter.phases) + 1 if len(meter.phases) == 1 else 0 for meter in meters)], np.int8)
        return form(self.model.table(), self.module, macs=macs, phases=phases, seed=_FORM_SEED, directory=self.directory)

    @cached_property
    def archive(self) -> Archive:
        """As the agent has it: all customers behind the coordinator."""
        given = archive_of(self.scenario.area, MODELS)
        meters = [replace(meter, bus=CCO_BUS) if meter.index < len(given.meters) - 1 else meter for meter in given.meters]
        return Archive(given.area, tuple(meters), transformer=given.transformer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Edits of the grid and when they hold; seconds after the fault. ``watch_s``: how long the trial goes on after it.

    ``asks``: who is read at which time beside what the agent wants to read itself.
    """

    edits: tuple[Edit, ...]
    watch_s: float
    back_s: float = float("inf")
    edits_left: tuple[Edit, ...] = ()
    left_until_s: float = float("inf")
    asks: tuple[tuple[float, tuple[int, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """``events``: messages with the time at which the broker got them, in seconds after the fault; ``evidence``, ``answers`` likewise.

    ``own_s``: seconds of CPU that the agent took from a look to the broker, of the looks that told something.
    """

    dark: tuple[int, ...]
    dark_left: tuple[int, ...]
    events: list[tuple[float, dict[str, Any]]]
    evidence: list[tuple[float, Evidence]]
    answers: list[tuple[float, int]]
    asked: list[tuple[float, int]]
    own_s: list[float]


class _NetworkClock:
    """The network's time for meters and agent alike."""

    time_source, speed, epoch_utc_ms = TimeSource.NTP, 1.0, EPOCH_UTC_MS

    def __init__(self) -> None:
        self.area: HplcArea | None = None

    def elapsed_s(self) -> float:
        return self.area.network.now_s if self.area is not None else 0.0

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def utc_ms(self) -> int:
        return EPOCH_UTC_MS + round(1000 * asyncio.get_running_loop().time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HplcTrial:
    """``before_s``: from the start of the agent to the fault: its module is set up and every meter has been read by then."""

    def __init__(self, site: HplcSite, course: Course, journal: RigJournal, *, seed: int, before_s: float = 180.0) -> None:
        self._site, self._course, self._seed = site, course, seed
        self._clock = _NetworkClock()
        begin_s = self._begin_s = _loaded_s(site)
        self._fault_s = begin_s + before_s
        self._metering = Metering(self._world(), MODELS)
        area = site.scenario.area
        self._area = self._clock.area = HplcArea(
            area, site.formed.links, grid_meters(self._metering, self._clock), module=site.module, seed=seed,
        )
        load_network(self._area.network, site.formed.file)
        self._journal = journal
        self._hold_s = draw_hold_s(area, site.module.dying, seed=seed)
        self._evidence: list[tuple[float, Evidence]] = []
        self._answers: list[tuple[float, int]] = []
        self._asked: list[tuple[float, int]] = []
        self._events: list[tuple[float, dict[str, Any]]] = []
        self._own_s: list[float] = []
        self._measured_s = float("-inf")

    def run(self) -> Trial:
        self._set_supply()
        run_jumping(self._live(), begin_s=self._begin_s)
        return Trial(
            dark=self._dark(self._fault_s + _STEP_S), dark_left=self._dark(self._fault_s + self._course.back_s + _STEP_S),
            events=self._events, evidence=self._evidence, answers=self._answers, asked=self._asked, own_s=self._own_s,
        )

    def _world(self) -> World:
        course, fault_s = self._course, self._fault_s
        spans = (("fault", course.edits, 0.0, course.back_s), ("left", course.edits_left, course.back_s, course.left_until_s))
        changes = tuple(
            Change(id=name, fault_class="trial", place="", at_s=fault_s + begin_s, until_s=fault_s + end_s,
                   edits=tuple({key: value for key, value in edit.items() if key != "how"} for edit in edits))
            for name, edits, begin_s, end_s in spans if edits and begin_s < course.watch_s
        )
        scenario = self._site.scenario
        return World(scenario.area, shifted_draws(scenario), Timeline(changes), step_s=_STEP_S, block_steps=_BLOCK_STEPS)

    def _dark(self, at_s: float) -> tuple[int, ...]:
        """Who has no supply then; nobody is asked of a time after the trial."""
        if at_s > self._fault_s + self._course.watch_s + _STEP_S:
            return ()
        silent: npt.NDArray[np.bool_] = self._metering.at(int(at_s // _STEP_S)).silent
        return tuple(np.flatnonzero(silent[:-1]).tolist())

    def _set_supply(self) -> None:
        """Wires and supply of the modules, at the moments of the course."""
        network, model, course, gain_db = self._area.network, self._site.model, self._course, self._site.module.dying.transmit_gain_db
        dark = [index + 1 for index in self._dark(self._fault_s + _STEP_S)]
        network.set_links(raised(model.table(edits=course.edits), dark, gain_db), at_s=self._fault_s)
        network.power_off(dark, self._fault_s, hold_s=self._hold_s[dark])
        if course.back_s >= course.watch_s:
            return
        back_s = self._fault_s + course.back_s
        left = {index + 1 for index in self._dark(back_s + _STEP_S)} if course.edits_left else set()
        network.set_links(model.table(edits=course.edits_left), at_s=back_s)
        network.power_on([node for node in dark if node not in left], back_s)
        if left and course.left_until_s < course.watch_s:
            network.set_links(model.table(), at_s=self._fault_s + course.left_until_s)
            network.power_on(sorted(left), self._fault_s + course.left_until_s)

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        rig = self._rig = OutageRig(self._site.archive, self._clock, self._journal)
        self._outbox = Outbox(self._journal, self._clock.utc_ms, loop.time())
        ticker = Ticker(self._tick, lambda: self._look(rig.look_at_supply), self._clock, 1.0)
        reader = self._reader = self._make_reader(rig, ticker)
        self._asks = sorted(self._course.asks)
        tasks = [asyncio.create_task(reader.run()), asyncio.create_task(ticker.run())]
        await asyncio.wait(tasks, timeout=self._fault_s + self._course.watch_s - loop.time(), return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def _tick(self) -> None:
        """The mains, the meter at the transformer, and whom the course has read, once a second."""
        now_s = asyncio.get_running_loop().time()
        measured = self._metering.at(int(now_s // _STEP_S))
        self._rig.mains.volts = measured.mains_v
        if now_s - self._measured_s >= _AREA_METER_EVERY_S:
            self._measured_s = now_s
            self._rig.take_sample(Sample(
                meter=len(self._site.archive.meters) - 1, taken_utc_ms=self._clock.utc_ms(), time_source=TimeSource.NTP,
                values=measured.values[-1], turnaround_s=0.02,
            ))
        self._look(self._rig.tick)
        while self._asks and self._asks[0][0] <= now_s - self._fault_s:
            self._reader.read_soon(self._asks.pop(0)[1])

    def _look(self, look: Callable[[], None]) -> None:
        now_s, began_s = asyncio.get_running_loop().time(), time.process_time()
        look()
        if self._rig.has_told:
            told = self._outbox.send(now_s)
            self._own_s.append(time.process_time() - began_s)
            self._events += [(now_s - self._fault_s, message) for message in told]
        if asked := list(self._rig.to_ask()):
            self._asked += [(now_s - self._fault_s, meter) for meter in asked]
            self._reader.read_soon(meter for meter in asked if meter < len(self._site.archive.meters) - 1)

    def _make_reader(self, rig: OutageRig, ticker: Ticker) -> CcoReader:
        def on_sample(sample: Sample) -> None:
            self._answers.append((self._since_fault_s(), sample.meter))
            rig.take_sample(sample)

        def on_evidence(evidence: Evidence) -> None:
            self._evidence.append((self._since_fault_s(), evidence))
            rig.take_evidence(evidence)
            ticker.has_news()

        profiles = load_all()
        meters = self._site.archive.meters[:-1]
        return CcoReader(
            name=CCO_BUS, link=ModuleLink(ModuleUart(self._area.cco), at=asyncio.get_running_loop().time), clock=self._clock,
            settings=CcoSettings(main_address=MAIN_ADDRESS), acquire=AcquireSettings(), on_sample=on_sample,
            on_evidence=on_evidence,
            meters=[
                BusMeter(index=meter.index, id=meter.id, address=meter_address(meter.index), profile=profiles[meter.profile], full_s=900.0,
                         presence_s=None)
                for meter in meters
            ],
        )

    def _since_fault_s(self) -> float:
        return asyncio.get_running_loop().time() - self._fault_s


def reports(trial: Trial, kind: EvidenceKind) -> dict[int, float]:
    """When the agent first heard this of each meter, in seconds after the fault."""
    found: dict[int, float] = {}
    for at_s, evidence in trial.evidence:
        if evidence.kind is kind:
            for meter in evidence.meters:
                found.setdefault(meter, at_s)
    return found


def _loaded_s(site: HplcSite) -> float:
    """Where the time of the saved network stands."""
    return float(site.formed.network(_FORM_SEED).now_s)
