"""The agent's own share of the way from a last gasp to a crew: evidence in to message at a subscriber, with 1000 meters.

    python -m benchmarks.outage.own_share [--meters 1000] [--outages 100] [--json]

The whole agent with its detectors, its journal on disk and Mosquitto; a subscriber of its own process writes down when what arrives.
Evidence is handed in where the reader of a coordinator hands it in, by a thread that notes the time: what then has to wait for the agent
counts. Every meter is read three times a minute; who is asked answers after half a second, or fails after 25 s. One box after the other
loses its supply for a moment; in the end all meters gasp within a second, in frames as a coordinator sends them, none is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.reliability.rig import Rig
from edge_agent.config import load_config
from edge_agent.model import COLUMN_INDEX, COLUMNS, Clock, Evidence, EvidenceKind, Sample, TimeSource
from edge_agent.runtime.agent import Agent, make_clock
from simulator.cli.rows import Row, print_rows
from simulator.scoring.outage.rows import quantile_row

IN_BOX, BOXES, BRANCHES, FEEDERS = 10, 5, 5, 4      # of 1000 meters: 4 feeders of 5 branches of 5 boxes of 10 meters
READ_EVERY_S, SETTLES_S, LATEST_S = 20.0, 1.5, 5.0
ANSWERS_S, FAILS_S = 0.5, 25.0
UNHEARD_S = 35.0                                    # a coordinator gathers so long before it reports: the dead do not answer meanwhile
FRAME_METERS, FRAME_S = 42, 0.042                   # of one frame of a coordinator; so far apart they bring 1000 in a second
CLOSED_S = 250.0                                    # nothing that was is on any more, and no last gasp counts as a repeated one
STORM_S = 75.0                                      # longer than nothing is confirmed
GOAL_S, MOST_MESSAGES = 0.05, 20
KIND = "supply.lost"


def box_of(index: int) -> str:
    box = index // IN_BOX
    return f"f{box // (BOXES * BRANCHES) + 1}/b{box // BOXES % BRANCHES + 1}/x{box % BOXES + 1}"


def config_text(directory: Path, broker_port: int, meters: int) -> str:
    lines = [
        "[agent]", 'area = "bench"', 'id = "edge"', "health_s = 1e6", f"state_dir = {json.dumps(str(directory / 'state'))}",
        "[mqtt]", f'url = "mqtt://127.0.0.1:{broker_port}"', "[simulation]", 'description = "evidence of a benchmark"',
        "[[bus]]", 'name = "hplc"', 'url = "tcp://127.0.0.1:9"', 'protocol = "gdw10376.2"', 'main_address = "000000002600"',
    ]
    for index in range(meters):
        lines += [
            "[[meter]]", f'id = "m{index}"', 'bus = "hplc"', f'address = "{index + 1:012d}"', 'profile = "dlt645-2007-single"',
            f'node = "{box_of(index)}"', f'grid_phases = "{"abc"[index % 3]}"',
        ]
    return "\n".join(lines) + "\n"


class Meters:
    """All meters, and the reader that the agent asks for them."""

    name = "hplc"
    counters = SimpleNamespace(requests=0, link_failures=0)

    def __init__(self, clock: Clock, count: int) -> None:
        self.count, self.dark, self.agent = count, set[int](), None
        self._clock, self._chance = clock, np.random.default_rng(1)

    async def run(self) -> None:
        meter = 0
        while True:
            if meter not in self.dark:
                self.answer(meter)
            meter = (meter + 1) % self.count
            await asyncio.sleep(READ_EVERY_S / self.count)

    def read_soon(self, meters: Sequence[int]) -> None:
        for meter in meters:
            asyncio.get_running_loop().call_later(FAILS_S if meter in self.dark else ANSWERS_S, self._read, meter)

    def _read(self, meter: int) -> None:
        if meter in self.dark:
            self.tell(EvidenceKind.POLL_FAILED, (meter,))
        else:
            self.answer(meter)

    def answer(self, meter: int) -> None:
        values = np.full(len(COLUMNS), np.nan)
        current_a = float(self._chance.uniform(0.5, 10.0))
        now = {"voltage_v.a": 220.0 + self._chance.normal(), "current_a.a": current_a, "active_power_w": 220.0 * current_a}
        for name, value in now.items():
            values[COLUMN_INDEX[name]] = value
        self.agent.pipeline.take_sample(Sample(
            meter=meter, taken_utc_ms=self._clock.utc_ms(), time_source=TimeSource.NTP, values=values, turnaround_s=0.1,
        ))

    def tell(self, kind: EvidenceKind, meters: Sequence[int]) -> None:
        self.agent.take_evidence(Evidence(kind=kind, at_utc_ms=self._clock.utc_ms(), meters=tuple(meters), bus="hplc"))


class Live:
    """A running agent, its meters, and what a subscriber has written down."""

    def __init__(self, meters: Meters, messages: Path) -> None:
        self.meters, self._messages = meters, messages.open(encoding="utf-8")
        self._chance, self._rest = np.random.default_rng(3), ""

    async def gasp(self, meters: Sequence[int]) -> float:
        """Wall-clock seconds at which a thread had it."""
        loop = asyncio.get_running_loop()

        def hand_in() -> float:
            at_s = time.time()
            loop.call_soon_threadsafe(self.meters.tell, EvidenceKind.LAST_GASP, meters)
            return at_s

        return await asyncio.to_thread(hand_in)

    async def lost(self, meters: Sequence[int]) -> float | None:
        """Seconds until a subscriber has the outage of these meters, dark for a while; they answer again afterwards."""
        await asyncio.sleep(float(self._chance.uniform(0.0, 1.0)))         # anywhere between two ticks
        self.new()
        names, at_s, found_s = {f"m{index}" for index in meters}, await self.gasp(meters), None
        end_s = time.monotonic() + LATEST_S
        while found_s is None and time.monotonic() < end_s:
            await asyncio.sleep(0.3)                                        # not while the agent works on it
            found_s = next((told_s for told_s, body in self.new() if body.get("kind") == KIND and names & set(body["meters"])), None)
        self.meters.dark -= set(meters)
        for meter in meters:
            self.meters.answer(meter)
        await asyncio.sleep(SETTLES_S)
        return None if found_s is None else found_s - at_s

    async def storm(self) -> list[dict[str, Any]]:
        """Events that are told of it, until it is confirmed and all are back."""
        self.meters.dark = set(range(self.meters.count))
        await asyncio.sleep(UNHEARD_S)
        self.new()
        order = self._chance.permutation(self.meters.count).tolist()
        for begin in range(0, self.meters.count, FRAME_METERS):
            await self.gasp(order[begin : begin + FRAME_METERS])
            await asyncio.sleep(FRAME_S)
        await asyncio.sleep(STORM_S)
        self.meters.dark = set()
        for meter in order:
            self.meters.answer(meter)
        await asyncio.sleep(2 * SETTLES_S)
        return [body for _, body in self.new()]

    def new(self) -> list[tuple[float, dict[str, Any]]]:
        """When a subscriber got which event since the last call."""
        lines = (self._rest + self._messages.read()).split("\n")
        self._rest, found = lines.pop(), []
        for line in lines:
            at, topic, payload = line.split(" ", 2)
            if "/event/" in topic:
                found.append((float(at), json.loads(payload)["data"]))
        return found


async def measure(agent: Agent, live: Live, outages: int) -> tuple[list[float | None], list[dict[str, Any]]]:
    meters = live.meters
    running = asyncio.create_task(agent.run())
    for meter in range(meters.count):
        meters.answer(meter)
    boxes = [range(box * IN_BOX, (box + 1) * IN_BOX) for box in np.random.default_rng(2).permutation(meters.count // IN_BOX).tolist()]
    lost, ahead, found = boxes[:outages], math.ceil(UNHEARD_S / SETTLES_S), []
    await asyncio.sleep(READ_EVERY_S)
    for box in lost[:ahead]:
        meters.dark.update(box)
    await asyncio.sleep(UNHEARD_S)
    for number, box in enumerate(lost):
        found.append(await live.lost(box))
        for later in lost[number + ahead : number + ahead + 1]:
            meters.dark.update(later)
        _say(f"{number + 1} of {len(lost)}: {found[-1]}")
    _say(f"storm, in {CLOSED_S:.0f} s")
    await asyncio.sleep(CLOSED_S)
    storm = await live.storm()
    agent.stop()
    await running
    return found, storm


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--meters", type=int, default=1000)
    parser.add_argument("--outages", type=int, default=100)
    arguments = parser.parse_args()
    if not 1 <= arguments.outages <= arguments.meters // IN_BOX:
        parser.error(f"--outages {arguments.outages}: 1 to {arguments.meters // IN_BOX}, each of another box of {arguments.meters} meters")
    directory = Path(tempfile.mkdtemp(prefix="hplc-edge-share-"))
    rig = Rig(directory)
    try:
        path = directory / "agent.toml"
        path.write_text(config_text(directory, rig.broker(), arguments.meters), encoding="utf-8")
        config = load_config(path)
        clock = make_clock(config)
        meters = Meters(clock, arguments.meters)
        agent = meters.agent = Agent(config, clock, readers=[meters])
        try:
            found, storm = asyncio.run(measure(agent, Live(meters, directory / "messages"), arguments.outages))
        finally:
            agent.close()
    finally:
        rig.close()
    told, name = [one for one in found if one is not None], f"{arguments.meters} meters"
    roots = len({body["event_id"] for body in storm})
    firm = any(body.get("state") in ("confirmed", "localised") for body in storm)
    rows = [
        Row(name=f"{name}: boxes that lost supply and were told", figure=len(told), unit=f"of {len(found)}", goal="all",
            ok=len(told) == len(found)),
        quantile_row(f"{name}: last gasp in to message at a subscriber, p50", told, 0.5),
        quantile_row(f"{name}: last gasp in to message at a subscriber, p99", told, 0.99, most=GOAL_S),
        Row(name=f"storm of {name}, no last gasp lost: root events", figure=roots, unit="", goal="1, confirmed", ok=roots == 1 and firm),
        Row(name=f"storm of {name}, no last gasp lost: messages of events", figure=len(storm), unit="", goal=f"<= {MOST_MESSAGES}",
            ok=len(storm) <= MOST_MESSAGES),
    ]
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
