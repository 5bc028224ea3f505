"""The budget of probes: both bounds that it promises, in virtual time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.acquire.quarantine import ProbeBudget

SHARE = 0.03


def simulate(*, dead: int, cost_s: float, until_s: float, read_s: float) -> tuple[list[tuple[float, int]], float]:
    """A bus that living meters want all the time: (time, meter) of each probe, and the seconds that probes took."""
    budget, now_s, probes, spent_s = ProbeBudget(share=SHARE), 0.0, [], 0.0
    for meter in range(dead):
        budget.add(meter, 0.0)
    while now_s < until_s:
        if budget.affordable_in_s(now_s, cost_s) == 0.0:
            meter = next(iter(budget))
            probes.append((now_s, meter))
            now_s, spent_s = now_s + cost_s, spent_s + cost_s
            budget.probed(meter, now_s=now_s, cost_s=cost_s, rest_s=1.0)
        else:
            now_s += read_s
    return probes, spent_s


@given(dead=st.integers(1, 20), cost_s=st.floats(0.1, 1.0), read_s=st.floats(0.01, 0.2))
def test_probes_take_their_share_and_every_meter_its_turn(dead: int, cost_s: float, read_s: float):
    until_s = 3 * dead * cost_s / SHARE + 100
    probes, spent_s = simulate(dead=dead, cost_s=cost_s, until_s=until_s, read_s=read_s)
    assert spent_s <= SHARE * until_s
    for meter in range(dead):
        times_s = [0.0, *(at_s for at_s, probed in probes if probed == meter)]
        longest_s = max(after - before for before, after in pairwise(times_s))
        # a probe waits for the end of the read that is under way, each time
        assert longest_s <= dead * (cost_s / SHARE + read_s) + 1e-6


def test_no_burst_of_probes_is_saved_up():
    budget = ProbeBudget(share=SHARE)
    budget.add(1, 0.0)
    budget.add(2, 0.0)
    assert budget.affordable_in_s(10_000.0, 1.0) == 0.0
    budget.probed(1, now_s=10_000.0, cost_s=1.0, rest_s=1.0)
    assert budget.affordable_in_s(10_000.0, 1.0) == pytest.approx(1.0 / SHARE)


def test_cost_that_shows_afterwards_is_paid_too():
    budget = ProbeBudget(share=SHARE)
    budget.add(1, 0.0)
    budget.charge(0.5)
    assert budget.affordable_in_s(0.0, 1.0) == pytest.approx(1.5 / SHARE)


def test_a_debt_outlives_an_empty_quarantine():
    budget = ProbeBudget(share=SHARE)
    budget.add(1, 0.0)
    budget.probed(1, now_s=0.0, cost_s=1.0, rest_s=1.0)
    budget.remove(1)
    budget.add(2, 1.0)
    assert budget.affordable_in_s(1.0, 1.0) == pytest.approx(2.0 / SHARE)


def test_free_probes_rest_between_but_cost_nothing():
    budget = ProbeBudget(share=SHARE)
    budget.add(1, 0.0)
    assert budget.rested_in_s(1, 0.0) == 0.0
    budget.probed(1, now_s=0.0, cost_s=0.0, rest_s=2.0)
    assert budget.rested_in_s(1, 0.5) == 1.5
    assert budget.affordable_in_s(0.0, 0.3) == pytest.approx(10.0)


def test_the_one_that_waited_longest_is_first():
    budget = ProbeBudget(share=SHARE)
    for meter in (1, 2, 3):
        budget.add(meter, 0.0)
    budget.probed(1, now_s=1.0, cost_s=0.0, rest_s=1.0)
    assert list(budget) == [2, 3, 1]
    budget.remove(3)
    assert list(budget) == [2, 1]
    assert 3 not in budget
