"""Nearest neighbours against the definition of warping, written down a second time as a recursion."""

from functools import cache

import numpy as np
import pytest

from simulator.scoring.nearest import euclidean, first_points, nearest_answers, resampled, warped


def by_definition(a, b, band):
    @cache
    def cost(i, j):
        if i < 0 and j < 0:
            return 0.0
        if i < 0 or j < 0 or abs(i - j) > band:
            return float("inf")
        return (a[i] - b[j]) ** 2 + min(cost(i - 1, j), cost(i, j - 1), cost(i - 1, j - 1))
    return cost(len(a) - 1, len(b) - 1)


@pytest.mark.parametrize("band", [0, 1, 3, 40])
def test_warped_distance_is_that_of_the_definition(band):
    rows = np.random.default_rng(band).normal(size=(9, 23))
    found = warped(rows, band)
    for i in range(9):
        for j in range(9):
            assert found[i, j] == pytest.approx(by_definition(tuple(rows[i]), tuple(rows[j]), band), abs=1e-12)


def test_without_a_band_warping_is_euclid():
    rows = np.random.default_rng(1).normal(size=(6, 50))
    assert warped(rows, 0) == pytest.approx(euclidean(rows), abs=1e-9)


def test_resampling_leaves_mean_nought_and_deviation_one_and_a_constant_is_nought():
    rows = resampled((np.arange(7.0), np.full(90, 3.0), np.array([1.0, np.nan, 3.0])), 20)
    assert rows[[0, 2]].mean(axis=1) == pytest.approx(0.0)
    assert rows[[0, 2]].std(axis=1) == pytest.approx(1.0)
    assert (rows[1] == 0).all()
    assert rows[0] == pytest.approx(rows[2])


def test_first_points_stay_as_they_stand_and_a_short_series_goes_on_with_its_median():
    rows = first_points((np.array([1.0, np.nan, 3.0, 7.0, 9.0]), np.array([4.0, 6.0])), 4)
    assert rows.tolist() == [[1.0, 2.0, 3.0, 7.0], [4.0, 6.0, 5.0, 5.0]]


def test_neighbours_of_the_same_fold_are_not_asked():
    rows = np.array([[0.0], [0.1], [5.0], [5.2]])
    labels = np.array(["a", "b", "a", "b"])
    assert nearest_answers(euclidean(rows), labels, np.array([0, 0, 1, 1])).tolist() == ["a", "a", "b", "b"]
