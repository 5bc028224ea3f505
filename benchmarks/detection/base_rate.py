"""False fire-risk alarms in areas without a fault, and what is found of faults injected: areas and seeds that nothing was tuned on.

    python -m benchmarks.detection.base_rate [--areas 50] [--seed 4000] [--meters 350] [--days 6.2] [--told FILE] [--json]

A home has one electrical fire hazard in 68 years, so an ``act`` alarm is worth a crew at no more than 0.04 false ones per 1000 meter-days
(detection.md, needs.md 2.1). ``--told`` writes every false alarm as a line of JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from edge_agent.errors import ConfigError
from simulator.cli.rows import Row, print_rows
from simulator.grid.solver import NotSolvedError
from simulator.scenario.draw_fire import draw_fire_faults
from simulator.scenario.scenario_file import scenario_of
from simulator.scoring.fire import FireScore
from simulator.scoring.scenario_run import score_scenario
from simulator.scoring.sets.scenario import score_rows

_ACT_GOAL, _WATCH_GOAL, _RECALL_GOAL = 0.04, 1.0, 0.9


def score_seed(seed: int, meters: int, days: float) -> FireScore | None:
    """None where the grid that was drawn has no solution at some step: loads and faults together are more than it can carry."""
    try:
        return score_scenario(scenario_of(f"fire-{seed}", draw_fire_faults(seed=seed, meters=meters, days=days)))
    except NotSolvedError:
        return None


def bound_95(count: int, exposure: float) -> float:
    """Upper 95 % limit of a Poisson rate (the exact one: half a chi-squared quantile, here by bisection of the distribution itself)."""
    low, high = 0.0, 10.0 + 3.0 * count
    for _ in range(60):
        mean = (low + high) / 2.0
        terms, term = 0.0, np.exp(-mean)
        for number in range(count + 1):
            terms += term
            term *= mean / (number + 1)
        low, high = (mean, high) if terms > 0.05 else (low, mean)
    return high / exposure


def rows_of(score: FireScore, areas: int) -> list[Row]:
    rows = [Row(name="areas", figure=areas, unit="areas", goal=">= 50", ok=areas >= 50)]
    for row in score_rows(score):
        name, goal, ok = row.name, "", True
        if name == "healthy meter-days":
            goal, ok = ">= 100000", row.figure >= 100_000
        elif name.endswith(": recall"):
            goal, ok = f">= {_RECALL_GOAL}", row.figure >= _RECALL_GOAL
        elif name.endswith(": act"):
            goal, ok = f"<= {_ACT_GOAL}", row.figure <= _ACT_GOAL
        elif ": joint.loose" in name:
            goal, ok = f"<= {_WATCH_GOAL}", row.figure <= _WATCH_GOAL
        rows.append(Row(name=name, figure=row.figure, unit=row.unit, goal=goal, ok=ok))
    bound = 1000.0 * bound_95(len(score.false.get("act", [])), score.healthy_days)
    return [*rows, Row(name="false per 1000 meter-days: act, 95 % bound", figure=bound, unit="alarms", goal="", ok=True)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, default=50)
    parser.add_argument("--seed", type=int, default=4000, help="of the first area; the others follow (1000 and 3000 were looked at)")
    parser.add_argument("--meters", type=int, default=350)
    parser.add_argument("--days", type=float, default=6.2)
    parser.add_argument("--told", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        draw_fire_faults(seed=arguments.seed, meters=arguments.meters, days=arguments.days)
    except ConfigError as exc:
        parser.error(str(exc))
    whole, done, left_out = FireScore(), 0, 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        seeds = itertools.count(arguments.seed)
        asked = {pool.submit(score_seed, seed, arguments.meters, arguments.days): seed for seed in itertools.islice(seeds, arguments.areas)}
        while asked:
            future = next(as_completed(asked))
            seed, score = asked.pop(future), future.result()
            if score is None:
                left_out += 1
                following = next(seeds)
                asked[pool.submit(score_seed, following, arguments.meters, arguments.days)] = following
                continue
            done += 1
            whole.add(score)
            if arguments.told:
                with arguments.told.open("a", encoding="utf-8") as file:
                    file.writelines(f"{line}\n" for line in _lines(seed, score))
            _say(f"area {done} of {arguments.areas}: {len(whole.false.get('act', []))} false act alarms in {whole.healthy_days:.0f} days")
    rows = rows_of(whole, done)
    rows.append(Row(name="areas left out, their grid has no solution", figure=left_out, unit="areas", goal="", ok=True))
    return print_rows(rows, as_json=arguments.json)


def _lines(seed: int, score: FireScore) -> list[str]:
    """Every false alarm and every class with faults that were missed."""
    return [
        json.dumps({"seed": seed, "level": level, "kind": kind, "place": place, "at_s": at_s})
        for level, alarms in score.false.items() for kind, place, at_s in alarms
    ] + [
        json.dumps({"seed": seed, "class": fault_class, "missed": int(np.isinf(delays).sum()), "of": len(delays)})
        for fault_class, delays in score.delay_s.items() if np.isinf(delays).any()
    ]


def _say(text: str) -> None:
    print(text, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
