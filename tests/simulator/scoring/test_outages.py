"""Found, exact, false and late: counted as a person would."""

import math

from simulator.scenario.truth import Fault
from simulator.scoring import score_outages


def fault(begin_s, end_s, *dark):
    return Fault(
        id="f", fault_class="x", place="p", begin_s=begin_s, end_s=end_s, dark=dark, shifted=(), mute=(), swapped=(), largest_shift_v=0.0
    )


def event(at_s, kind, *meters, name="start"):
    return {"type": f"{kind}.{name}", "at": at_s, "data": {"kind": kind, "meters": list(meters)}}


def score(faults, *events):
    return score_outages(faults, events, lambda found: found["at"])


def test_an_outage_with_just_its_meters_is_exact_and_its_delay_counts():
    found = score([fault(100, 500, "a", "b")], event(160, "supply.lost", "a", "b"))
    assert (found.faults, found.found, found.exact, found.false, found.outages, found.median_delay_s) == (1, 1, 1, 0, 1, 60.0)


def test_some_of_its_meters_are_found_but_not_exact():
    found = score([fault(100, 500, "a", "b", "c")], event(130, "meter.silent", "a"), event(150, "supply.lost", "a", "b"))
    assert (found.found, found.exact, found.median_delay_s) == (1, 0, 30.0)


def test_what_nobody_lost_is_false_and_what_nobody_told_is_missed():
    found = score([fault(100, 500, "a")], event(150, "supply.lost", "x"), event(50, "supply.lost", "a"))
    assert (found.found, found.false) == (0, 2)
    assert math.isnan(found.median_delay_s)


def test_a_fault_that_darkens_nobody_and_events_of_other_kinds_do_not_count():
    found = score([fault(100, 500)], event(150, "overload", "a"))
    assert (found.faults, found.found, found.outages) == (0, 0, 0)


def test_a_short_outage_may_be_told_after_it():
    assert score([fault(100, 110, "a")], event(300, "meter.silent", "a")).found == 1
    assert score([fault(100, 110, "a")], event(3000, "meter.silent", "a")).found == 0
