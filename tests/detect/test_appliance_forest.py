"""A small forest worked out by hand; agreement with scikit-learn is tested where forests are trained."""

import dataclasses

import numpy as np
import pytest

from edge_agent.detect.appliance_forest import Forest, read_forest, write_forest

NAN = float("nan")


def forest(**changes):
    """Tree 1: size <= 2 ? small : (hue <= 5 ? red : blue). Tree 2: always half and half of red and blue."""
    given = {
        "features": ("size", "hue"), "classes": ("small", "red", "blue"), "roots": np.array([0, 5], dtype=np.int32),
        "column": np.array([0, 0, 1, 0, 0, 0], dtype=np.uint8), "threshold": np.array([2, NAN, 5, NAN, NAN, NAN], dtype=np.float32),
        "above": np.array([2, 1, 4, 3, 4, 5], dtype=np.int32), "leaf": np.array([0, 0, 0, 1, 2, 3], dtype=np.int32),
        "shares": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0.5, 0.5]], dtype=np.float32),
    }
    return Forest(**{**given, **changes})


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ((2.0, 9.0), (0.5, 0.25, 0.25)),      # on the threshold is not above it
        ((2.1, 5.0), (0.0, 0.75, 0.25)),
        ((2.1, 5.1), (0.0, 0.25, 0.75)),
        ((NAN, NAN), (0.0, 0.25, 0.75)),
    ],
)
def test_votes_are_the_mean_of_the_leaves_that_are_reached(case, expected):
    assert forest().probabilities(np.array([case]))[0] == pytest.approx(expected)


def test_many_cases_are_answered_as_each_alone():
    cases = np.random.default_rng(3).uniform(0, 8, (50, 2))
    together = forest().probabilities(cases)
    assert together.tolist() == [forest().probabilities(case[np.newaxis])[0].tolist() for case in cases]
    assert forest().probabilities(np.zeros((0, 2))).shape == (0, 3)


def test_a_stored_forest_is_read_back(tmp_path):
    stored = forest(trained_on="abc", cases=np.array([1, 2**63], dtype=np.uint64))
    write_forest(tmp_path / "forest.npz", stored)
    found = read_forest(tmp_path / "forest.npz")
    for field in dataclasses.fields(Forest):
        assert np.array_equal(getattr(found, field.name), getattr(stored, field.name), equal_nan=field.name == "threshold"), field.name


@pytest.mark.parametrize(
    "changes",
    [
        {"above": np.array([0, 1, 4, 3, 4, 5], dtype=np.int32)},           # would never end
        {"above": np.array([9, 1, 4, 3, 4, 5], dtype=np.int32)},
        {"leaf": np.array([0, 0, 0, 1, 2, 7], dtype=np.int32)},
        {"roots": np.array([0, 6], dtype=np.int32)},
        {"column": np.array([0, 0, 2, 0, 0, 0], dtype=np.uint8)},
        {"classes": ("small", "red")},
        {"threshold": np.zeros(5, dtype=np.float32)},
    ],
)
def test_a_damaged_forest_is_refused(changes):
    with pytest.raises(ValueError, match=r"node|answers|arrays"):
        forest(**changes)


def test_features_of_another_number_are_refused():
    with pytest.raises(ValueError, match="expected 2 columns"):
        forest().probabilities(np.zeros((4, 3)))
