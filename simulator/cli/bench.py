"""``hplc-edge bench``: the measurements of the folder ``benchmarks`` of a checkout; each prints its rows and says whether goals are met."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from edge_agent.cli.command import Command
from edge_agent.errors import ConfigError

CHECKOUT = Path(__file__).parents[2]
# name -> module under benchmarks, what it measures; the first is what runs without a name
BENCHES = {
    "kernels": ("benchmarks.kernels.run", "each kernel against the same loop in C; a tick of all detectors"),
    "peers": ("benchmarks.peers.run", "CPU, latency, memory and throughput beside ThingsBoard gateway (about ten minutes)"),
    "grid": ("benchmarks.simulator.grid", "the grid solver beside OpenDSS and power-grid-model; a day of an area (extra \"bench\")"),
    "loop": ("benchmarks.simulator.loop", "one area over wires in real time and in the closed loop: the same events (about seven minutes)"),
    "hplc-network": ("benchmarks.simulator.hplc_network", "formation of power-line networks, levels, cost of the simulation"),
    "hplc-reading": ("benchmarks.simulator.hplc_reading", "500 meters read through a simulated coordinator at three noise levels"),
    "last-gasp": ("benchmarks.simulator.last_gasp", "delivery and delay of outage reports by class of fault (about ten minutes)"),
    "outage-path": ("benchmarks.outage.full_path", "from fault to broker over the whole simulated path; storm; 1 s polls (about an hour)"),
    "outage-share": ("benchmarks.outage.own_share", "last gasp in to message at a subscriber with 1000 meters; storm (ten minutes)"),
    "outage-channel": ("benchmarks.outage.fit_channel", "the channel of 'score outage' fitted to the path (about 20 minutes)"),
    "base-rate": ("benchmarks.detection.base_rate", "false fire-risk alarms on 100,000 healthy meter-days, recall (about half an hour)"),
    "sessions": ("benchmarks.detection.sessions", "vehicles and e-bikes that charge in simulated homes: what is found (four minutes)"),
    "memory": ("benchmarks.memory.run", "memory of the agent with 1000 meters, with and without broker (about twenty minutes)"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", choices=sorted(BENCHES), default="kernels", help="default: kernels")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="handed on to the benchmark")


def run(arguments: argparse.Namespace) -> int:
    module, _ = BENCHES[arguments.name]
    if not (CHECKOUT / (module.replace(".", "/") + ".py")).exists():
        raise ConfigError(["benchmarks run from a checkout: clone the project, 'make install', then call .venv/bin/hplc-edge bench there"])
    command = [sys.executable, "-m", module, *(["--json"] if arguments.json else []), *arguments.options]
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode


COMMAND = Command(name="bench", summary="measure: kernels, peers, grid, loop, HPLC, base rate, memory", configure=configure, run=run)
