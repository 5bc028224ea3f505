"""The agent's driver reads an area of grid meters through CCO and network; what it says is what the grid's terminals have."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from edge_agent.acquire import AcquireSettings, BusMeter
from edge_agent.acquire.cco import CcoReader, CcoSettings
from edge_agent.model import COLUMN_INDEX, Evidence, EvidenceKind, Sample, TimeSource
from firmware_profiles.loader import load_all
from firmware_profiles.modules import load_modules
from simulator.clock.jumping_loop import run_jumping
from simulator.grid.areas import make_area
from simulator.hplc.network.scattered import scattered_links
from simulator.run.hplc_area import MAIN_ADDRESS, HplcArea, meter_address
from simulator.run.hplc_meters import MODELS, grid_meters
from simulator.run.metering import Metering, archive_of
from simulator.scenario.timeline import Timeline
from simulator.scenario.world import World
from simulator.serve.module_line import ModuleLink
from simulator.serve.module_uart import ModuleUart

METERS, FAULT_S, END_S = 50, 300.0, 420.0
EPOCH_UTC_MS = 1_790_000_000_000


class Steady:
    def mean_power(self, from_s: float, step_s: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full(n, 400.0), np.zeros(n)


class AreaClock:
    time_source, speed, epoch_utc_ms = TimeSource.NTP, 1.0, EPOCH_UTC_MS
    area: HplcArea | None = None

    def elapsed_s(self) -> float:
        return self.area.network.now_s if self.area is not None else 0.0

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def utc_ms(self) -> int:
        return EPOCH_UTC_MS + round(1000 * self.elapsed_s())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Bench:
    def __init__(self) -> None:
        print("seed 1")
        area = make_area("urban_cable", METERS, seed=1)
        self.clock = AreaClock()
        self.world = World(area, {load.id: Steady() for load in area.network.loads}, Timeline(), step_s=60.0, block_steps=10)
        self.metering = Metering(self.world, MODELS)
        links, _, _ = scattered_links(METERS, seed=1)
        meters = grid_meters(self.metering, self.clock)
        self.area = self.clock.area = HplcArea(area, links, meters, module=load_modules()["family-a"], seed=1)
        self.samples: list[Sample] = []
        self.evidence: list[Evidence] = []

    def reader(self) -> CcoReader:
        profiles, archive = load_all(), archive_of(self.world.area, MODELS)
        return CcoReader(
            name="cco", link=ModuleLink(ModuleUart(self.area.cco)), clock=self.clock, settings=CcoSettings(main_address=MAIN_ADDRESS),
            acquire=AcquireSettings(), on_sample=self.samples.append, on_evidence=self.evidence.append,
            meters=[
                BusMeter(index=meter.index, id=meter.id, address=meter_address(meter.index), profile=profiles[meter.profile], full_s=300.0,
                         presence_s=None)
                for meter in archive.meters[:METERS]
            ],
        )

    async def run(self) -> None:
        """Until all have been read; then two meters lose their supply."""
        task = asyncio.create_task(self.reader().run())
        await asyncio.sleep(FAULT_S)
        self.area.network.power_off([3, 7], self.area.network.now_s, hold_s=60.0)
        await asyncio.sleep(END_S - FAULT_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(scope="module")
def bench() -> Bench:
    made = Bench()
    run_jumping(made.run())
    return made


def test_the_agent_fills_the_archive_and_the_network_forms(bench: Bench):
    assert bench.area.joined == METERS      # the two that died are missed after four silent heartbeat cycles only


def test_every_meter_is_read_through_the_network(bench: Bench):
    assert {sample.meter for sample in bench.samples} == set(range(METERS))


def test_voltages_are_those_of_the_meters_terminals(bench: Bench):
    column = next(name for name in COLUMN_INDEX if name.startswith("voltage_v.") and name.endswith("a"))
    for sample in bench.samples:
        if len(bench.world.area.meters[sample.meter].phases) == 3:
            continue
        at_s = (sample.taken_utc_ms - EPOCH_UTC_MS) / 1000.0
        volts = {abs(bench.metering.terminals(sample.meter, step).volts[0]) for step in (int(at_s // 60), max(0, int(at_s // 60) - 1))}
        seen = sample.values[COLUMN_INDEX[column]]
        assert min(abs(seen - value) for value in volts) < 0.01 * seen + 0.1


def test_two_meters_without_supply_are_told_by_their_last_gasps(bench: Bench):
    told = {meter for one in bench.evidence if one.kind is EvidenceKind.LAST_GASP for meter in one.meters}
    assert told == {2, 6}
