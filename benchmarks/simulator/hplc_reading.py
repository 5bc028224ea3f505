"""Reading a whole area through CCO and power-line network, agent on the other end of the UART, at three levels of noise.

    python -m benchmarks.simulator.hplc_reading [--json] [--meters 500] [--noise quiet normal heavy] [--cycles 3] [--seed 1] [--pty]

Abstracted PHY, not calibrated against silicon. Virtual time: the agent's driver and the module's UART take the time that they say;
``--pty``: real time, the driver on a pseudo terminal with the module on the other end (the network still forms in virtual time).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from edge_agent.acquire import AcquireSettings, BusMeter
from edge_agent.acquire.cco import CcoReader, CcoSettings
from edge_agent.model import Evidence, EvidenceKind, Sample, TimeSource
from edge_agent.transport import create_link
from edge_agent.wire.gdw10376_2 import encode, request, units
from firmware_profiles.loader import load_all
from firmware_profiles.modules import load_modules
from simulator.cli.rows import Row, print_rows
from simulator.clock.jumping_loop import run_jumping
from simulator.grid.areas import make_area
from simulator.hplc.link_model import LinkModel
from simulator.hplc.links import LinkTable
from simulator.run.hplc_area import MAIN_ADDRESS, HplcArea, meter_address
from simulator.run.hplc_meters import MODELS, grid_meters
from simulator.run.metering import Metering, archive_of
from simulator.scenario.timeline import Timeline
from simulator.scenario.world import World
from simulator.serve.module_line import ModuleLink, ModulePty
from simulator.serve.module_uart import ModuleUart

MODULE, STYLE = "family-a", "urban_cable"
EPOCH_UTC_MS = 1_790_000_000_000
GOAL = 0.999
FORM_LIMIT_S, SETTLE_S, CYCLE_LIMIT_S = 1800.0, 60.0, 1800.0
LOAD_W = 300.0
PAGE = 32


class Steady:
    """A load that draws the same at all times."""

    def mean_power(self, from_s: float, step_s: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full(n, LOAD_W), np.zeros(n)


class NetworkClock:
    """The network's time for meters and agent alike."""

    time_source, speed, epoch_utc_ms = TimeSource.NTP, 1.0, EPOCH_UTC_MS

    def __init__(self) -> None:
        self.area: HplcArea | None = None

    def elapsed_s(self) -> float:
        return self.area.network.now_s if self.area is not None else 0.0

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()

    def utc_ms(self) -> int:
        return EPOCH_UTC_MS + round(1000 * self.elapsed_s())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(slots=True)
class Heard:
    """What the agent got; times of the network, by meter."""

    samples_s: dict[int, list[float]] = field(default_factory=dict)
    failed: int = 0


def links_of(meters: int, seed: int, noise: str) -> LinkTable:
    return LinkModel(make_area(STYLE, meters, seed=seed), seed=seed, noise=noise).table()


def make(meters: int, seed: int, noise: str) -> tuple[HplcArea, NetworkClock, Metering]:
    area, clock = make_area(STYLE, meters, seed=seed), NetworkClock()
    world = World(area, {load.id: Steady() for load in area.network.loads}, Timeline(), step_s=60.0)
    metering = Metering(world, MODELS)
    made = HplcArea(area, links_of(meters, seed, noise), grid_meters(metering, clock), module=load_modules()[MODULE], seed=seed)
    clock.area = made
    return made, clock, metering


def form(made: HplcArea, meters: int) -> float:
    """Virtual seconds until all have joined, at most the limit; then it may settle."""
    cco = made.cco
    cco.advance(30.0)
    cco.take_output()
    now_s = 30.0
    for begin in range(0, meters, PAGE):
        nodes = tuple(units.NodeProtocol(address=meter_address(index), protocol=2) for index in range(begin, min(meters, begin + PAGE)))
        cco.receive(encode(request(units.AddNodes(nodes=nodes), sequence=begin // PAGE)), now_s)
    began_s = now_s
    while made.joined < meters and now_s < FORM_LIMIT_S:
        now_s += 5.0
        cco.advance(now_s)
        cco.take_output()
    cco.advance(now_s + SETTLE_S)
    cco.take_output()
    return now_s - began_s


def bus_meters(metering: Metering) -> list[BusMeter]:
    """All of the area's, due again as soon as they have been read."""
    known, area = load_all(), metering.world.area
    return [
        BusMeter(
            index=meter.index, id=meter.id, address=meter_address(meter.index), profile=known[meter.profile], full_s=1.0, presence_s=None,
        )
        for meter in archive_of(area, MODELS).meters[: len(area.meters)]
    ]


async def read(made: HplcArea, clock: NetworkClock, metering: Metering, *, cycles: int, on_pty: bool) -> Heard:
    """Every meter over and over, as fast as the agent, the UART and the network let it."""
    heard, meters = Heard(), len(metering.world.area.meters)

    def on_sample(sample: Sample) -> None:
        heard.samples_s.setdefault(sample.meter, []).append(made.network.now_s)

    def on_evidence(evidence: Evidence) -> None:
        heard.failed += evidence.kind is EvidenceKind.POLL_FAILED

    uart = ModuleUart(made.cco)
    line = ModulePty(uart, module_s=made.network.now_s)
    if on_pty:
        await line.start()
    link = create_link(f"serial://{line.path}?baud=9600&format=8E1") if on_pty else ModuleLink(uart, at=lambda: made.network.now_s)
    reader = CcoReader(
        name="cco", link=link, meters=bus_meters(metering), clock=clock, on_sample=on_sample, on_evidence=on_evidence,
        settings=CcoSettings(main_address=MAIN_ADDRESS), acquire=AcquireSettings(),
    )
    task = asyncio.create_task(reader.run())
    limit_s = asyncio.get_running_loop().time() + cycles * CYCLE_LIMIT_S
    while asyncio.get_running_loop().time() < limit_s and not task.done():
        await asyncio.sleep(1.0)
        if len(heard.samples_s) == meters and min(map(len, heard.samples_s.values())) >= cycles:
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    line.stop()
    return heard


def rows_of(noise: str, *, meters: int, seed: int, cycles: int, on_pty: bool) -> list[Row]:
    began_s = time.process_time()
    made, clock, metering = make(meters, seed, noise)
    formed_s = form(made, meters)
    started_s = made.network.now_s
    run = asyncio.run if on_pty else run_jumping
    heard = run(read(made, clock, metering, cycles=cycles, on_pty=on_pty))
    reads = made.cco.core.reads
    ended = max(1, reads.started - len(reads))
    got = sum(map(len, heard.samples_s.values()))
    share = got / max(1, got + heard.failed)
    all_read = len(heard.samples_s) / meters
    gaps_s = [later - earlier for times in heard.samples_s.values() for earlier, later in pairwise(times)]
    first_s = max((times[0] for times in heard.samples_s.values()), default=float("nan")) - started_s
    is_goal = noise == "normal"
    goal = f">= {GOAL}" if is_goal else ""
    return [
        Row(name=f"{noise}: joined", figure=made.joined / meters, unit="share", goal="", ok=True),
        Row(name=f"{noise}: formed after", figure=formed_s, unit="s", goal=f"<= {FORM_LIMIT_S:g}", ok=formed_s < FORM_LIMIT_S),
        Row(name=f"{noise}: meters on the deepest level", figure=float(np.flatnonzero(made.network.level_histogram()).max()), unit="level",
            goal="", ok=True),
        Row(name=f"{noise}: F1H F1 answered at the CCO's first try", figure=reads.answered_at_once / ended, unit="share", goal="", ok=True),
        Row(name=f"{noise}: F1H F1 answered", figure=reads.answered / ended, unit="share", goal="", ok=True),
        Row(name=f"{noise}: readings got, with the agent's retries", figure=share, unit="share", goal=goal,
            ok=not is_goal or share >= GOAL),
        Row(name=f"{noise}: meters read at least once", figure=all_read, unit="share", goal=goal, ok=not is_goal or all_read >= GOAL),
        Row(name=f"{noise}: first cycle, bring-up included", figure=first_s, unit="s", goal="", ok=True),
        Row(name=f"{noise}: full cycle, median", figure=float(np.median(gaps_s)) if gaps_s else float("nan"), unit="s", goal="", ok=True),
        Row(name=f"{noise}: cost", figure=time.process_time() - began_s, unit="s of CPU", goal="", ok=True),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--meters", type=int, default=500)
    parser.add_argument("--noise", nargs="+", default=["quiet", "normal", "heavy"])
    parser.add_argument("--cycles", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pty", action="store_true")
    wanted = parser.parse_args()
    rows: list[Row] = []
    for noise in wanted.noise:
        rows += rows_of(noise, meters=wanted.meters, seed=wanted.seed, cycles=wanted.cycles, on_pty=wanted.pty)
    return print_rows(rows, as_json=wanted.json)


if __name__ == "__main__":
    sys.exit(main())
