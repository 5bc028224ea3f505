"""Start-up currents of household appliances (PLAID, UCR edition): the shipped forest of ``edge_agent.detect.appliance``."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.detect.appliance import identify_points, shipped_forest
from edge_agent.detect.appliance_start import START_FEATURES
from simulator.cli.rows import Row
from simulator.scoring.appliance_rows import RUNS, cross_validation_rows, goal_row, nearest_rows, plain, recall_rows
from simulator.scoring.appliance_training import answers
from simulator.scoring.nearest import first_points
from simulator.scoring.plaid_cases import case_digests, class_names, features_of, training_copies, without_holes
from simulator.scoring.score_set import Say, ScoreSet
from simulator.scoring.ts_file import TsFile, ts_files

GOAL = 0.86
_COMPARED_POINTS = 200      # that the plain baselines compare, as they stand: scaled ones are told apart worse (0.72)
_BAND = 20                  # points that warping may shift
_TIMED = 200                # windows


def score(directory: Path, say: Say) -> list[Row]:
    files = ts_files(directory)
    rows: list[Row] = []
    for number, found in enumerate(files):
        rows += _score_file(found, lambda share, number=number: say((number + share) / len(files)))  # type: ignore[misc]
    return rows


def _score_file(found: TsFile, say: Say) -> list[Row]:
    forest = shipped_forest()
    labels = class_names(found)
    features, judged = features_of(found.series)
    name = found.name
    rows = [
        plain(f"{name}: cases", len(labels), "cases"),
        plain(f"{name}: cases too short or without current, counted as wrong", int((~judged).sum()), "cases"),
        Row(name=f"{name}: features", figure=len(START_FEATURES), unit="features", goal="<= 64", ok=len(START_FEATURES) <= 64),
    ]
    known = int(np.isin(case_digests(found), forest.cases).sum())
    if found.sha256 == forest.trained_on or known:
        rows.append(plain(f"{name}: cases that trained the shipped forest: cross-validated instead, runs", RUNS, "runs"))
        copies = training_copies(found.series, judged)
        rows += cross_validation_rows(name, features, labels, judged, copies=copies, goal=GOAL, say=say)
    else:
        found_names = np.where(judged, answers(forest, features), "")
        rows.append(goal_row(f"{name}: accuracy, shipped forest", float((found_names == labels).mean()), GOAL))
        rows += recall_rows(name, labels, found_names)
    rows += nearest_rows(name, first_points(found.series, _COMPARED_POINTS), labels, band=_BAND)
    rows.append(plain(f"{name}: identification of a window, CPU", _cost_us(found, judged), "us"))
    return rows


def _cost_us(found: TsFile, judged: npt.NDArray[np.bool_]) -> float:
    costs = []
    for place in np.flatnonzero(judged)[:_TIMED]:
        series = without_holes(found.series[place])
        begin = time.process_time()
        identify_points(series)
        costs.append(time.process_time() - begin)
    return float(np.median(costs)) * 1e6 if costs else float("nan")


SCORE = ScoreSet(name="plaid", summary="which appliance started (current, 30 kHz)", score=score)
