"""One list of events, any step: coarse steps are exact means of fine ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.load.profile import LoadProfile

segments = st.lists(
    st.tuples(st.floats(-500, 5000), st.floats(0, 3000), st.floats(-3000, 3000), st.floats(-500, 500)), min_size=0, max_size=30
)


def profile(rows):
    begin, length, p, q = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.zeros(0),) * 4
    return LoadProfile(begin, begin + length, p, q)


@settings(max_examples=200, deadline=None)
@given(segments, st.sampled_from([1, 5, 10, 60, 300]), st.integers(2, 15))
def test_a_coarse_step_is_the_mean_of_the_fine_ones(rows, fine_s, factor):
    made = profile(rows)
    fine, coarse = made.mean_power(0.0, fine_s, 20 * factor), made.mean_power(0.0, fine_s * factor, 20)
    for small, large in zip(fine, coarse, strict=True):
        assert large == pytest.approx(small.reshape(20, factor).mean(axis=1), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(segments)
def test_a_second_shows_what_is_on_in_it(rows):
    whole = [(round(begin), max(1, round(length)), p, q) for begin, length, p, q in rows]
    p_w, _ = profile(whole).mean_power(0.0, 1.0, 3000)
    expected = np.zeros(3000)
    for begin, length, p, _ in whole:
        expected[max(0, begin) : max(0, begin + length)] += p
    assert p_w == pytest.approx(expected, abs=1e-6)


def test_nothing_draws_nothing_and_parts_add_up():
    one, two = profile([(0.0, 10.0, 5.0, 1.0)]), profile([(5.0, 10.0, 7.0, 0.0)])
    assert LoadProfile.sum([]).mean_power(0.0, 1.0, 3)[0].tolist() == [0.0, 0.0, 0.0]
    assert LoadProfile.sum([one, two]).mean_power(0.0, 5.0, 4)[0].tolist() == [5.0, 12.0, 7.0, 0.0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [(([0.0], [-1.0], [1.0], [1.0]), "segment 0 ends before it begins"), (([0.0], [1.0], [np.nan], [1.0]), "finite"),
     (([0.0, 1.0], [1.0], [1.0], [1.0]), "rows of one length")],
)
def test_segments_that_cannot_be_are_refused(rows, said):
    with pytest.raises(ValueError, match=said):
        LoadProfile(*rows)
