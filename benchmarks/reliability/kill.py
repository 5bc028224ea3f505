"""Kills the agent with SIGKILL again and again while it publishes, then counts what is missing.

    python -m benchmarks.reliability.kill [--kills 50] [--meters 50]

Each meter answers a recording whose voltages are all different, one row a read, and counts its own answers; every second hundred of
rows is far over the voltage band, so events come and go as well. A reading may be missing only when it was answered within the
group-commit window before a kill; an event of the journal may never be missing. Shares no code with the agent or the simulator.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.reliability.replay import LAST_BLOCK, PROFILE
from benchmarks.reliability.rig import HPLC_EDGE, Message, Rig, free_port, wait_for, wait_quiet
from simulator.cli.rows import Row, print_rows

COMMIT_WINDOW_S = 2.0  # [journal] readings_s of the agent, its default
ROWS = 60_000
ROWS_PER_VOLTAGE_BLOCK = 100


def write_recording(path: Path) -> None:
    """Row n reads 230 or 260 V plus n thousandths: the voltage of a reading names its row."""
    with path.open("w") as file:
        file.write(
            "Datetime,Global_active_power,Global_reactive_power,Voltage,Global_intensity,Sub_metering_1,Sub_metering_2,Sub_metering_3\n"
        )
        for row in range(ROWS):
            base = 260.0 if row // ROWS_PER_VOLTAGE_BLOCK % 2 else 200.0
            file.write(f"16/12/2006 00:00:00,1.000,0.100,{base + row / 1000:.3f},5.000,0,0,0\n")


def row_of(voltage_v: float) -> int:
    thousandths = round(voltage_v * 1000)
    for base in (200_000, 260_000):
        row = thousandths - base
        if 0 <= row < ROWS and (row // ROWS_PER_VOLTAGE_BLOCK % 2 == 1) == (base == 260_000):
            return row
    raise ValueError(f"{voltage_v} V is no row of the recording")


def config_text(directory: Path, broker_port: int, meter_port: int, meters: int, period_s: float) -> str:
    lines = [
        "[agent]",
        'area = "kill"',
        'id = "edge"',
        f"state_dir = {json.dumps(str(directory / 'state'))}",
        "tick_s = 0.1",
        "[mqtt]",
        f'url = "mqtt://127.0.0.1:{broker_port}"',
        "[simulation]",
        'description = "kill -9 run"',
        "[schedule]",
        f"full_s = {period_s}",
        "presence_s = 0.0",
        "[detect.voltage]",
        "low_ratio = 0.5",
        "high_ratio = 1.10",
        "begin_s = 0.5",
        "end_s = 0.5",
        "[events]",
        "reopen_s = 0.0",
        "[[bus]]",
        'name = "bus"',
        f'url = "tcp://127.0.0.1:{meter_port}"',
    ]
    for unit in range(1, meters + 1):
        lines += [
            "[[meter]]",
            f'id = "m{unit}"',
            'bus = "bus"',
            f"unit = {unit}",
            f'profile = "{PROFILE}"',
            "nominal_voltage_v = 220.0",
        ]
    return "\n".join(lines) + "\n"


def unique_in_order(messages: list[Message]) -> list[Message]:
    """Messages without repeated deliveries, by the key."""
    seen: dict[tuple[object, ...], Message] = {}
    for message in messages:
        seen.setdefault(message.key, message)
    return [seen[key] for key in sorted(seen, key=lambda key: (key[1], key[3]))]


def falls(messages: list[Message]) -> int:
    """How often a first delivery of a stream came after a later one of the same stream."""
    newest: dict[tuple[object, object], tuple[int, int]] = {}
    seen: set[tuple[object, ...]] = set()
    count = 0
    for message in messages:
        if message.key in seen:
            continue
        seen.add(message.key)
        stream = (message.body["agent"], message.body["st"])
        place = (int(str(message.body["epoch"])), int(str(message.body["seq"])))
        count += place < newest.get(stream, (0, 0))
        newest[stream] = max(place, newest.get(stream, (0, 0)))
    return count


def lost_readings(rows: list[int], times_s: list[float], answered: int, kills_s: list[float], period_s: float) -> tuple[int, int]:
    """(answered rows that never arrived, those of them that no kill explains) for one meter."""
    missing = unexplained = 0
    window_rows = int(COMMIT_WINDOW_S / period_s) + 2  # answered within the window, and the one in flight
    known = [-1, *rows, answered]
    times_s = [float("-inf"), *times_s, float("inf")]
    for (before, before_s), (after, after_s) in zip(
        zip(known, times_s, strict=True), list(zip(known, times_s, strict=True))[1:], strict=False
    ):
        gap = after - before - 1
        if gap <= 0:
            continue
        missing += gap
        kills_between = sum(before_s - 1.0 <= kill_s <= after_s + 1.0 for kill_s in kills_s)
        unexplained += max(0, gap - kills_between * window_rows)
    return missing, unexplained


def journaled_events(config: Path) -> list[dict[str, object]]:
    result = subprocess.run([HPLC_EDGE, "events", "-c", str(config), "--json"], capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in result.stdout.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--meters", type=int, default=50)
    parser.add_argument("--period", type=float, default=0.5, help="seconds between full reads of a meter")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    directory = Path(tempfile.mkdtemp(prefix="hplc-edge-kill-"))
    rig = Rig(directory)
    kills_s: list[float] = []
    try:
        broker_port, meter_port = rig.broker(), free_port()
        recording = directory / "recording.csv"
        write_recording(recording)
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
            str(recording),
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
        config.write_text(config_text(directory, broker_port, meter_port, arguments.meters, arguments.period))
        failed_starts = 0
        for number in range(arguments.kills):
            count = rig.message_count()
            agent = rig.agent(config)
            wait_for(lambda count=count: rig.message_count() > count + arguments.meters, 30.0, f"publishing after start {number + 1}")
            time.sleep(chance.uniform(0.05, 2.5))
            failed_starts += agent.poll() is not None
            agent.kill()
            agent.wait()
            kills_s.append(time.time())
            if not arguments.json and sys.stderr.isatty():
                print(f"\rkill {number + 1} of {arguments.kills}", end="", file=sys.stderr)
        agent = rig.agent(config)
        time.sleep(5.0)
        clean_exit = rig.stop(agent)
        rig.stop(simulator)
        wait_quiet(rig, quiet_s=2.0, timeout_s=30.0)
        answered = {unit: int(entry["full_reads"]) for unit, entry in json.loads(counts.read_text()).items()}
        events = journaled_events(config)
        readings = list(rig.messages("/reading"))
        published_events = list(rig.messages("/event/"))
    finally:
        rig.close()
    missing = unexplained = 0
    by_meter: dict[str, list[Message]] = {}
    for message in unique_in_order(readings):
        by_meter.setdefault(message.topic.split("/")[5], []).append(message)
    unsorted = 0
    for unit, count in answered.items():
        messages = by_meter.get(f"m{unit}", [])
        rows = [row_of(float(message.body["data"]["voltage_v.a"])) for message in messages]  # type: ignore[index]
        unsorted += sum(later <= earlier for earlier, later in itertools.pairwise(rows))
        lost, strange = lost_readings(rows, [message.at_s for message in messages], count, kills_s, arguments.period)
        missing, unexplained = missing + lost, unexplained + strange
    event_keys = {message.key for message in published_events}
    lost_events = sum(tuple(event[name] for name in ("agent", "epoch", "st", "seq")) not in event_keys for event in events)
    repeated = len(readings) - len({message.key for message in readings})
    table = [
        Row(name="kills", figure=len(kills_s), unit="", goal="-", ok=True),
        Row(name="starts that failed", figure=failed_starts, unit="", goal="= 0", ok=failed_starts == 0),
        Row(
            name="full reads answered by the meters",
            figure=sum(answered.values()),
            unit="readings",
            goal="> 0",
            ok=sum(answered.values()) > 0,
        ),
        Row(name="on the broker after the key", figure=sum(map(len, by_meter.values())), unit="readings", goal="-", ok=True),
        Row(name="missing, in the commit window before a kill", figure=missing - unexplained, unit="readings", goal="-", ok=True),
        Row(name="missing otherwise", figure=unexplained, unit="readings", goal="= 0", ok=unexplained == 0),
        Row(name="events journaled", figure=len(events), unit="events", goal="> 0", ok=len(events) > 0),
        Row(name="events missing on the broker", figure=lost_events, unit="events", goal="= 0", ok=lost_events == 0),
        Row(
            name="out of order in a stream",
            figure=falls([*readings, *published_events]),
            unit="messages",
            goal="= 0",
            ok=falls(readings) + falls(published_events) == 0,
        ),
        Row(name="rows of a meter out of order", figure=unsorted, unit="readings", goal="= 0", ok=unsorted == 0),
        Row(name="repeated deliveries, removed by the key", figure=repeated, unit="messages", goal="-", ok=True),
        Row(name="exit code of the last agent", figure=clean_exit, unit="", goal="= 0", ok=clean_exit == 0),
    ]
    return print_rows(table, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
