"""Interruptions from the messages of outage events: groups that come back in steps, merged and open events, the area as one."""

from edge_agent.outage import interruptions_of

HOUR = 3_600_000


def message(event, meters, *, at, begin=0, end=None, scope="node", kind="supply.lost", into="", **more):
    body = {"event_id": event, "kind": kind, "scope": scope, "meters": meters, "begin": str(begin), "evidence_to": str(at), **more}
    if end is not None:
        body |= {"end": str(end), "superseded_by": into}
    return {"data": body}


def customers(*messages, until=100 * HOUR):
    found = interruptions_of(messages, int, until_ms=until).customers
    return sorted((one.customer, one.event_id, one.begin_s / 3600, one.duration_s / 3600) for one in found)


def test_each_group_that_came_back_has_its_own_duration():
    assert customers(
        message("e", ["a", "b", "c"], at=0), message("e", ["b", "c"], at=HOUR), message("e", ["b", "c"], at=3 * HOUR, end=3 * HOUR),
    ) == [("a", "e", 0.0, 1.0), ("b", "e", 0.0, 3.0), ("c", "e", 0.0, 3.0)]


def test_customers_found_later_are_out_since_the_fault_began():
    assert customers(message("e", ["a"], at=0), message("e", ["a", "b"], at=HOUR), message("e", ["a", "b"], at=2 * HOUR, end=2 * HOUR)) == [
        ("a", "e", 0.0, 2.0), ("b", "e", 0.0, 2.0),
    ]


def test_a_part_of_a_larger_event_is_counted_once():
    assert customers(
        message("part", ["a"], at=0), message("whole", ["a", "b"], at=1), message("part", ["a"], at=2, end=2, into="f1"),
        message("whole", ["a", "b"], at=2 * HOUR, end=2 * HOUR),
    ) == [("a", "whole", 0.0, 2.0), ("b", "whole", 0.0, 2.0)]


def test_what_is_not_over_counts_until_the_end_of_the_period():
    assert customers(message("e", ["a"], at=0), until=5 * HOUR) == [("a", "e", 0.0, 5.0)]


def test_only_an_outage_of_the_area_interrupts_the_transformer():
    found = interruptions_of(
        [message("n", ["a"], at=0), message("n", ["a"], at=HOUR, end=HOUR), message("x", ["a", "b"], at=0, scope="area"),
         message("x", ["a", "b"], at=2 * HOUR, end=2 * HOUR, scope="area")],
        int, until_ms=9 * HOUR,
    )
    assert [(one.event_id, one.duration_s) for one in found.areas] == [("x", 7200.0)]


def test_other_events_are_passed_over():
    assert customers(message("e", ["a"], at=0, kind="meter.silent"), message("e", ["a"], at=1, end=1, kind="meter.silent")) == []


def test_what_was_discarded_interrupted_nobody():
    assert customers(
        message("e", ["a", "b"], at=0), message("e", ["b"], at=HOUR), message("e", ["a", "b"], at=HOUR, end=HOUR, state="discarded"),
    ) == []


def test_the_close_after_the_restoration_changes_nothing():
    restored = message("e", ["a"], at=HOUR, end=HOUR, state="restored")
    closed = message("e", ["a"], at=2 * HOUR, end=HOUR, state="closed")
    assert customers(message("e", ["a"], at=0), restored, closed) == [("a", "e", 0.0, 1.0)]


def test_those_whom_a_restoration_left_behind_are_counted_once_from_the_first_begin():
    assert customers(
        message("whole", ["a", "b", "c"], at=0), message("whole", ["a", "b", "c"], at=HOUR, end=HOUR, state="restored"),
        message("child", ["c"], at=2 * HOUR, parent_id="whole"), message("child", ["c"], at=5 * HOUR, end=5 * HOUR, parent_id="whole"),
    ) == [("a", "whole", 0.0, 1.0), ("b", "whole", 0.0, 1.0), ("c", "child", 0.0, 5.0)]


def test_if_nothing_was_left_behind_after_all_the_first_outage_counts_for_them():
    assert customers(
        message("whole", ["a", "b"], at=0), message("whole", ["a", "b"], at=HOUR, end=HOUR, state="restored"),
        message("child", ["b"], at=2 * HOUR, parent_id="whole"),
        message("child", ["b"], at=5 * HOUR, end=5 * HOUR, parent_id="whole", state="discarded"),
    ) == [("a", "whole", 0.0, 1.0), ("b", "whole", 0.0, 1.0)]


def test_what_came_back_and_is_lost_again_counts_twice_and_not_in_between():
    assert customers(
        message("e", ["a"], at=0), message("e", ["a"], at=HOUR, end=HOUR), message("e", ["a"], at=3 * HOUR, reopened_at=str(3 * HOUR)),
        message("e", ["a"], at=4 * HOUR, end=4 * HOUR),
    ) == [("a", "e", 0.0, 1.0), ("a", "e", 3.0, 1.0)]


def test_a_begin_that_is_told_more_exactly_later_counts_for_all_of_them():
    assert customers(
        message("e", ["a", "b"], at=HOUR, begin=HOUR), message("e", ["b"], at=2 * HOUR, begin=HOUR),
        message("e", ["b"], at=3 * HOUR, begin=0), message("e", ["b"], at=4 * HOUR, begin=0, end=4 * HOUR),
    ) == [("a", "e", 0.0, 2.0), ("b", "e", 0.0, 4.0)]


def test_each_has_the_cause_that_its_event_was_found_to_have_in_the_end():
    found = interruptions_of([
        message("e", ["a", "b"], at=0, cause_kind="unknown"), message("e", ["b"], at=HOUR, cause_kind="fault"),
        message("p", ["c"], at=0, kind="supply.planned"), message("o", ["d"], at=0),
    ], int, until_ms=2 * HOUR).customers
    assert {one.customer: one.cause for one in found} == {"a": "fault", "b": "fault", "c": "planned", "d": "unknown"}
