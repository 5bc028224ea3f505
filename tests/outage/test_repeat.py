"""Repeated outages on synthetic histories: exact counts of customers and places, in two months and in a year."""

import random

import pytest

from edge_agent.outage.indices import IndexSettings, Interruption, indices_of
from edge_agent.outage.repeat import RepeatSettings, repeats_of

DAY_S, NOW_S = 86_400.0, 1_000 * 86_400.0
BOXES = {"f1": ["a", "b", "c", "d"], "f1/x1": ["a", "b"], "f1/x2": ["c", "d"]}


def out(customer, days_ago, event="", *, minutes=60.0):
    event, begin_s = event or f"{customer}{days_ago}", NOW_S - days_ago * DAY_S
    return Interruption(customer=customer, event_id=event, begin_s=begin_s, duration_s=60.0 * minutes)


def found(*interruptions, members=None, **settings):
    return repeats_of(interruptions, until_s=NOW_S, members=members, settings=RepeatSettings(**settings))


def test_three_in_sixty_days_are_an_alert_and_two_are_none():
    repeats = found(*(out("a", day) for day in (1, 30, 59)), *(out("b", day) for day in (1, 30, 61)))
    assert [(one.name, one.recent_sustained, one.is_alert) for one in repeats] == [("a", 3, True), ("b", 2, False)]
    assert [one.year_sustained for one in repeats] == [3, 3]


def test_momentary_ones_count_for_the_alert_unless_set_so():
    history = [out("a", 1), out("a", 2, minutes=1), out("a", 3, minutes=5)]
    (counted,), (strict,) = found(*history), found(*history, counts_momentary=False)
    assert (counted.recent_sustained, counted.recent_momentary, counted.is_alert, strict.is_alert) == (1, 2, True, False)


def test_number_and_days_are_settings():
    history = [out("a", 1), out("a", 20)]
    assert found(*history, alert_at=2)[0].is_alert
    assert not found(*history, alert_at=2, alert_days=10.0)[0].is_alert


def test_what_is_older_than_a_year_or_after_the_end_does_not_count():
    assert found(out("a", 366), out("a", -1)) == []
    assert found(out("a", 364))[0].year_sustained == 1


def test_a_place_counts_faults_that_took_half_of_its_customers_each_once():
    faults = [out(name, day, f"box{day}") for day in (1, 2, 3) for name in ("a", "b")]      # half of the feeder
    places = {one.name: one for one in found(*faults, out("c", 1, "c1"), members=BOXES) if one.is_node}
    assert (places["f1/x1"].recent_sustained, places["f1/x1"].is_alert, places["f1"].recent_sustained) == (3, True, 3)
    assert places["f1/x2"].recent_sustained == 1       # one of two customers is half
    assert {one.name for one in found(*faults, members=BOXES, node_share=0.6) if one.is_node} == {"f1/x1"}


def test_a_place_was_out_for_long_only_if_the_share_of_it_was():
    fault = [out("a", 1, "e", minutes=60), out("b", 1, "e", minutes=1), out("c", 1, "e", minutes=1), out("d", 1, "e", minutes=1)]
    (feeder,) = [one for one in found(*fault, members={"f1": BOXES["f1"]}) if one.is_node]
    assert (feeder.recent_sustained, feeder.recent_momentary) == (0, 1)


def test_alerts_come_first_and_those_with_most_of_them():
    names = [one.name for one in found(*(out("b", day) for day in (1, 2, 3)), *(out("a", day) for day in (1, 2, 3, 4)), out("z", 1))]
    assert names == ["a", "b", "z"]


@pytest.mark.parametrize("seed", range(5))
def test_the_counts_of_a_year_are_those_of_the_indices(seed):
    source = random.Random(seed)
    history = [
        out(f"m{source.randrange(20)}", source.uniform(0.01, 364), f"e{number}", minutes=source.choice([1, 5, 6, 300]))
        for number in range(120)
    ]
    repeats = found(*history)
    indices = indices_of(history, customers=20, period_s=365 * DAY_S, settings=IndexSettings(cemi_n=(1, 2, 3, 5, 8)))
    for n in (1, 2, 3, 5, 8):
        assert sum(one.year_sustained >= n for one in repeats) / 20 == indices.cemi[n]
        assert sum(one.year_sustained + one.year_momentary >= n for one in repeats) / 20 == indices.cemsmi[n]


@pytest.mark.parametrize("changes", [
    {"alert_at": 0}, {"alert_days": 0.0}, {"alert_days": 400.0}, {"node_share": 0.0}, {"momentary_max_s": -1.0},
])
def test_settings_that_cannot_be_are_refused(changes):
    with pytest.raises(ValueError, match="must"):
        RepeatSettings(**changes)
