"""Replays a recorded house through real wires and compares every published value with the recording.

    python -m benchmarks.reliability.replay pty CSV [--rows N]            one meter on a pty at 115200 baud
    python -m benchmarks.reliability.replay tcp CSV [--rows N] [--copies 200]   many meters behind TCP gateways

The simulated meter moves to the next row after each full read and falls silent after the last. A blank in the recording is no value.
Counted with mosquitto_sub; shares no code with the agent or the simulator.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

from benchmarks.reliability.rig import HPLC_EDGE, Message, Rig, free_port, wait_for, wait_quiet
from simulator.cli.rows import Row, print_rows

# the meter of the replay: volts, amperes, watts and vars in one block, the import energy in the last block of a full read
PROFILE = "chint-ddsu666"
LAST_BLOCK = 0x4000
# column of the recording -> (column of the payload, factor to its unit)
COMPARED = {
    "Voltage": ("voltage_v.a", Decimal(1)),
    "Global_intensity": ("current_a.a", Decimal(1)),
    "Global_active_power": ("active_power_w", Decimal(1000)),
    "Global_reactive_power": ("reactive_power_var", Decimal(1000)),
}


def recorded(path: Path, rows: int | None) -> list[dict[str, float | None]]:
    """Rows of the recording in the payload's columns and units; None where the recording is blank."""
    with path.open(newline="") as file:
        found = []
        for number, row in enumerate(csv.DictReader(file)):
            if rows is not None and number >= rows:
                break
            found.append(
                {column: float(Decimal(row[name]) * factor) if row[name] else None for name, (column, factor) in COMPARED.items()}
            )
    return found


def compare(messages: list[Message], rows: list[dict[str, float | None]]) -> dict[str, int]:
    """Wrong, missing and doubled values of one meter after removing duplicates by the key."""
    seen: dict[tuple[object, ...], Message] = {}
    for message in messages:
        seen.setdefault(message.key, message)
    ordered = [seen[key] for key in sorted(seen, key=lambda key: (key[1], key[3]))]
    wrong = 0
    for message, row in zip(ordered, rows, strict=False):
        data = message.body.get("data")
        assert isinstance(data, dict)
        wrong += sum(data.get(column) != value for column, value in row.items())
    return {
        "readings": len(ordered), "values": sum(value is not None for row in rows for value in row.values()), "wrong": wrong,
        "missing": max(0, len(rows) - len(ordered)), "doubled": max(0, len(ordered) - len(rows)),
        "repeated deliveries": len(messages) - len(ordered),
    }


def config_text(directory: Path, broker_port: int, buses: list[str], meters_per_bus: int) -> str:
    lines = [
        "[agent]", 'area = "replay"', 'id = "edge"', f"state_dir = {json.dumps(str(directory / 'state'))}",
        "[mqtt]", f'url = "mqtt://127.0.0.1:{broker_port}"',
        "[simulation]", 'description = "recorded house replayed"',
        "[schedule]", "full_s = 0.0", "presence_s = 0.0",
    ]
    for number, url in enumerate(buses, start=1):
        lines += ["[[bus]]", f'name = "bus-{number}"', f"url = {json.dumps(url)}"]
        for unit in range(1, meters_per_bus + 1):
            lines += [
                "[[meter]]", f'id = "m{number}-{unit}"', f'bus = "bus-{number}"', f"unit = {unit}", f'profile = "{PROFILE}"',
                "nominal_voltage_v = 230.0",
            ]
    return "\n".join(lines) + "\n"


def serve(rig: Rig, name: str, csv_path: Path, units: int, *extra: str) -> dict[str, object]:
    """Start simulated meters of the recording; gives what the ready file says (addresses that they listen on)."""
    ready = rig.directory / f"{name}.ready"
    rig.start(
        name, HPLC_EDGE, "sim", "serve", "--profile", PROFILE, "--units", f"1-{units}", "--recording", str(csv_path),
        "--step-on-read", hex(LAST_BLOCK), "--at-end", "silent", "--turnaround-ms", "0", "--ready-file", str(ready),
        "--counts", str(rig.directory / f"{name}.counts"), *extra,
    )
    wait_for(ready.exists, 30.0, name)
    found = json.loads(ready.read_text())
    assert isinstance(found, dict)
    return found


def shortened(path: Path, rows: int | None, directory: Path) -> Path:
    """The recording cut to its first rows."""
    if rows is None:
        return path
    copy = directory / "recording.csv"
    with path.open() as source:
        copy.write_text("".join(line for number, line in enumerate(source) if number <= rows))
    return copy


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wire", choices=("pty", "tcp"))
    parser.add_argument("csv", type=Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--copies", type=int, default=200)
    parser.add_argument("--gateways", type=int, default=8)
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="hplc-edge-replay-"))
    rig = Rig(directory)
    try:
        broker_port = rig.broker()
        recording = shortened(arguments.csv, arguments.rows, directory)
        rows = recorded(recording, None)
        if arguments.wire == "pty":
            per_bus = 1
            served = serve(rig, "sim", recording, 1, "--pty", "--baud", "115200", "--format", "8N1")
            buses = [f"serial://{served['pty']}?baud=115200&format=8N1"]
        else:
            per_bus = arguments.copies // arguments.gateways
            ports = [free_port() for _ in range(arguments.gateways)]
            for port in ports:
                serve(rig, f"sim-{port}", recording, per_bus, "--tcp", str(port))
            buses = [f"tcp://127.0.0.1:{port}" for port in ports]
        config = directory / "agent.toml"
        config.write_text(config_text(directory, broker_port, buses, per_bus))
        agent = rig.agent(config)
        wait_quiet(rig, quiet_s=20.0, timeout_s=arguments.timeout)
        exit_code = rig.stop(agent)
        by_meter: dict[str, list[Message]] = {}
        for message in rig.messages("/reading"):
            by_meter.setdefault(message.topic.split("/")[5], []).append(message)
        totals: dict[str, int] = {}
        for number in range(1, len(buses) + 1):
            for unit in range(1, per_bus + 1):
                for name, count in compare(by_meter.get(f"m{number}-{unit}", []), rows).items():
                    totals[name] = totals.get(name, 0) + count
    finally:
        rig.close()
    meters = len(buses) * per_bus
    table = [
        Row(name="meters x rows", figure=meters * len(rows), unit="readings", goal="-", ok=True),
        Row(name="readings after the key", figure=totals["readings"], unit="readings", goal=f"= {meters * len(rows)}",
            ok=totals["readings"] == meters * len(rows)),
        Row(name="values compared", figure=totals["values"], unit="values", goal="> 0", ok=totals["values"] > 0),
        *[Row(name=name, figure=totals[name], unit="", goal="= 0", ok=totals[name] == 0) for name in ("wrong", "missing", "doubled")],
        Row(name="repeated deliveries", figure=totals["repeated deliveries"], unit="messages", goal="-", ok=True),
        Row(name="exit code of the agent", figure=exit_code, unit="", goal="= 0", ok=exit_code == 0),
    ]
    return print_rows(table, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
