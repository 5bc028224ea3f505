"""The shipped forest: what it is made of, and what a user calls."""

import numpy as np
import pytest

from edge_agent.detect.appliance import APPLIANCES, PARAMETERS, identify, identify_points, shipped_forest
from edge_agent.detect.appliance_start import START_FEATURES, rectified


def half_second(rate_hz=6400, mains_hz=50):
    time_s = np.arange(int(0.6 * rate_hz)) / rate_hz
    return np.where(time_s > 0.1, np.sin(2 * np.pi * mains_hz * time_s), 0.0)


def test_it_was_trained_on_the_features_of_today_for_all_kinds():
    forest = shipped_forest()
    assert forest.features == START_FEATURES
    assert set(forest.classes) == set(APPLIANCES)
    assert PARAMETERS.stat().st_size < 300_000


def test_all_kinds_are_answered_the_likeliest_first_and_sum_to_one():
    found = identify(half_second(), 6400, 50)
    assert {each.name for each in found} == set(APPLIANCES)
    assert sum(each.probability for each in found) == pytest.approx(1.0)
    assert [each.probability for each in found] == sorted((each.probability for each in found), reverse=True)


def test_a_reduced_window_gives_the_same_answer_as_the_waveform_it_came_from():
    current = half_second()
    assert identify_points(rectified(current, 6400, 50)) == identify(current, 6400, 50)


def test_a_steady_sine_is_a_heating_or_turning_load_and_no_electronics():
    electronics = {"compact_fluorescent_lamp", "laptop", "microwave"}
    assert sum(each.probability for each in identify(half_second(), 6400, 50) if each.name in electronics) < 0.1


def test_a_window_without_current_is_refused():
    with pytest.raises(ValueError, match="no current"):
        identify(np.zeros(6400), 6400, 50)
