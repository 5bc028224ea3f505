"""Appliances by an hour of readings every 10 s (ACS-F1, UCR edition). The data is for research only: nothing trained on it is shipped.

The UCR edition tells one series of 1460 points a case. Seen closely, four quantities take turns in it: reactive power, active power,
voltage and current of 365 readings (points four apart agree to 0.999, neighbours do not), scaled together to mean 0 and deviation 1.
Current is some hundred times smaller than voltage and mains is near its nominal voltage: with these two the watts come back.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.detect.appliance_power import POWER_FEATURES, power_features
from edge_agent.errors import ConfigError
from simulator.cli.rows import Row
from simulator.scoring.appliance_rows import FOLDS, RUNS, cross_validation_rows, goal_row, nearest_rows, plain, recall_rows
from simulator.scoring.appliance_training import answers, cross_validated, mixed_folds, train
from simulator.scoring.nearest import resampled
from simulator.scoring.score_set import Say, ScoreSet
from simulator.scoring.ts_file import TsFile, ts_files

GOAL = 0.66
NOMINAL_V = 230.0           # of Switzerland, where the set was measured
_QUANTITIES = 4
_STEADY = 0.2               # of the deviation of the whole series: a column that moves less is a voltage
_ROUNDS = 10                # of current from power from current: each shrinks the error some hundred times
_BAND = 15                  # points that warping may shift: 1 % of 1460
_LONGEST = 1460             # points of a series that the plain baselines compare

Floats = npt.NDArray[np.float64]


def score(directory: Path, say: Say) -> list[Row]:
    files = ts_files(directory)
    by_half = {half: [found for found in files if found.name.endswith(f"_{half}")] for half in ("TRAIN", "TEST")}
    if len(files) == 2 and all(len(found) == 1 for found in by_half.values()):
        return _score_halves(by_half["TRAIN"][0], by_half["TEST"][0])
    rows: list[Row] = []
    for number, found in enumerate(files):
        rows += _score_file(found, lambda share, number=number: say((number + share) / len(files)))  # type: ignore[misc]
    return rows


def power_of(series: Floats) -> tuple[Floats, Floats]:
    """Active power in W and reactive power in var; a series without quantities taking turns is given back as it is, with zeros."""
    turns = series[: len(series) // _QUANTITIES * _QUANTITIES].reshape(-1, _QUANTITIES)
    known = turns[~np.isnan(turns).any(axis=1)]
    if len(known) == 0 or np.std(known[:, 2]) > _STEADY * np.std(known) or np.median(known[:, 2]) <= np.median(known[:, 3]):
        return series, np.zeros(len(series))
    reactive, active, voltage, current = np.median(known, axis=0)
    current_a = 0.0
    for _ in range(_ROUNDS):
        scale = (NOMINAL_V - current_a) / (voltage - current)
        offset = current_a - scale * current
        current_a = float(np.hypot(active * scale + offset, reactive * scale + offset)) / NOMINAL_V
    return turns[:, 1] * scale + offset, turns[:, 0] * scale + offset


def _features(found: TsFile) -> tuple[Floats, float]:
    """Shape (cases, len(POWER_FEATURES)), and the CPU time of one in microseconds."""
    rows, costs = [], []
    for line, series in zip(found.lines, found.series, strict=True):
        begin = time.process_time()
        try:
            rows.append(power_features(*power_of(series)))
        except ValueError as exc:
            raise ConfigError([f"{found.path}: line {line}: {exc}"]) from exc
        costs.append(time.process_time() - begin)
    return np.array(rows), float(np.median(costs)) * 1e6


def _one_quantity(found: TsFile) -> Floats:
    return np.array([power_features(series, np.zeros(len(series))) for series in found.series])


def _score_file(found: TsFile, say: Say) -> list[Row]:
    features, cost_us = _features(found)
    labels = np.array(found.labels)
    name = found.name
    rows = [*_counts(found, name), plain(f"{name}: nothing is shipped for this set: cross-validated, runs", RUNS, "runs")]
    rows += cross_validation_rows(name, features, labels, np.ones(len(labels), dtype=bool), goal=GOAL, say=say)
    alone = cross_validated(_one_quantity(found), labels, mixed_folds(labels, FOLDS, 0), seed=0)
    rows.append(plain(f"{name}: the same features of the series as it stands, accuracy", float((alone == labels).mean()), "share"))
    rows += nearest_rows(name, resampled(found.series, _points(found)), labels, band=_BAND)
    forest = train(features, labels, POWER_FEATURES, 0)
    begin = time.process_time()
    for row in features:
        forest.probabilities(row[np.newaxis])
    cost_us += (time.process_time() - begin) / len(features) * 1e6
    return [*rows, plain(f"{name}: identification of a case, CPU", cost_us, "us")]


def _score_halves(learned: TsFile, asked: TsFile) -> list[Row]:
    name = asked.name
    features, cost_us = _features(learned)
    forest = train(features, np.array(learned.labels), POWER_FEATURES, 0)
    labels = np.array(asked.labels)
    others, _ = _features(asked)
    found = answers(forest, others)
    return [
        *_counts(asked, name), plain(f"{name}: trained on {learned.name}, cases", len(learned.labels), "cases"),
        goal_row(f"{name}: accuracy", float((found == labels).mean()), GOAL), *recall_rows(name, labels, found),
        plain(f"{name}: features of a case, CPU", cost_us, "us"),
    ]


def _points(found: TsFile) -> int:
    return min(_LONGEST, max(len(series) for series in found.series))


def _counts(found: TsFile, name: str) -> list[Row]:
    features = len(POWER_FEATURES)
    return [
        plain(f"{name}: cases", len(found.labels), "cases"),
        Row(name=f"{name}: features", figure=features, unit="features", goal="<= 64", ok=features <= 64),
    ]


SCORE = ScoreSet(name="acsf1", summary="which appliance draws power (10 s)", score=score)
