"""``hplc-edge sim plot``: an area and what happens in it, as a picture: the tree, volts over time, what the agent said."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge_agent.errors import ConfigError

if TYPE_CHECKING:
    from simulator.grid.load_law import Real
    from simulator.run import LoopResult
    from simulator.scenario.scenario_file import Scenario
    from simulator.scenario.truth import Fault
    from simulator.scenario.world import World

_POINTS = 600             # of a curve: a screen has no more
_LOW_V, _HIGH_V = 198.0, 235.4


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", help="a shipped scenario, outage_storm, mixed_faults, or a TOML file")
    parser.add_argument("picture", type=Path, help="the PNG to write")
    parser.add_argument("--seed", type=int, help="of a drawn scenario")


def run(arguments: argparse.Namespace) -> int:
    from simulator.run import run_closed_loop
    from simulator.scenario.scenario_file import load_scenario
    from simulator.scenario.truth import truth_of

    try:
        import matplotlib
    except ImportError as exc:
        raise ConfigError(["matplotlib is needed to draw: .venv/bin/pip install 'matplotlib>=3.8,<4'"]) from exc
    matplotlib.use("Agg")
    from matplotlib import pyplot

    scenario = load_scenario(arguments.scenario, seed=arguments.seed)
    world = scenario.world()
    faults = truth_of(world)
    hours, volts = _curves(scenario, world)
    result = run_closed_loop(scenario.world(), duration_s=scenario.duration_s, poll_s=scenario.poll_s)
    figure, (tree, curves) = pyplot.subplots(1, 2, figsize=(16, 7), width_ratios=(2, 3))
    _draw_tree(tree, scenario, volts.min(axis=0), figure)
    _draw_curves(curves, hours, volts, faults, result)
    figure.suptitle(f"SIMULATED: {scenario.name}. {scenario.description}", fontsize=10)
    figure.tight_layout()
    try:
        figure.savefig(arguments.picture, dpi=90, format="png")
    except OSError as exc:
        raise ConfigError([f"{arguments.picture}: cannot be written ({exc.strerror})"]) from exc
    print(f"{arguments.picture} written")
    return 0


def _curves(scenario: Scenario, world: World) -> tuple[Real, Real]:
    """Hours, shape (t,), and the volts of every load then, shape (t, n_loads)."""
    last = int(scenario.duration_s / scenario.step_s)
    steps = np.unique(np.linspace(0, last - 1, min(_POINTS, last)).astype(int))
    rows = []
    for step in steps.tolist():
        block, at = world.block_of(step)
        rows.append(np.abs(block.volts[:, at]))
    return steps * scenario.step_s / 3600.0, np.array(rows)


def _draw_tree(axes: Any, scenario: Scenario, lowest_v: Real, figure: Any) -> None:
    """Feeders from left to right by depth, every meter a dot in the colour of its lowest voltage."""
    area, load_place = scenario.area, {load.id: number for number, load in enumerate(scenario.area.network.loads)}
    height: dict[str, float] = {meter.id: float(-number) for number, meter in enumerate(area.meters)}
    members: dict[str, list[float]] = {}
    for meter in area.meters:
        parts = meter.node.split("/")
        for depth in range(len(parts) + 1):
            members.setdefault("/".join(parts[:depth]), []).append(height[meter.id])
    at = {node: (node.count("/") + 1 if node else 0, float(np.mean(found))) for node, found in members.items()}
    for node, (x, y) in at.items():
        if node:
            parent = at[node.rpartition("/")[0]]
            axes.plot([parent[0], x], [parent[1], y], color="0.6", linewidth=0.8)
            axes.text(x, y, node.rpartition("/")[2], fontsize=6, va="bottom")
    deepest = max(x for x, _ in at.values()) + 1
    for meter in area.meters:
        x, y = at[meter.node]
        axes.plot([x, deepest], [y, height[meter.id]], color="0.85", linewidth=0.4, zorder=0)
    found_v = [min(lowest_v[load_place[load]] for load in meter.loads) for meter in area.meters]
    dots = axes.scatter([deepest] * len(found_v), list(height.values()), c=found_v, cmap="RdYlGn", vmin=150, vmax=230, s=9)
    figure.colorbar(dots, ax=axes, label="lowest voltage, V")
    axes.set_axis_off()


def _draw_curves(axes: Any, hours: Real, volts: Real, faults: list[Fault], result: LoopResult) -> None:
    lit = np.where(volts > 1.0, volts, np.nan)
    with np.errstate(all="ignore"):
        lowest, highest = np.nanmin(lit, axis=1), np.nanmax(lit, axis=1)
        axes.fill_between(hours, lowest, highest, alpha=0.25, label="all loads")
        axes.plot(hours, np.nanmedian(lit, axis=1), linewidth=0.9, label="median")
    for limit in (_LOW_V, _HIGH_V):
        axes.axhline(limit, color="0.5", linestyle=":", linewidth=0.8)
    dark = (volts <= 1.0).sum(axis=1)
    count = axes.twinx()
    count.step(hours, dark, color="black", linewidth=0.8, where="post")
    count.set_ylabel("loads without supply")
    count.set_ylim(0, max(10, 4 * int(dark.max())))
    for number, fault in enumerate(faults):
        axes.axvspan(fault.begin_s / 3600.0, min(fault.end_s / 3600.0, hours[-1]), color="tab:red", alpha=0.08)
        said = f"{fault.fault_class}\n{fault.place}"
        axes.text(fault.begin_s / 3600.0, 0.99 - 0.05 * (number % 8), said, fontsize=6, va="top", transform=axes.get_xaxis_transform())
    shown = [event for event in result.events if event["type"].endswith((".start", ".restore", ".end"))][:80]
    for event in shown:
        colour = "tab:blue" if event["type"].endswith(".start") else "tab:green"
        axes.axvline(result.published_s(event) / 3600.0, ymax=0.04, color=colour, linewidth=0.8)
    axes.set_xlabel("hours (ticks below: what the agent said; blue begins, green ends)")
    axes.set_ylabel("V")
    axes.legend(loc="lower left", fontsize=7)
