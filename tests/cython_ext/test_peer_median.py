"""The median of the others: the bits of the plain twin, and the median of numpy without the element itself."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.peer_median import PeerGroups, peer_median

values = st.lists(
    st.one_of(st.floats(-5, 5), st.sampled_from([0.0, 0.1, -0.1, float("nan"), float("inf"), float("-inf")])), min_size=12, max_size=12
)
GROUPS = PeerGroups.of(12, [(range(5), range(5)), (range(12), range(5, 12)), ((7, 8), ())])


def twins():
    found = [importlib.import_module("cython_ext._peer_median_reference")]
    return [*found, importlib.import_module("cython_ext._peer_median")] if cython_ext.COMPILED else found


def median(value, groups, *, min_peers=1, min_share=0.0):
    out = np.zeros(groups.n)
    peer_median(np.array(value, dtype=float), groups, np.zeros(groups.n), out, min_peers=min_peers, min_share=min_share)
    return out


@settings(max_examples=300, deadline=None)
@given(values)
def test_kernel_and_twin_agree_to_the_bit(value):
    results = []
    for module in twins():
        out, work = np.zeros(12), np.zeros(12)
        count = module.peer_median(
            np.array(value), GROUPS.members, GROUPS.member_starts, GROUPS.users, GROUPS.user_starts, work, out, 2, 0.6
        )
        results.append((count, out.tobytes()))
    assert results.count(results[0]) == len(results)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 18, 300, 4000])
def test_it_is_the_median_of_numpy_without_the_element(n):
    value = np.round(np.random.default_rng(n).normal(0.0, 1.0, n), 1)        # with many equal ones
    found = median(value, PeerGroups.of(n, [(range(n), range(n))]))
    some = range(0, n, max(1, n // 50))
    assert [found[place] for place in some] == pytest.approx([np.median(np.delete(value, place)) for place in some])


def test_too_few_others_are_no_reference():
    groups = PeerGroups.of(5, [(range(5), range(5))])
    value = [1.0, 2.0, 3.0, np.nan, np.nan]
    assert np.isnan(median(value, groups, min_peers=3)).all()
    assert np.isnan(median(value, groups, min_share=0.7)).all()
    assert np.isnan(median(value, groups)).tolist() == [False] * 3 + [True] * 2


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="elements 0 to 1"):
        PeerGroups.of(2, [((0, 2), (0,))])
    groups = PeerGroups.of(2, [((0, 1), (0,))])
    with pytest.raises(ValueError, match="2 elements"):
        peer_median(np.zeros(3), groups, np.zeros(2), np.zeros(2), min_peers=1, min_share=0.0)
    with pytest.raises(ValueError, match="at least 1"):
        peer_median(np.zeros(2), groups, np.zeros(2), np.zeros(2), min_peers=0, min_share=0.0)
