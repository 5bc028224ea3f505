"""Result rows that the sets of appliances share: cross-validation, recall by class, nearest neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.cli.rows import Row
from simulator.scoring.appliance_training import cross_validated, mixed_folds, neighbour_folds
from simulator.scoring.nearest import euclidean, nearest_answers, warped
from simulator.scoring.score_set import Say

FOLDS = 10
RUNS = 3                    # cross-validations with other folds and other forests; figures are their means
_COMPARED = 1200            # cases that neighbours are looked for among: pairs grow with the square

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]


def plain(name: str, figure: float, unit: str) -> Row:
    """A figure without a goal."""
    return Row(name=name, figure=figure, unit=unit, goal="-", ok=True)


def goal_row(name: str, accuracy: float, goal: float) -> Row:
    return Row(name=name, figure=accuracy, unit="share", goal=f">= {goal:g}", ok=accuracy >= goal)


def recall_rows(name: str, labels: Labels, answers: Labels) -> list[Row]:
    """How many of each class were named right, and of those named so, how many were."""
    rows = []
    for label in np.unique(labels):
        right = int(((answers == label) & (labels == label)).sum())
        rows.append(plain(f"{name}: {label}, recall of {int((labels == label).sum())}", right / int((labels == label).sum()), "share"))
        told = int((answers == label).sum())
        rows.append(plain(f"{name}: {label}, precision of {told}", right / told if told else float("nan"), "share"))
    return rows


def cross_validation_rows(
    name: str, features: Floats, labels: Labels, judged: npt.NDArray[np.bool_], *, goal: float, say: Say, copies: Sequence[Floats] = ()
) -> list[Row]:
    """Accuracy with mixed folds (the goal's), its spread, with neighbours held out together, and by class.

    Cases that are not ``judged`` train nothing and count as wrong.
    """
    accuracies, last = [], np.full(len(labels), "", dtype=labels.dtype)
    judged_copies = [part[judged] for part in copies]
    for run in range(RUNS):
        fold = mixed_folds(labels[judged], FOLDS, run)
        last[judged] = cross_validated(features[judged], labels[judged], fold, seed=run, copies=judged_copies)
        accuracies.append(float((last == labels).mean()))
        say((run + 1) / (RUNS + 2))
    apart = cross_validated(features[judged], labels[judged], neighbour_folds(labels[judged], FOLDS), seed=0, copies=judged_copies)
    together = float((apart == labels[judged]).sum()) / len(labels)
    return [
        goal_row(f"{name}: accuracy, {FOLDS} mixed folds", float(np.mean(accuracies)), goal),
        plain(f"{name}: accuracy, lowest run", min(accuracies), "share"),
        plain(f"{name}: accuracy, cases that stand together in the file held out together", together, "share"),
        *recall_rows(name, labels, last),
    ]


def nearest_rows(name: str, rows: Floats, labels: Labels, *, band: int) -> list[Row]:
    """Baselines in the same folds: nearest by straight and by warped distance. Of many cases an even part is taken, and said."""
    chosen = np.unique(np.linspace(0, len(labels) - 1, min(len(labels), _COMPARED)).astype(np.intp))
    compared, said = labels[chosen], f"{rows.shape[1]} points" + (f", {len(chosen)} cases" if len(chosen) < len(labels) else "")
    fold = mixed_folds(compared, FOLDS, 0)
    found = []
    for what, distance in (("Euclid", euclidean(rows[chosen])), (f"DTW band {band}", warped(rows[chosen], band))):
        accuracy = float((nearest_answers(distance, compared, fold) == compared).mean())
        found.append(plain(f"{name}: baseline 1-NN {what}, {said}, accuracy", accuracy, "share"))
    return found
