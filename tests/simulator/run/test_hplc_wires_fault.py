"""A branch loses supply behind an accelerated coordinator on a pseudo terminal: its modules' last gasps reach the agent's reader."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path

from edge_agent.acquire import BusMeter
from edge_agent.acquire.cco import CcoReader
from edge_agent.config import load_config
from edge_agent.model import Evidence, EvidenceKind, Sample
from edge_agent.runtime.agent import make_clock
from edge_agent.transport import create_link
from simulator.clock import SimClock
from simulator.run.hplc_meters import MODELS
from simulator.run.hplc_wires import HplcWires
from simulator.scenario.scenario_file import scenario_of

SPEED = 100.0
METERS = 50
FAULT_S = 3600.0
BRANCH = "feeder-1/branch-1"
SCENARIO = {
    "description": "one branch of a small area loses its supply", "seed": 3,
    "area": {"style": "urban_cable", "meters": METERS},
    "time": {"day": 100, "begin_hour": 9, "hours": 3, "step_s": 10.0, "poll_s": 900.0},
    "change": [{
        "id": "branch", "class": "branch_outage", "place": BRANCH, "at": "1:00:00", "until": "2:50:00",
        "edits": [{"op": "open", "branch": BRANCH}],
    }],
}


class Run:
    """Wires and a reader configured by the file that they ship, in one event loop."""

    def __init__(self, directory: Path) -> None:
        self.clock = SimClock(speed=SPEED)
        self.wires = HplcWires(scenario_of("fault", SCENARIO).world(), self.clock, directory, models=MODELS)
        self._directory = directory
        self.samples: list[Sample] = []
        self.evidence: list[Evidence] = []

    def reader(self) -> CcoReader:
        path = self._directory / "agent.toml"
        path.write_text(self.wires.agent_config(broker_url="mqtt://127.0.0.1:1", poll_s=900.0, description="test"), encoding="utf-8")
        config = load_config(path)
        bus = next(bus for bus in config.buses if bus.name == "cco")
        meters = [
            BusMeter(index=one.meter.index, id=one.meter.id, address=one.address, profile=one.profile, full_s=one.full_s, presence_s=None)
            for one in config.meters if one.meter.bus == "cco"
        ]
        return CcoReader(
            name=bus.name, link=create_link(bus.url), meters=meters, acquire=config.acquire, clock=make_clock(config),
            settings=dataclasses.replace(config.cco, main_address=bus.main_address, report_wait_s=1.0),
            on_sample=self.samples.append, on_evidence=self.evidence.append,
        )

    def told(self, kind: EvidenceKind) -> set[int]:
        return {meter for fact in self.evidence if fact.kind is kind for meter in fact.meters}

    def jump_to(self, elapsed_s: float) -> None:
        """Bring the fault forward to now: how long forming takes depends on the machine."""
        self.clock.epoch_utc_ms -= round(1000.0 * (elapsed_s - self.clock.elapsed_s()) / SPEED)


async def until(has_come: Callable[[], bool], what: str, seconds: float) -> None:
    ends_s = asyncio.get_running_loop().time() + seconds
    while not has_come():
        assert asyncio.get_running_loop().time() < ends_s, f"{what} within {seconds:g} s"
        await asyncio.sleep(0.05)


async def _a_branch_goes_dark(run: Run, enough: int) -> None:
    await run.wires.start()
    tasks = [asyncio.create_task(run.reader().run()), asyncio.create_task(run.wires.run(1e9))]
    try:
        await until(lambda: run.wires.area.joined == METERS, "all modules have joined", 60.0)
        run.jump_to(FAULT_S)
        await until(lambda: len(run.told(EvidenceKind.LAST_GASP)) >= enough, "last gasps of a third of the branch", 30.0)
        await asyncio.sleep(60.0 / SPEED)       # more may follow through relays, and none of it may be wrong
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        run.wires.stop()


def test_last_gasps_of_a_dark_branch_arrive_at_the_agent_and_name_no_meter_with_supply(tmp_path: Path):
    run = Run(tmp_path)
    dark = {meter.index for meter in run.wires.archive.meters if meter.node.startswith(f"{BRANCH}/")}
    assert 0 < len(dark) < METERS
    asyncio.run(_a_branch_goes_dark(run, enough=len(dark) // 3))
    assert run.told(EvidenceKind.LAST_GASP) <= dark
