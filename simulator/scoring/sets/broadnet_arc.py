"""Arc or not, from six normalised features of a window of measured current: the shipped class Gaussians, a tree, a forest.

Every ``train.csv`` and ``test.csv`` of the folder is scored. On the file that the shipped parameters come from (by sha256) they are fitted
anew and cross-validated instead, in blocks of following rows: neighbours in time are alike.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.cli.rows import Row
from simulator.scoring.broadnet_file import BroadnetRows, read_rows
from simulator.scoring.class_gaussians import fit, is_fault, load
from simulator.scoring.score_set import Say, ScoreSet, sha256_of
from simulator.scoring.train_broadnet import TRAINED

_FOLDS = 5
_FILES = ("train.csv", "test.csv")
_GOAL = 0.985
Bools = npt.NDArray[np.bool_]
Classify = Callable[[BroadnetRows, npt.NDArray[np.float64]], Bools]      # training rows, features of others -> arcs


def score(directory: Path, say: Say) -> list[Row]:
    files = {name: directory / name for name in _FILES if (directory / name).exists()}
    if not files:
        raise ConfigError([f"{directory}: has neither {' nor '.join(_FILES)}; the README of the set describes them"])
    rows: list[Row] = []
    read = {name: read_rows(path) for name, path in files.items()}
    gaussians, trained_on = load(TRAINED)
    for number, (name, path) in enumerate(files.items()):
        say(number / len(files))
        content = read[name]
        if is_trained := sha256_of(path) == trained_on:
            told, how = _cross_validated(content, _by_gaussians), f"{_FOLDS}-fold cross-validated, it was trained on this file"
        else:
            told, how = is_fault(content.features, gaussians), "as shipped, not trained on this file"
        rows += _rows_of(f"broadnet {name}: arc ({how})", told, content, has_goal=True)
        if not is_trained:
            names = {of.name for of in gaussians}
            known = sum(row in names for row in content.classes)
            rows.append(Row(name=f"broadnet {name}: rows of known classes", figure=known, unit="rows", goal="-", ok=True))
        rows += _left_out(name, content)
        # the baselines learn from train.csv where there is one beside test.csv
        lessons = read["train.csv"] if name == "test.csv" and "train.csv" in read else None
        rows += _baselines(name, content, lessons)
    return rows


def _left_out(name: str, content: BroadnetRows) -> list[Row]:
    """Each load left out of the training: are its arcs told, is what is normal for it called so?"""
    found = []
    loads = np.array([of.rpartition("_")[0] for of in content.classes])
    for load_name in sorted(set(loads.tolist())):
        out = loads == load_name
        if out.all():
            continue
        told = _by_gaussians(_only(content, ~out), content.features[out])
        right = float((told == content.arcs[out]).mean())
        said = f"broadnet {name}: accuracy on load {load_name or '(unnamed)'} left out"
        found.append(Row(name=said, figure=right, unit="share", goal="-", ok=True))
    return found


def _baselines(name: str, content: BroadnetRows, lessons: BroadnetRows | None) -> list[Row]:
    try:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.tree import DecisionTreeClassifier
    except ImportError:
        said = f"broadnet {name}: baselines need scikit-learn: pip install hplc-edge[score]"
        return [Row(name=said, figure=float("nan"), unit="-", goal="-", ok=True)]
    found = []
    models: dict[str, Callable[[], Any]] = {
        "tree of depth 6": lambda: DecisionTreeClassifier(max_depth=6, random_state=0),
        "forest of 100": lambda: RandomForestClassifier(100, random_state=0),
    }
    for said, make in models.items():
        def classify(train: BroadnetRows, features: npt.NDArray[np.float64], make: Callable[[], Any] = make) -> Bools:
            told: Bools = make().fit(train.features, train.arcs).predict(features)
            return told

        told = _cross_validated(content, classify) if lessons is None else classify(lessons, content.features)
        how = "cross-validated" if lessons is None else "trained on train.csv"
        found += _rows_of(f"broadnet {name}: baseline {said} ({how})", told, content, has_goal=False)
    return found


def _by_gaussians(train: BroadnetRows, features: npt.NDArray[np.float64]) -> Bools:
    return is_fault(features, fit(train.features, train.classes, train.arcs))


def _cross_validated(content: BroadnetRows, classify: Classify) -> Bools:
    """Each class cut into as many blocks of following rows as there are folds."""
    fold = np.zeros(len(content.arcs), dtype=int)
    classes = np.array(content.classes)
    for of in set(content.classes):
        members = np.flatnonzero(classes == of)
        fold[members] = np.arange(len(members)) * _FOLDS // len(members)
    told = np.zeros(len(content.arcs), dtype=np.bool_)
    for number in range(_FOLDS):
        tested = fold == number
        if tested.any() and not tested.all():
            told[tested] = classify(_only(content, ~tested), content.features[tested])
    return told


def _only(content: BroadnetRows, chosen: Bools) -> BroadnetRows:
    classes = [of for of, is_chosen in zip(content.classes, chosen.tolist(), strict=True) if is_chosen]
    return BroadnetRows(features=content.features[chosen], classes=classes, arcs=content.arcs[chosen])


def _rows_of(name: str, told: Bools, content: BroadnetRows, *, has_goal: bool) -> list[Row]:
    arcs = content.arcs
    accuracy, false = float((told == arcs).mean()), int((told & ~arcs).sum())
    recall = float(told[arcs].mean()) if arcs.any() else float("nan")

    def row(what: str, figure: float, unit: str, goal: str, ok: bool) -> Row:
        return Row(name=f"{name}: {what}", figure=figure, unit=unit, goal=goal if has_goal else "-", ok=ok or not has_goal)

    return [
        row("accuracy", accuracy, "share", f">= {_GOAL}", accuracy >= _GOAL),
        row("false positives", false, f"of {int((~arcs).sum())}", "<= 0", false == 0),
        Row(name=f"{name}: recall", figure=recall, unit="share", goal="-", ok=True),
    ]


SCORE = ScoreSet(name="broadnet_arc", summary="arc or not from six features of measured windows, four loads", score=score)
