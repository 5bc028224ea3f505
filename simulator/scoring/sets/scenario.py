"""Scenarios of the simulator: what of joints, neutrals and overloads in them is found, and what is told that is not there."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

from edge_agent.errors import ConfigError
from simulator.cli.rows import Row
from simulator.scenario.scenario_file import load_scenario
from simulator.scoring.fire import FireScore
from simulator.scoring.scenario_run import score_scenario
from simulator.scoring.score_set import Say, ScoreSet


def score(path: Path, say: Say) -> list[Row]:
    """``path``: a scenario file, or a folder of them."""
    files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not files:
        raise ConfigError([f"{path}: no scenario file (*.toml) in it; docs/simulator.md describes the layout"])
    whole = FireScore()
    for number, file in enumerate(files):
        scenario = load_scenario(str(file))
        whole.add(score_scenario(scenario, lambda share, number=number: say((number + share) / len(files))))  # type: ignore[misc]
    return score_rows(whole)


def score_rows(score: FireScore) -> list[Row]:
    """Without goals: what can be found depends on what the scenario does and how long it lasts."""
    rows = [Row(name="healthy meter-days", figure=score.healthy_days, unit="days", goal="-", ok=True)]
    for fault_class, delays in sorted(score.delay_s.items()):
        found_h = [delay / 3600.0 for delay in delays if math.isfinite(delay)]
        rows += [
            Row(name=f"{fault_class}: cases", figure=len(delays), unit="faults", goal="-", ok=True),
            Row(name=f"{fault_class}: recall", figure=len(found_h) / len(delays), unit="share", goal="-", ok=True),
        ]
        if found_h:
            rows.append(Row(name=f"{fault_class}: delay, median", figure=statistics.median(found_h), unit="h", goal="-", ok=True))
    for level in ("act", "warn", "watch", *sorted(set(score.false) - {"act", "warn", "watch"})):
        rows.append(Row(
            name=f"false per 1000 meter-days: {level}", figure=score.false_per_1000(level), unit="alarms", goal="-", ok=True,
        ))
    return rows


SCORE = ScoreSet(name="scenario", summary="joints, neutrals and overloads of scenario files", score=score)
