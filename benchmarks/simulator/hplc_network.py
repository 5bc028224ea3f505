"""The power-line network: saturation, beacon share, formation over seeds, what simulating it costs. Abstracted PHY, not calibrated.

    python -m benchmarks.simulator.hplc_network [--json] [--seeds 20] [--sizes 50 200 500 1000] [--area-modules 200]

Modules are scattered over a square (``simulator.hplc.network.scattered``): links without a grid behind them, several levels deep. Then one
generated area of each style over its own wires; modules that no chain of links in both directions reaches are counted, not expected.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import numpy.typing as npt

from firmware_profiles.modules import load_modules
from simulator.cli.rows import Row, print_rows
from simulator.grid.areas import STYLES, make_area
from simulator.hplc.link_model import LinkModel
from simulator.hplc.links import LinkTable
from simulator.hplc.network import Delivered, Network
from simulator.hplc.network.scattered import scattered_links

MODULE = "family-a"
LIMIT_S = 1800.0            # test bench: whole archive online
STEP_S = 5.0
FORM_GOAL_S, HOUR_GOAL_S = 5.0, 60.0
HOUR_S, CYCLE_S = 3600.0, 900.0
REQUEST, ANSWER_BYTES = bytes(24), 60       # about a DL/T 645 read and its answer inside the application head


class Meter:
    """Answers every request at once; the meter behind a module adds its own delay, which costs no air time."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def on_frame(self, delivered: Delivered) -> None:
        self._network.send(delivered.receiver, delivered.source, delivered.payload[:2] + bytes(ANSWER_BYTES - 2))

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        """The supply stays."""

    def on_lost(self, sequence: int, now_s: float) -> None:
        """Counted by the network."""


def make(modules: int, seed: int) -> Network:
    links, phases, _ = scattered_links(modules, seed=seed)
    return Network(links, macs=np.arange(1, modules + 2), module=load_modules()[MODULE], seed=seed, phases=phases)


def form(network: Network, modules: int) -> float:
    """Virtual seconds until all have joined, infinity when the limit comes first."""
    while network.now_s < LIMIT_S:
        network.run_until(network.now_s + STEP_S)
        if int(network.level_histogram().sum()) == modules + 1:
            return network.now_s
    return float("inf")


def formation(modules: int, seeds: int) -> list[Row]:
    times_s, levels, cpu_s = [], np.zeros(16, np.intp), []
    for seed in range(1, seeds + 1):
        network = make(modules, seed)
        began_s = time.process_time()
        times_s.append(form(network, modules))
        cpu_s.append(time.process_time() - began_s)
        levels += network.level_histogram()
        print(f"  {modules} modules, seed {seed}: {times_s[-1]:g} s, {cpu_s[-1]:.2f} s of CPU", file=sys.stderr)
    name, slowest_s, most_cpu_s = f"{modules} modules", max(times_s), max(cpu_s)
    has_cpu_goal = modules == 500
    rows = [
        Row(name=f"{name} formed, median", figure=float(np.median(times_s)), unit="s", goal="", ok=True),
        Row(name=f"{name} formed, slowest of {seeds} seeds", figure=slowest_s, unit="s", goal=f"<= {LIMIT_S:g}", ok=slowest_s <= LIMIT_S),
        Row(name=f"{name}, formation costs at most", figure=most_cpu_s, unit="s of CPU", goal=f"<= {FORM_GOAL_S:g}" if has_cpu_goal else "",
            ok=not has_cpu_goal or most_cpu_s <= FORM_GOAL_S),
    ]
    rows += [
        Row(name=f"{name}, on level {level}", figure=float(share), unit="share", goal="", ok=True)
        for level, share in enumerate(levels[1:] / levels[1:].sum(), start=1) if share > 0.0
    ]
    return rows


def generated_area(style: str, modules: int) -> list[Row]:
    """One area over its own wires, and whether all joined that could."""
    links = LinkModel(make_area(style, modules, seed=1), seed=1, tmis=(0, 1, 4, 6, 9, 12)).table()
    reachable = _reachable(links)
    network = Network(links, macs=np.arange(1, modules + 2), module=load_modules()[MODULE], seed=1)
    took_s = form(network, int(reachable.sum()) - 1)
    missing = int((reachable & (network.stations.home < 0)).sum())
    name = f"{style}, {modules} modules"
    return [
        Row(name=f"{name}, without a way", figure=float((~reachable).sum()), unit="modules", goal="", ok=True),
        Row(name=f"{name}, formed", figure=took_s, unit="s", goal=f"<= {LIMIT_S:g}", ok=took_s <= LIMIT_S),
        Row(name=f"{name}, could have joined and did not", figure=missing, unit="modules", goal="= 0", ok=missing == 0),
        Row(name=f"{name}, deepest level", figure=float(network.stations.level.max()), unit="levels", goal="<= 15", ok=True),
    ]


def _reachable(links: LinkTable) -> npt.NDArray[np.bool_]:
    """Nodes to which a chain of links leads that work one time in three in both directions, in the sturdy mode."""
    both = np.minimum(links.success[4], links.success[4].T) > 1.0 / 3.0
    found = np.zeros(len(both), np.bool_)
    found[0] = True
    while (more := found | both[found].any(axis=0)).sum() > found.sum():
        found = more
    return found


def an_hour_of_reading(modules: int) -> list[Row]:
    """Every meter once in a quarter of an hour, evenly spread, each asked once."""
    network = make(modules, seed=1)
    form(network, modules)
    meter = Meter(network)
    for node in range(1, modules + 1):
        network.attach(node, meter)
    begin_s = network.now_s
    asked = 0
    for cycle in range(int(HOUR_S / CYCLE_S)):
        for node in range(1, modules + 1):
            network.call_at(begin_s + cycle * CYCLE_S + node * CYCLE_S / (modules + 1), network.send, 0, node, REQUEST)
            asked += 1
    beacon_shares, delays_s = [], []
    began_s = time.process_time()
    while network.now_s < begin_s + HOUR_S + 10.0:
        network.run_until(network.now_s + 60.0)
        beacon_shares.append(network.last_plan.beacon_share if network.last_plan else 0.0)
        delays_s += [one.at_s - one.sent_s for one in network.take_delivered()]
    cpu_s = time.process_time() - began_s
    answered = len(delays_s)
    return [
        Row(name=f"an hour of {modules} meters, each read every 15 min", figure=cpu_s, unit="s of CPU", goal=f"<= {HOUR_GOAL_S:g}",
            ok=cpu_s <= HOUR_GOAL_S),
        Row(name="answers to requests, no retry above the network", figure=answered / asked, unit="share", goal="", ok=True),
        Row(name="way of an answer, 95 of 100", figure=_quantile(delays_s, 0.95), unit="s", goal="", ok=True),
        Row(name="beacons take", figure=float(np.mean(beacon_shares)), unit="share", goal="<= 0.4", ok=float(np.max(beacon_shares)) <= 0.4),
    ]


def _quantile(values: list[float], share: float) -> float:
    ordered: npt.NDArray[np.float64] = np.asarray(values)
    return float(np.quantile(ordered, share)) if len(ordered) else float("nan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--sizes", type=int, nargs="*", default=[50, 200, 500, 1000])
    parser.add_argument("--area-modules", type=int, default=200)
    arguments = parser.parse_args()
    rows = [row for modules in arguments.sizes for row in formation(modules, arguments.seeds)]
    rows += [row for style in STYLES for row in generated_area(style, arguments.area_modules)]
    rows += an_hour_of_reading(500)
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
