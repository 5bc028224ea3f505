"""The agent's own share of the way from a last gasp to a crew: evidence in to message at a subscriber, with 1000 meters.

    python -m benchmarks.outage.own_share [--meters 1000] [--outages 100] [--json]

The whole agent with its detectors, its journal on disk and Mosquitto; a subscriber of its own process writes down when what arrives.
Evidence is handed in where the reader of a coordinator hands it in. Every meter is read three times a minute meanwhile. One box after
the other loses its supply for a moment; in the end all meters gasp within a second, in frames as a coordinator sends them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.reliability.rig import Message, Rig
from edge_agent.config import load_config
from edge_agent.model import COLUMN_INDEX, COLUMNS, Clock, Evidence, EvidenceKind, Sample, TimeSource
from edge_agent.runtime.agent import Agent, make_clock
from simulator.cli.rows import Row, print_rows
from simulator.scoring.outage.rows import quantile_row

IN_BOX, BOXES, BRANCHES, FEEDERS = 10, 5, 5, 4      # of 1000 meters: 4 feeders of 5 branches of 5 boxes of 10 meters
READ_EVERY_S, SETTLES_S, LATEST_S = 20.0, 1.5, 5.0
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
        "[agent]", 'area = "bench"', 'id = "edge"', f"state_dir = {json.dumps(str(directory / 'state'))}",
        "[mqtt]", f'url = "mqtt://127.0.0.1:{broker_port}"', "[simulation]", 'description = "evidence of a benchmark"',
        "[[bus]]", 'name = "hplc"', 'url = "tcp://127.0.0.1:9"', 'protocol = "gdw10376.2"', 'main_address = "000000002600"',
    ]
    for index in range(meters):
        lines += [
            "[[meter]]", f'id = "m{index}"', 'bus = "hplc"', f'address = "{index + 1:012d}"', 'profile = "dlt645-2007-single"',
            f'node = "{box_of(index)}"', f'grid_phases = "{"abc"[index % 3]}"',
        ]
    return "\n".join(lines) + "\n"


class Live:
    """A running agent whose meters are read here."""

    def __init__(self, agent: Agent, clock: Clock, rig: Rig, meters: int) -> None:
        self._agent, self._rig, self.meters = agent, rig, meters
        self._clock, self._chance = clock, np.random.default_rng(1)
        self.dark: set[int] = set()

    def answer(self, meter: int) -> None:
        values = np.full(len(COLUMNS), np.nan)
        current_a = float(self._chance.uniform(0.5, 10.0))
        now = {"voltage_v.a": 220.0 + self._chance.normal(), "current_a.a": current_a, "active_power_w": 220.0 * current_a}
        for name, value in now.items():
            values[COLUMN_INDEX[name]] = value
        self._agent.pipeline.take_sample(Sample(
            meter=meter, taken_utc_ms=self._clock.utc_ms(), time_source=TimeSource.NTP, values=values, turnaround_s=0.1,
        ))

    async def read_for_ever(self) -> None:
        meter = 0
        while True:
            if meter not in self.dark:
                self.answer(meter)
            meter = (meter + 1) % self.meters
            await asyncio.sleep(READ_EVERY_S / self.meters)

    def gasp(self, meters: Sequence[int]) -> float:
        """Wall-clock seconds at which it was handed in."""
        at_s = time.time()
        self._agent.take_evidence(Evidence(kind=EvidenceKind.LAST_GASP, at_utc_ms=self._clock.utc_ms(), meters=tuple(meters), bus="hplc"))
        return at_s

    async def lost(self, meters: Sequence[int]) -> float | None:
        """Seconds until a subscriber has the outage of these meters, dark for a while; they answer again afterwards."""
        names, at_s = {f"m{index}" for index in meters}, self.gasp(meters)
        found_s = await _within(LATEST_S, lambda: next(
            (message.at_s for message in self.outages(at_s) if names & set(message.body["data"]["meters"])), None,      # type: ignore[index]
        ))
        self.dark -= set(meters)
        for meter in meters:
            self.answer(meter)
        await asyncio.sleep(SETTLES_S)
        return None if found_s is None else found_s - at_s

    async def storm(self) -> list[Message]:
        """What is told of it until it is confirmed, and until all are back."""
        self.dark = set(range(self.meters))
        await asyncio.sleep(UNHEARD_S)
        began_s = time.time()
        order = self._chance.permutation(self.meters).tolist()
        for begin in range(0, self.meters, FRAME_METERS):
            self.gasp(order[begin : begin + FRAME_METERS])
            await asyncio.sleep(FRAME_S)
        await asyncio.sleep(STORM_S)
        self.dark = set()
        for meter in order:
            self.answer(meter)
        await asyncio.sleep(SETTLES_S)
        known = {message.body["data"]["event_id"] for message in self.outages(0.0) if message.at_s < began_s}        # type: ignore[index]
        return [message for message in self.outages(began_s) if message.body["data"]["event_id"] not in known]       # type: ignore[index]

    def outages(self, since_s: float) -> list[Message]:
        return [
            message for message in self._rig.messages("/event/")
            if message.at_s >= since_s and message.body["data"].get("kind") == KIND         # type: ignore[union-attr]
        ]


async def _within(seconds: float, found: Callable[[], float | None]) -> float | None:
    end_s = time.monotonic() + seconds
    while (value := found()) is None and time.monotonic() < end_s:
        await asyncio.sleep(0.1)
    return value


async def measure(agent: Agent, clock: Clock, rig: Rig, meters: int, outages: int) -> tuple[list[float | None], list[Message]]:
    live = Live(agent, clock, rig, meters)
    running = asyncio.create_task(agent.run())
    for meter in range(meters):
        live.answer(meter)
    reading = asyncio.create_task(live.read_for_ever())
    await asyncio.sleep(3.0)
    boxes = [range(box * IN_BOX, (box + 1) * IN_BOX) for box in np.random.default_rng(2).permutation(meters // IN_BOX).tolist()]
    lost, ahead, found = boxes[:outages], math.ceil(UNHEARD_S / SETTLES_S), []
    for box in lost[:ahead]:
        live.dark.update(box)
    await asyncio.sleep(UNHEARD_S)
    for number, box in enumerate(lost):
        found.append(await live.lost(box))
        for later in lost[number + ahead : number + ahead + 1]:
            live.dark.update(later)
        _say(f"{number + 1} of {len(lost)}: {found[-1]}")
    _say(f"storm, in {CLOSED_S:.0f} s")
    await asyncio.sleep(CLOSED_S)
    storm = await live.storm()
    reading.cancel()
    agent.stop()
    await running
    with contextlib.suppress(asyncio.CancelledError):
        await reading
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
    logging.disable(logging.WARNING)
    directory = Path(tempfile.mkdtemp(prefix="hplc-edge-share-"))
    rig = Rig(directory)
    try:
        path = directory / "agent.toml"
        path.write_text(config_text(directory, rig.broker(), arguments.meters), encoding="utf-8")
        config = load_config(path)
        clock = make_clock(config)
        agent = Agent(config, clock, with_readers=False)
        try:
            found, storm = asyncio.run(measure(agent, clock, rig, arguments.meters, arguments.outages))
        finally:
            agent.close()
    finally:
        rig.close()
    told, name = [one for one in found if one is not None], f"{arguments.meters} meters"
    roots = len({message.body["data"]["event_id"] for message in storm})          # type: ignore[index]
    firm = any(message.body["data"].get("state") in ("confirmed", "localised") for message in storm)      # type: ignore[union-attr]
    rows = [
        Row(name=f"{name}: boxes that lost supply and were told", figure=len(told), unit=f"of {len(found)}", goal="all",
            ok=len(told) == len(found)),
        quantile_row(f"{name}: last gasp in to message at a subscriber, p50", told, 0.5),
        quantile_row(f"{name}: last gasp in to message at a subscriber, p99", told, 0.99, most=GOAL_S),
        Row(name=f"storm of {name}: root events", figure=roots, unit="", goal="1, confirmed", ok=roots == 1 and firm),
        Row(name=f"storm of {name}: messages", figure=len(storm), unit="", goal=f"<= {MOST_MESSAGES}", ok=len(storm) <= MOST_MESSAGES),
    ]
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
