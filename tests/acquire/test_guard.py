"""The late-reply guard alone."""

from edge_agent.acquire.guard import LateReplyGuard

SHORT, LONG, OTHER_FUNCTION = (3, 4), (3, 60), (4, 4)


def guard() -> LateReplyGuard:
    return LateReplyGuard(late_reply_max_s=10.0)


def test_nothing_is_forbidden_before_a_time_out():
    assert guard().in_step(1)
    assert guard().may_ask(1, SHORT)


def test_after_a_time_out_the_same_form_is_forbidden_for_that_unit_only():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    assert not watch.may_ask(1, SHORT)
    assert watch.may_ask(1, LONG)
    assert watch.may_ask(1, OTHER_FUNCTION)
    assert watch.may_ask(2, SHORT)


def test_a_reply_of_another_form_puts_the_unit_in_step():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    watch.answered(1)
    assert watch.may_ask(1, SHORT)


def test_a_late_reply_that_came_can_not_come_again():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    assert watch.came_late(1, 3, 4, 1.0)
    assert watch.in_step(1)


def test_two_unanswered_requests_of_one_form_may_both_still_be_answered():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    watch.timed_out(1, SHORT, 1.0)
    assert watch.came_late(1, 3, 4, 2.0)
    assert not watch.may_ask(1, SHORT)
    assert watch.came_late(1, 3, 4, 3.0)
    assert watch.may_ask(1, SHORT)


def test_frames_that_nobody_waits_for_are_not_late():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    assert not watch.came_late(2, 3, 4, 1.0)
    assert not watch.came_late(1, 3, 6, 1.0)
    assert not watch.in_step(1)


def test_exception_of_an_unanswered_function_is_not_trusted():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    assert not watch.is_trusted_exception(1, 3)
    assert watch.is_trusted_exception(1, 4)
    assert watch.is_trusted_exception(2, 3)


def test_a_late_exception_settles_one_request_but_not_one_of_two():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    watch.timed_out(1, LONG, 0.0)
    assert watch.came_late(1, 3, None, 1.0)
    assert not watch.may_ask(1, SHORT)
    assert not watch.may_ask(1, LONG)
    watch.answered(1)
    watch.timed_out(1, SHORT, 2.0)
    assert watch.came_late(1, 3, None, 3.0)
    assert watch.in_step(1)


def test_silence_of_the_unit_ends_the_wait_and_a_late_frame_begins_it_anew():
    watch = guard()
    watch.timed_out(1, SHORT, 0.0)
    watch.timed_out(1, SHORT, 0.0)
    assert not watch.forget_if_quiet(1, 9.0)
    watch.came_late(1, 3, 4, 9.5)
    assert not watch.forget_if_quiet(1, 11.0)
    assert watch.quiet_in_s(1, 11.0) == 8.5
    assert watch.forget_if_quiet(1, 19.5)
    assert watch.may_ask(1, SHORT)
