"""Events and sessions against the truth: counted by hand."""

import itertools
import math
import random

import pytest

from simulator.scoring.matching import Counts, Session, match_events, score_sessions


@pytest.mark.parametrize(("true", "told", "hits"), [
    ([10.0], [13.0], 1), ([10.0], [13.1], 0), ([10.0, 11.0], [11.0], 1), ([10.0, 14.0], [12.0, 12.0], 2), ([], [5.0], 0), ([5.0], [], 0),
])
def test_each_event_is_matched_once_within_the_tolerance(true, told, hits):
    assert match_events(true, told, 3.0) == Counts(hits=hits, true=len(true), told=len(told))


def test_no_other_pairing_has_more_pairs():
    """Against all pairings, tried one by one."""
    chance = random.Random(5)
    for _ in range(200):
        true, told = ([chance.randrange(20) for _ in range(chance.randrange(1, 5))] for _ in range(2))
        short, long = sorted((true, told), key=len)
        best = max(sum(abs(a - b) <= 3 for a, b in zip(short, order, strict=False)) for order in itertools.permutations(long))
        assert match_events(true, told, 3.0).hits == best


def test_f1_is_that_of_its_formula():
    assert Counts(hits=17, true=19, told=18).f1 == pytest.approx(2 * (17 / 18) * (17 / 19) / (17 / 18 + 17 / 19))
    assert Counts(hits=0, true=0, told=0).f1 == 1.0


def test_sessions_are_found_by_what_overlaps_on_the_same_meter():
    true = [Session(meter="m1", begin=10, end=20), Session(meter="m1", begin=50, end=60), Session(meter="m2", begin=10, end=20)]
    told = [Session(meter="m1", begin=12, end=70), Session(meter="m2", begin=20, end=30)]
    scored = score_sessions(true, told)
    assert (scored.recall, scored.precision) == (2 / 3, 1 / 2)
    assert scored.begin_errors == (2, 38)


def test_nothing_to_find_and_nothing_told_has_no_share():
    scored = score_sessions([], [])
    assert math.isnan(scored.recall)
    assert math.isnan(scored.precision)
