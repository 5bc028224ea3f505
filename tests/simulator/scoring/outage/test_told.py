"""Messages beside the truth, counted as a person would."""

from __future__ import annotations

from simulator.scoring.outage.told import Told, verdict_of

DARK = frozenset({1, 2, 3})


def told(at_s, *meters, event="e", state="confirmed", kind="supply.lost", over=False):
    return Told(at_s=at_s, event_id=event, kind=kind, state=state, scope="node", node_id="box", phases="", meters=frozenset(meters),
                is_over=over)


def verdict(*messages, dark=DARK, left=frozenset()):
    return verdict_of(messages, dark, left, back_s=900.0)


def test_times_are_those_of_the_first_message_of_each_state():
    found = verdict(told(33, 1, state="suspected"), told(60, 1, 2), told(70, 1, 2, 3, state="localised"))
    assert (found.suspected_s, found.firm_s, found.localised_s) == (33, 60, 70)
    assert found.exact
    assert (found.outage_events, found.messages, found.true_firm, found.false_firm) == (1, 3, 1, 0)


def test_a_set_that_lacks_somebody_or_has_one_too_many_is_not_exact():
    assert not verdict(told(60, 1, 2)).exact
    assert not verdict(told(60, 1, 2, 3, 4)).exact


def test_two_events_that_share_the_meters_are_exact_together_and_counted_as_two():
    found = verdict(told(60, 1, event="a"), told(61, 2, 3, event="b"))
    assert found.exact
    assert found.outage_events == 2


def test_what_was_taken_back_before_supply_returned_is_no_part_of_the_set():
    assert verdict(told(60, 1, 2, 3), told(70, 9, event="x"), told(80, 9, event="x", state="discarded", over=True)).exact


def test_an_event_of_which_less_than_half_is_dark_is_false():
    found = verdict(told(60, 1, 7, 8, 9, event="f"), told(70, 1, 2, 3))
    assert (found.true_firm, found.false_firm, found.false_any) == (1, 1, 1)


def test_an_event_is_judged_by_what_it_has_become():
    assert verdict(told(60, 1, 7, 8, 9, state="suspected"), told(90, 1, 2, 3)).false_firm == 0
    assert verdict(told(60, 1, 2, 3), told(90, 1, 7, 8, 9)).false_firm == 1


def test_a_suspicion_alone_is_neither_firm_nor_a_false_firm_one():
    found = verdict(told(60, 7, state="suspected"), dark=frozenset())
    assert (found.false_any, found.false_firm, found.suspected_s) == (1, 0, None)


def test_restoration_counts_from_when_supply_is_switched_on():
    assert verdict(told(60, 1, 2, 3), told(1130, 1, 2, 3, state="restored", over=True)).restored_s == 230


def test_what_is_left_dark_is_found_when_an_event_names_just_it():
    left = frozenset({3})
    assert verdict(told(60, 1, 2, 3), told(1500, 3, event="n"), left=left).nested
    assert not verdict(told(60, 1, 2, 3), told(1500, 2, 3, event="n"), left=left).nested


def test_found_late_includes_what_is_told_from_memory_after_supply_is_back():
    found = verdict(told(1000, 1, 2, 3, over=True))
    assert found.found_late
    assert found.suspected_s is None
