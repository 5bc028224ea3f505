"""False fire-risk alarms in areas without a fault, and what is found of faults injected: areas and seeds that nothing was tuned on.

    python -m benchmarks.detection.base_rate [--areas 50] [--seed 1000] [--meters 280] [--days 8] [--told FILE] [--json]

A home has one electrical fire hazard in 68 years, so an ``act`` alarm is worth a crew at no more than 0.04 false ones per 1000 meter-days
(detection.md, needs.md 2.1). ``--told`` writes every false alarm as a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np

from simulator.cli.rows import Row, print_rows
from simulator.scenario.draw_fire import draw_fire_faults
from simulator.scenario.scenario_file import scenario_of
from simulator.scoring.fire import FireScore
from simulator.scoring.scenario_run import score_scenario
from simulator.scoring.sets.scenario import score_rows

_ACT_GOAL, _WATCH_GOAL, _RECALL_GOAL = 0.04, 1.0, 0.9


def score_seed(seed: int, meters: int, days: float) -> FireScore:
    return score_scenario(scenario_of(f"fire-{seed}", draw_fire_faults(seed=seed, meters=meters, days=days)))


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
    parser.add_argument("--seed", type=int, default=1000, help="of the first area; the others follow")
    parser.add_argument("--meters", type=int, default=280)
    parser.add_argument("--days", type=float, default=8.0)
    parser.add_argument("--told", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    whole, lines = FireScore(), []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        seeds = range(arguments.seed, arguments.seed + arguments.areas)
        asked = {pool.submit(score_seed, seed, arguments.meters, arguments.days): seed for seed in seeds}
        for done, future in enumerate(as_completed(asked), 1):
            score = future.result()
            whole.add(score)
            lines += [
                json.dumps({"seed": asked[future], "level": level, "kind": kind, "place": place, "at_s": at_s})
                for level, alarms in score.false.items() for kind, place, at_s in alarms
            ]
            lines += [
                json.dumps({"seed": asked[future], "class": fault_class, "missed": sum(np.isinf(delays)), "of": len(delays)}, default=int)
                for fault_class, delays in score.delay_s.items() if np.isinf(delays).any()
            ]
            print(f"area {done} of {arguments.areas}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)
    if arguments.told:
        arguments.told.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return print_rows(rows_of(whole, arguments.areas), as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
