"""Runs one program against the fleet and the broker and reads off what it costs and what arrives."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS, _PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
_CLOCK_WRAPS = 2**32  # the fleet's clock register: milliseconds mod 2^32


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A fleet of the C responder: ``ports`` links of 247 unit addresses."""

    binary: Path
    base_port: int
    ports: int
    turnaround_ms: int = 0
    dead: int = 0
    gateway_timeout_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one window of time."""

    samples_per_s: float
    replies_per_s: float          # of the fleet: not blurred by how samples are grouped on their way
    requests_per_sample: float
    cpu_s_per_1000: float
    rss_mib: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is measured. ``kind`` says how its messages read: "thingsboard" or "hplc-edge"."""

    kind: str
    command: list[str]
    topic: str
    environment: dict[str, str]
    directory: Path


def measure(program: Program, fleet: Fleet, broker_port: int, *, warm_s: float, window_s: float) -> Measured:
    """Start fleet, subscriber and program; look at the window after ``warm_s``; stop all."""
    arguments = [
        str(fleet.base_port),
        str(fleet.ports),
        str(fleet.turnaround_ms),
        str(fleet.dead),
        str(fleet.gateway_timeout_ms),
        "5000",
        str(int(warm_s + window_s + 60)),
    ]
    messages, fleet_log = program.directory / "messages", program.directory / "fleet.log"
    with fleet_log.open("w") as log, messages.open("w") as output, (program.directory / "program.log").open("w") as said:
        responder = subprocess.Popen([str(fleet.binary), *arguments], stdout=log)
        subscriber = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker_port), "-q", "1", "-t", program.topic, "-F", "%U %t %p"], stdout=output
        )
        time.sleep(0.5)
        running = subprocess.Popen(program.command, stdout=said, stderr=said, cwd=program.directory, env=program.environment)
        try:
            time.sleep(warm_s)
            from_s, cpu_from_s = time.time(), _usage(running.pid)[0]
            time.sleep(window_s)
            to_s = time.time()
            cpu_to_s, rss_mib = _usage(running.pid)
            assert running.poll() is None, f"ended early: {(program.directory / 'program.log').read_text()[-500:]}"
        finally:
            for process in (running, subscriber, responder):
                _stop(process)
    samples = [(at_s, clock_ms) for at_s, clock_ms in _samples(messages, program.kind) if from_s <= at_s <= to_s]
    delays = sorted((int(at_s * 1000) - clock_ms) % _CLOCK_WRAPS for at_s, clock_ms in samples)
    delays = [delay for delay in delays if delay < 3_600_000]
    rows = [[float(word) for word in line.split()] for line in fleet_log.read_text().splitlines() if len(line.split()) == 5]
    window = [row for row in rows if from_s * 1000 <= row[0] <= to_s * 1000]
    requests = (window[-1][1] - window[0][1]) / (window[-1][0] - window[0][0]) * 1000 * (to_s - from_s)
    count = max(1, len(samples))
    return Measured(
        samples_per_s=len(samples) / (to_s - from_s),
        replies_per_s=(window[-1][2] - window[0][2]) / (window[-1][0] - window[0][0]) * 1000,
        requests_per_sample=requests / count,
        cpu_s_per_1000=(cpu_to_s - cpu_from_s) / count * 1000,
        rss_mib=rss_mib,
        p50_ms=_quantile(delays, 0.5),
        p99_ms=_quantile(delays, 0.99),
    )


def median_of(measured: list[Measured]) -> Measured:
    return Measured(**{name: statistics.median(getattr(one, name) for one in measured) for name in Measured.__slots__})


def _samples(messages: Path, kind: str) -> Iterator[tuple[float, int]]:
    """(arrival, clock register) of each meter sample."""
    for line in messages.read_text(errors="replace").splitlines():
        at, topic, payload = line.split(" ", 2)
        if kind == "hplc-edge":
            if topic.endswith("/reading"):
                clock = json.loads(payload)["data"].get("active_energy_import_wh")
                if clock is not None:
                    yield float(at), int(clock)
        else:
            for entries in json.loads(payload).values():
                for entry in entries:
                    clock = next((value for name, value in entry.get("values", {}).items() if name.startswith("ts")), None)
                    if clock is not None:
                        yield float(at), int(clock)


def _quantile(ordered: list[int], share: float) -> float:
    return float(ordered[min(len(ordered) - 1, int(share * len(ordered)))]) if ordered else float("nan")


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(Path(f"/proc/{name}/stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def _usage(pid: int) -> tuple[float, float]:
    """CPU seconds and resident MiB of a process and its children."""
    cpu_s = rss = 0.0
    for member in _tree(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        cpu_s += (int(fields[11]) + int(fields[12])) / _TICKS
        rss += int(fields[21]) * _PAGE
    return cpu_s, rss / 2**20


def _stop(process: subprocess.Popen[bytes]) -> None:
    members = _tree(process.pid)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for member in members[1:]:
        try:
            os.kill(member, signal.SIGKILL)
        except OSError:
            continue
