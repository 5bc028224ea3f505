"""Adaptive time-outs."""

import random

from edge_agent.acquire.timeouts import ReplyTimeout


def timeout() -> ReplyTimeout:
    return ReplyTimeout(floor_s=0.15, ceiling_s=1.0)


def test_before_anything_was_measured_the_ceiling_holds():
    assert timeout().seconds(2) == 1.0
    assert timeout().typical_s(2) is None


def test_fast_meter_gets_the_floor():
    wait = timeout()
    for _ in range(20):
        wait.answered(2, 0.03)
    assert wait.seconds(2) == 0.15


def test_slow_and_uneven_meter_gets_room():
    wait = timeout()
    rng = random.Random(1)
    turnarounds_s = [rng.uniform(0.1, 0.3) for _ in range(200)]
    for turnaround_s in turnarounds_s:
        wait.answered(2, turnaround_s)
    assert max(turnarounds_s) < wait.seconds(2) < 0.6


def test_no_time_out_is_above_the_ceiling():
    wait = timeout()
    wait.answered(2, 5.0)
    assert wait.seconds(2) == 1.0


def test_each_unanswered_request_doubles_the_wait_until_a_reply_comes():
    wait = timeout()
    for _ in range(20):
        wait.answered(2, 0.03)
    waits_s = []
    for _ in range(5):
        waits_s.append(wait.seconds(2))
        wait.timed_out(2)
    assert waits_s == [0.15, 0.3, 0.6, 1.0, 1.0]
    wait.answered(2, 0.03)
    assert wait.seconds(2) == 0.15


def test_short_reads_do_not_cut_long_ones_off():
    # 9600 baud behind a gateway: 4 registers take 35 ms, 80 take 190 ms, and presence reads are six times as many
    wait = timeout()
    for _ in range(10):
        wait.answered(80, 0.19)
        for _ in range(6):
            wait.answered(4, 0.035)
    assert wait.seconds(80) > 0.19
    assert wait.seconds(4) == 0.15


def test_unknown_length_is_given_the_time_of_the_next_longer_one():
    wait = timeout()
    for _ in range(30):
        wait.answered(80, 0.3)
    assert 0.3 <= wait.seconds(10) < 0.4
    assert wait.seconds(90) == 1.0
