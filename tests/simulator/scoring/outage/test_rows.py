"""Shares, intervals and goals."""

from __future__ import annotations

import pytest
from scipy import stats

from simulator.scoring.outage.rows import quantile_row, share_row, wilson


@pytest.mark.parametrize(("hits", "cases"), [(0, 10), (7, 10), (199, 200), (200, 200)])
def test_the_interval_is_wilsons(hits, cases):
    other = stats.binomtest(hits, cases).proportion_ci(0.95, method="wilson")
    assert wilson(hits, cases) == pytest.approx((other.low, other.high), abs=1e-6)


def test_a_share_misses_its_goal_below_it_and_nothing_to_count_misses_none():
    assert not share_row("r", [True, False], least=0.9).ok
    assert share_row("r", [True, True], least=0.9).ok
    assert not share_row("r", [True, False], most=0.1).ok
    assert share_row("r", [], least=0.9).ok


def test_a_time_that_never_came_misses_its_goal():
    assert not quantile_row("r", [None, None], 0.95, most=60.0).ok
    assert quantile_row("r", [10.0, None, 20.0], 0.5, most=60.0).figure == 15.0
