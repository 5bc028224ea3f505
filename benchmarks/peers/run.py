"""hplc-edge beside ThingsBoard gateway 3.8.5: CPU, latency, memory, throughput, dead meters, late replies, requests.

    python -m benchmarks.peers.run [--runs 3] [--window 25] [--json]

Both read the same C responder and publish to the same Mosquitto, in alternating runs; figures are medians. About ten minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.peers import thingsboard
from benchmarks.peers.late_replies import LateLine
from benchmarks.peers.measure import Fleet, Measured, Program, measure, median_of
from benchmarks.reliability.rig import HPLC_EDGE, free_port, listens, wait_for
from simulator.cli.rows import Row, print_rows

HERE = Path(__file__).parent
BUILD = HERE.parents[0] / "build"
PORTS, UNITS = 8, 125
TOPIC = "hplc/v1/#"
TB_WARM_S, OUR_WARM_S = 40.0, 8.0


def our_config(directory: Path, broker_port: int, urls: list[str], units: int, *, period_s: float) -> Path:
    """Journal and all three detectors on; the limits leave the fleet's made-up values alone."""
    lines = [
        f'[agent]\narea = "bench"\nid = "edge"\nstate_dir = {json.dumps(str(directory / "state"))}\nprofile_dirs = ["{HERE}"]',
        f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker_port}"',
        f"[schedule]\nfull_s = {period_s}\npresence_s = 0.0",
        "[detect.voltage]\ndead_ratio = 0.1\nlow_ratio = 0.2\nhigh_ratio = 3.0",
    ]
    for number, url in enumerate(urls):
        lines.append(f'[[bus]]\nname = "bus-{number}"\nurl = "{url}"')
        lines += [
            f'[[meter]]\nid = "m{number}_{unit}"\nbus = "bus-{number}"\nunit = {unit}\nprofile = "bench-fleet"\nrated_current_a = 5000.0\n'
            f'node = "feeder-{number}/branch-{unit % 5}"'
            for unit in range(1, units + 1)
        ]
    path = directory / "agent.toml"
    path.write_text("\n".join(lines))
    return path


class Bench:
    def __init__(self, broker_port: int, fleet: Path, window_s: float) -> None:
        self._broker_port, self._window_s = broker_port, window_s
        self._fleet = Fleet(binary=fleet, base_port=free_ports(PORTS), ports=PORTS)
        self._peer_python = thingsboard.python_of_peer(BUILD)

    def ours(self, *, ports: int = PORTS, units: int = UNITS, period_s: float = 1.0, warm_s: float = OUR_WARM_S, **fleet: int) -> Measured:
        with tempfile.TemporaryDirectory(prefix="hplc-edge-bench-") as name:
            directory = Path(name)
            urls = [f"tcp://127.0.0.1:{self._fleet.base_port + port}" for port in range(ports)]
            config = our_config(directory, self._broker_port, urls, units, period_s=period_s)
            program = Program(
                kind="hplc-edge",
                command=[HPLC_EDGE, "run", "-c", str(config)],
                topic=TOPIC,
                environment=dict(os.environ),
                directory=directory,
            )
            return measure(program, replace(self._fleet, ports=ports, **fleet), self._broker_port, warm_s=warm_s, window_s=self._window_s)

    def peer(self, *, ports: int = PORTS, units: int = UNITS, warm_s: float = TB_WARM_S, **fleet: int) -> Measured:
        with tempfile.TemporaryDirectory(prefix="hplc-edge-bench-") as name:
            directory = Path(name)
            thingsboard.write_config(
                directory, broker_port=self._broker_port, base_port=self._fleet.base_port, ports=ports, units=units, period_ms=1000
            )
            command, environment = thingsboard.command(self._peer_python, directory)
            program = Program(kind="thingsboard", command=command, topic=thingsboard.TOPIC, environment=environment, directory=directory)
            stand_in = thingsboard.ServerStandIn(self._broker_port)
            try:
                return measure(
                    program, replace(self._fleet, ports=ports, **fleet), self._broker_port, warm_s=warm_s, window_s=self._window_s
                )
            finally:
                stand_in.close()


def side_by_side(bench: Bench, runs: int, say: Callable[[str], None]) -> list[Row]:
    peers, ours = [], []
    for number in range(1, runs + 1):
        say(f"run {number} of {runs}: ThingsBoard gateway, 1000 meters at 1 s")
        peers.append(bench.peer())
        say(f"run {number} of {runs}: hplc-edge, 1000 meters at 1 s")
        ours.append(bench.ours())
    peer, our = median_of(peers), median_of(ours)
    say("hplc-edge, 1000 meters as fast as it goes")
    fastest = bench.ours(period_s=0.0)
    cpu, latency, speed = our.cpu_s_per_1000 / peer.cpu_s_per_1000, our.p99_ms / peer.p99_ms, fastest.samples_per_s / peer.samples_per_s
    return [
        _info("ThingsBoard: CPU seconds per 1000 samples", peer.cpu_s_per_1000, "s"),
        _info("hplc-edge: CPU seconds per 1000 samples", our.cpu_s_per_1000, "s"),
        Row(name="CPU, hplc-edge / ThingsBoard", figure=cpu, unit="ratio", goal="<= 0.25", ok=cpu <= 0.25),
        _info("ThingsBoard: read to subscriber p99", peer.p99_ms, "ms"),
        _info("hplc-edge: read to subscriber p50", our.p50_ms, "ms"),
        _info("hplc-edge: read to subscriber p99", our.p99_ms, "ms"),
        Row(name="p99, hplc-edge / ThingsBoard", figure=latency, unit="ratio", goal="<= 0.2", ok=latency <= 0.2),
        _info("ThingsBoard: memory", peer.rss_mib, "MiB"),
        Row(name="hplc-edge: memory", figure=our.rss_mib, unit="MiB", goal="<= 80 (stretch 64)", ok=our.rss_mib <= 80),
        _info("ThingsBoard: meters/s of 1000 offered", peer.samples_per_s, "1/s"),
        _info("hplc-edge: meters/s of 1000 offered", our.samples_per_s, "1/s"),
        _info("hplc-edge: sustained meters/s", fastest.samples_per_s, "1/s"),
        Row(name="sustained, hplc-edge / ThingsBoard", figure=speed, unit="ratio", goal=">= 3", ok=speed >= 3),
        Row(
            name="requests for 15 values in 30 registers",
            figure=our.requests_per_sample,
            unit="a sample",
            goal="1 .. 2",
            ok=0.9 <= our.requests_per_sample <= 2.0,
        ),
    ]


def dead_meters(bench: Bench, say: Callable[[str], None]) -> list[Row]:
    """25 meters on one gateway of 30 ms a request, two of them dead (each holds the gateway up for 0.5 s)."""
    say("25 meters on one gateway, all alive: hplc-edge, ThingsBoard")
    line = {"ports": 1, "units": 25, "turnaround_ms": 30}
    healthy, peer_healthy = bench.ours(period_s=0.0, **line), bench.peer(warm_s=20.0, **line)
    say("two of them dead")
    sick = bench.ours(period_s=0.0, warm_s=15.0, dead=2, gateway_timeout_ms=500, **line)
    peer_sick = bench.peer(warm_s=20.0, dead=2, gateway_timeout_ms=500, **line)
    kept, peer_kept = sick.replies_per_s / healthy.replies_per_s, peer_sick.replies_per_s / peer_healthy.replies_per_s
    return [
        _info("hplc-edge: 25 meters on one gateway", healthy.replies_per_s, "1/s"),
        Row(name="hplc-edge: kept with two dead", figure=100 * kept, unit="%", goal=">= 90", ok=kept >= 0.9),
        _info("ThingsBoard: kept with two dead", 100 * peer_kept, "%"),
    ]


async def late_replies(broker_port: int, seconds: float) -> list[Row]:
    """1 % late RTU replies; a value is wrong when its unit or its moment is not that of the request."""
    port, line = free_port(), LateLine(0.01)
    server = await line.start(port)
    with tempfile.TemporaryDirectory(prefix="hplc-edge-bench-") as name:
        directory = Path(name)
        config = our_config(directory, broker_port, [f"rtu+tcp://127.0.0.1:{port}"], 25, period_s=0.0)
        with (directory / "messages").open("w") as output:
            subscriber = await asyncio.create_subprocess_exec(
                "mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker_port), "-q", "1", "-t", TOPIC, "-F", "%t %p", stdout=output
            )
            agent = await asyncio.create_subprocess_exec(HPLC_EDGE, "run", "-c", str(config), stderr=asyncio.subprocess.DEVNULL)
            await asyncio.sleep(seconds)
            agent.terminate()
            await agent.wait()
            await asyncio.sleep(0.5)
            subscriber.terminate()
            await subscriber.wait()
        wrong = values = 0
        for text in (directory / "messages").read_text().splitlines():
            topic, _, payload = text.partition(" ")
            if not topic.endswith("/reading"):
                continue
            message = json.loads(payload)
            unit = int(message["meter"].split("_")[1])
            data = message["data"]
            values += len(data)
            wrong += "voltage_v.a" in data and data["voltage_v.a"] != float(unit)
            if "active_energy_import_wh" in data:
                taken_ms = label_ms(message["ts"])
                wrong += not -50 <= (taken_ms - int(data["active_energy_import_wh"])) % 2**32 <= 1000
    server.close()
    return [
        _info("late replies on the line", line.late, f"of {line.replies}"),
        _info("values published", values, "values"),
        Row(
            name="wrong values with 1 % late replies",
            figure=wrong,
            unit="values",
            goal="= 0",
            ok=wrong == 0 and line.late > 0 and values > 0,
        ),
    ]


def label_ms(text: str) -> int:
    """Milliseconds since 1970 of the agent's label."""
    from datetime import datetime

    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _info(name: str, figure: float, unit: str) -> Row:
    return Row(name=name, figure=figure, unit=unit, goal="-", ok=True)


def free_ports(count: int) -> int:
    """First of ``count`` free ports in a row."""
    import socket

    while True:
        base = free_port()
        if base + count > 65_000:
            continue
        sockets = [socket.socket() for _ in range(count)]
        try:
            for number, probe in enumerate(sockets):
                probe.bind(("127.0.0.1", base + number))
        except OSError:
            continue
        finally:
            for probe in sockets:
                probe.close()
        return base


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--window", type=float, default=25.0, help="seconds measured in each run")
    parser.add_argument("--only", choices=("side-by-side", "dead", "late"), help="one part of it")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    fleet = BUILD / "fleet"
    subprocess.run(["cc", "-O2", "-o", str(fleet), str(HERE / "fleet.c")], check=True)
    broker_port = free_port()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="hplc-edge-bench-") as name:
        config = Path(name) / "mosquitto.conf"
        config.write_text(
            f"listener {broker_port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 200000\n"
            "max_inflight_messages 0\npersistence false\n"
            "log_dest none\nset_tcp_nodelay true\n"
        )
        config.chmod(0o644)
        config.parent.chmod(0o755)
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"}
        broker = subprocess.Popen(["mosquitto", "-c", str(config)], env=environment)
        wait_for(lambda: listens(broker_port), 10.0, "Mosquitto")
        try:
            bench = Bench(broker_port, fleet, arguments.window)
            say = _sayer(quiet=arguments.json)
            if arguments.only in (None, "side-by-side"):
                rows += side_by_side(bench, arguments.runs, say)
            if arguments.only in (None, "dead"):
                rows += dead_meters(bench, say)
            if arguments.only in (None, "late"):
                say("1 % late replies on RTU over TCP")
                rows += asyncio.run(late_replies(broker_port, 60.0))
        finally:
            broker.terminate()
            broker.wait()
    return print_rows(rows, as_json=arguments.json)


def _sayer(*, quiet: bool) -> Callable[[str], None]:
    def say(text: str) -> None:
        if not quiet:
            print(f"... {text}", file=sys.stderr, flush=True)

    return say


if __name__ == "__main__":
    sys.exit(main())
