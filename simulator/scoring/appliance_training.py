"""Training and cross-validating appliance forests. Needs scikit-learn, which the agent does not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.appliance_forest import Forest
from edge_agent.errors import ConfigError

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.str_]
Say = Callable[[float], None]

TREES = 100             # more gained nothing in cross-validation on PLAID
FEATURES_TRIED = 16     # of about 50, at each node: 6, 12, 16 and 20 differ by less than two runs do


def train(features: Floats, labels: Labels, names: Sequence[str], seed: int) -> Forest:
    """Extremely randomised trees grown to pure leaves.

    Raises:
        ConfigError: scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import ExtraTreesClassifier
    except ImportError as exc:
        raise ConfigError(["training needs scikit-learn: install 'hplc-edge[score]'"]) from exc
    model = ExtraTreesClassifier(n_estimators=TREES, max_features=min(FEATURES_TRIED, features.shape[1]), random_state=seed)
    return forest_of(model.fit(features.astype(np.float32), labels), names)


def forest_of(model: Any, names: Sequence[str]) -> Forest:
    """A fitted scikit-learn forest classifier as the agent's arrays, with the same answers.

    scikit-learn compares float32 features with float64 thresholds; the largest float32 not above the threshold decides the same.
    """
    column: list[int] = []
    threshold: list[np.float32] = []
    above: list[int] = []
    leaf: list[int] = []
    roots: list[int] = []
    shares: list[Floats] = []
    for estimator in model.estimators_:
        tree = estimator.tree_
        roots.append(len(column))
        waiting = [(0, -1)]                     # node of the tree, and the node here whose ``above`` it is
        while waiting:
            node, parent = waiting.pop()
            here = len(column)
            if parent >= 0:
                above[parent] = here
            if tree.children_left[node] < 0:
                column.append(0)
                threshold.append(np.float32(np.nan))
                above.append(here)
                leaf.append(len(shares))
                shares.append(tree.value[node][0] / tree.value[node][0].sum())
                continue
            limit = np.float32(tree.threshold[node])
            column.append(tree.feature[node])
            threshold.append(np.nextafter(limit, np.float32(-np.inf)) if limit > tree.threshold[node] else limit)
            above.append(-1)                    # told when its second child is reached
            leaf.append(0)
            waiting += [(tree.children_right[node], here), (tree.children_left[node], -1)]
    different, place = np.unique(np.array(shares, dtype=np.float32), axis=0, return_inverse=True)
    return Forest(
        features=tuple(names), classes=tuple(str(label) for label in model.classes_), roots=np.array(roots, dtype=np.int32),
        column=np.array(column, dtype=np.uint8), threshold=np.array(threshold, dtype=np.float32), above=np.array(above, dtype=np.int32),
        leaf=place.reshape(-1)[leaf].astype(np.int32), shares=different,
    )


def answers(forest: Forest, features: Floats) -> Labels:
    """The likeliest class of each case."""
    found: Labels = np.array(forest.classes)[forest.probabilities(features).argmax(axis=1)]
    return found


def mixed_folds(labels: Labels, folds: int, seed: int) -> npt.NDArray[np.intp]:
    """Shape (n,): the fold of each case; every class spread evenly, its cases in random order."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return _spread(labels, order, lambda place, count: (place + seed) % folds)


def neighbour_folds(labels: Labels, folds: int) -> npt.NDArray[np.intp]:
    """The same with cases of a class that stand next to each other in the file kept together: often they are of one household."""
    return _spread(labels, np.arange(len(labels)), lambda place, count: place * folds // count)


def _spread(
    labels: Labels, order: npt.NDArray[np.intp], fold: Callable[[npt.NDArray[np.intp], int], npt.NDArray[np.intp]]
) -> npt.NDArray[np.intp]:
    result = np.zeros(len(labels), dtype=np.intp)
    for label in np.unique(labels):
        mine = order[labels[order] == label]
        result[mine] = fold(np.arange(len(mine)), len(mine))
    return result


def cross_validated(
    features: Floats, labels: Labels, fold: npt.NDArray[np.intp], *, seed: int, copies: Sequence[Floats] = ()
) -> Labels:
    """What forests that saw nothing of a case's fold answer for it.

    Args:
        copies: features of varied copies of the same cases, to train on; none is asked about.
    Raises:
        ConfigError: no scikit-learn, or one fold only.
    """
    found = np.empty_like(labels)
    names = [str(place) for place in range(features.shape[1])]
    for number in np.unique(fold):
        held_out = fold == number
        if held_out.all():
            raise ConfigError(["cross-validation needs at least two cases of a class"])
        learned = np.concatenate([part[~held_out] for part in (features, *copies)])
        forest = train(learned, np.tile(labels[~held_out], 1 + len(copies)), names, seed)
        found[held_out] = answers(forest, features[held_out])
    return found
