"""Cuts the way to the broker for 20 s, by reset and by silence, and counts what is missing afterwards.

    python -m benchmarks.reliability.cut [--seconds 20] [--meters 50]

Reset: connections are closed and new ones refused. Silence: nothing is closed, nothing passes (a dead radio link).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.reliability.kill import config_text, falls, row_of, unique_in_order, write_recording
from benchmarks.reliability.replay import LAST_BLOCK, PROFILE
from benchmarks.reliability.rig import HPLC_EDGE, Message, Rig, free_port, wait_for, wait_quiet
from simulator.cli.rows import Row, print_rows


class CuttableProxy:
    """Forwards to the broker; ``mode`` is "open", "reset" or "silent"."""

    def __init__(self, broker_port: int, port: int) -> None:
        self._broker_port, self._port = broker_port, port
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.mode = "open"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)

    async def cut(self, mode: str) -> None:
        self.mode = mode
        if mode == "reset" and self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

    async def restore(self) -> None:
        was, self.mode = self.mode, "open"
        if was == "reset":
            await self.start()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "silent":
            self._writers.add(writer)  # accepted by the kernel, never answered
            return
        try:
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._broker_port)
        except OSError:
            writer.close()
            return
        self._writers |= {writer, to_writer}
        for source, sink in ((reader, to_writer), (to_reader, writer)):
            task = asyncio.create_task(self._pump(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                while self.mode == "silent":
                    await asyncio.sleep(0.05)  # what was on the way during the silence is late, as a radio link delivers it
                sink.write(chunk)
                await sink.drain()
        sink.close()


async def run_cut(rig: Rig, proxy: CuttableProxy, mode: str, seconds: float) -> tuple[float, float]:
    """One cut; gives when it began and when the way was free again."""
    await asyncio.sleep(5.0)
    began_s = time.time()
    await proxy.cut(mode)
    await asyncio.sleep(seconds)
    restored_s = time.time()
    await proxy.restore()
    await asyncio.sleep(10.0)
    return began_s, restored_s


async def measure(mode: str, arguments: argparse.Namespace) -> list[Row]:
    directory = Path(tempfile.mkdtemp(prefix="hplc-edge-cut-"))
    rig = Rig(directory)
    try:
        broker_port, meter_port, proxy_port = rig.broker(), free_port(), free_port()
        proxy = CuttableProxy(broker_port, proxy_port)
        await proxy.start()
        write_recording(directory / "recording.csv")
        ready, counts = directory / "sim.ready", directory / "sim.counts"
        simulator = rig.start(
            "sim",
            HPLC_EDGE,
            "sim",
            "serve",
            "--profile",
            PROFILE,
            "--units",
            f"1-{arguments.meters}",
            "--recording",
            str(directory / "recording.csv"),
            "--step-on-read",
            hex(LAST_BLOCK),
            "--at-end",
            "silent",
            "--turnaround-ms",
            "0",
            "--tcp",
            str(meter_port),
            "--ready-file",
            str(ready),
            "--counts",
            str(counts),
        )
        wait_for(ready.exists, 30.0, "the simulated meters")
        config = directory / "agent.toml"
        config.write_text(config_text(directory, proxy_port, meter_port, arguments.meters, arguments.period))
        agent = rig.agent(config)
        began_s, restored_s = await run_cut(rig, proxy, mode, arguments.seconds)
        # stop in the order of the flow: first the meters, so that what they answered has time to arrive
        rig.stop(simulator)
        await asyncio.to_thread(wait_quiet, rig, quiet_s=5.0, timeout_s=120.0)
        exit_code = rig.stop(agent)
        answered = sum(int(entry["full_reads"]) for entry in json.loads(counts.read_text()).values())
        messages = list(rig.messages("/reading"))
    finally:
        rig.close()
    return rows(mode, messages, answered, began_s, restored_s, exit_code)


def rows(mode: str, messages: list[Message], answered: int, began_s: float, restored_s: float, exit_code: int) -> list[Row]:
    unique = unique_in_order(messages)
    by_meter: dict[str, list[int]] = {}
    for message in unique:
        by_meter.setdefault(message.topic, []).append(row_of(float(message.body["data"]["voltage_v.a"])))  # type: ignore[index]
    holes = sum(later != earlier + 1 for found in by_meter.values() for earlier, later in itertools.pairwise(found))
    during = [message for message in messages if began_s + 1.0 < message.at_s < restored_s]
    first = min((message.at_s for message in messages if message.at_s >= restored_s), default=float("inf")) - restored_s
    return [
        Row(name=f"{mode}: reads answered by the meters", figure=answered, unit="readings", goal="> 0", ok=answered > 0),
        Row(
            name=f"{mode}: on the broker after the key",
            figure=len(unique),
            unit="readings",
            goal=f"= {answered}",
            ok=len(unique) == answered,
        ),
        Row(name=f"{mode}: holes in the rows of a meter", figure=holes, unit="", goal="= 0", ok=holes == 0),
        Row(name=f"{mode}: out of order", figure=falls(messages), unit="messages", goal="= 0", ok=falls(messages) == 0),
        Row(name=f"{mode}: arrived during the cut", figure=len(during), unit="messages", goal="= 0", ok=not during),
        Row(name=f"{mode}: first message after restore", figure=round(first, 2), unit="s", goal="<= 2", ok=first <= 2.0),
        Row(name=f"{mode}: repeated deliveries", figure=len(messages) - len(unique), unit="messages", goal="-", ok=True),
        Row(name=f"{mode}: exit code", figure=exit_code, unit="", goal="= 0", ok=exit_code == 0),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--meters", type=int, default=50)
    parser.add_argument("--period", type=float, default=1.0, help="seconds between full reads of a meter")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    table = [row for mode in ("reset", "silent") for row in asyncio.run(measure(mode, arguments))]
    return print_rows(table, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
