"""Forests that are trained here answer as scikit-learn does; folds hold out what they say."""

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

from edge_agent.errors import ConfigError
from simulator.scoring.appliance_training import answers, cross_validated, forest_of, mixed_folds, neighbour_folds, train


def random_cases(seed, n=300, columns=9):
    random = np.random.default_rng(seed)
    features = random.normal(size=(n, columns)).astype(np.float32)
    features[:, 3] = random.integers(0, 4, n)           # ties on thresholds
    labels = np.array(["red", "green", "blue"])[(features[:, 0] + random.normal(0, 0.5, n) > 0).astype(int) + (features[:, 3] > 2)]
    return features, labels


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", [ExtraTreesClassifier, RandomForestClassifier])
@pytest.mark.parametrize("leaf", [1, 5])
def test_a_forest_of_ours_answers_as_the_one_of_scikit_learn_it_was_made_of(kind, leaf, seed):
    features, labels = random_cases(seed)
    model = kind(n_estimators=20, min_samples_leaf=leaf, random_state=seed).fit(features, labels)
    forest = forest_of(model, [f"f{place}" for place in range(9)])
    asked = np.concatenate((features, random_cases(seed + 100)[0]))
    assert forest.classes == tuple(model.classes_)
    assert forest.probabilities(asked) == pytest.approx(model.predict_proba(asked), abs=1e-6)


def test_a_value_on_the_threshold_goes_the_way_it_goes_in_scikit_learn():
    features, labels = random_cases(7)
    model = RandomForestClassifier(n_estimators=5, random_state=0).fit(features, labels)
    tree = model.estimators_[0].tree_
    asked = np.tile(features[:1], (tree.node_count, 1))
    inner = np.flatnonzero(tree.children_left >= 0)
    for row, node in enumerate(inner):
        asked[row, tree.feature[node]] = tree.threshold[node]
    asked = np.concatenate((asked, np.nextafter(asked, np.float32(np.inf)), np.nextafter(asked, np.float32(-np.inf))))
    assert forest_of(model, ["f"] * 9).probabilities(asked) == pytest.approx(model.predict_proba(asked), abs=1e-6)


def test_training_twice_gives_the_same_forest():
    features, labels = random_cases(2)
    first, second = (train(features, labels, ["f"] * 9, 5) for _ in range(2))
    assert np.array_equal(first.threshold, second.threshold, equal_nan=True)


def test_classes_are_spread_evenly_over_mixed_folds():
    labels = np.array(["a"] * 20 + ["b"] * 7)
    for seed in range(5):
        fold = mixed_folds(labels, 5, seed)
        assert np.bincount(fold[:20]).tolist() == [4] * 5
        assert max(np.bincount(fold[20:], minlength=5)) == 2
    assert (mixed_folds(labels, 5, 0) != mixed_folds(labels, 5, 1)).any()


def test_neighbours_of_a_class_are_in_one_fold():
    labels = np.array(["a"] * 10 + ["b"] * 5)
    assert neighbour_folds(labels, 5).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 1, 2, 3, 4]


def test_what_cross_validation_answers_was_learned_from_other_cases_only():
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 12))
    labels = np.array(["a", "b"])[random.integers(0, 2, 200)]       # nothing to learn: seen cases would be known by heart
    found = cross_validated(features, labels, mixed_folds(labels, 5, 0), seed=0, copies=[features])
    assert 0.35 < (found == labels).mean() < 0.65
    assert (answers(train(features, labels, ["f"] * 12, 0), features) == labels).all()


def test_one_fold_cannot_be_cross_validated():
    with pytest.raises(ConfigError, match="two cases"):
        cross_validated(np.zeros((1, 2)), np.array(["a"]), np.zeros(1, dtype=np.intp), seed=0)
