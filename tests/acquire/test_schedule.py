"""Who is read when: spread, fair, missed slots skipped."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.acquire.schedule import Reading, Schedule


def schedule_of(*meters: tuple[float, float | None]) -> Schedule:
    schedule = Schedule()
    for index, (full_s, presence_s) in enumerate(meters):
        schedule.add(index, full_s=full_s, presence_s=presence_s)
    schedule.start(0.0)
    return schedule


def run(schedule: Schedule, *, until_s: float, read_s: float) -> list[tuple[float, int, Reading]]:
    """Serve the schedule with a bus that needs ``read_s`` for each read."""
    now_s, served = 0.0, []
    while now_s < until_s:
        now_s = max(now_s, schedule.next_due_s())
        if now_s >= until_s:
            break
        meter, reading = schedule.take()
        served.append((now_s, meter, reading))
        now_s += read_s
        schedule.done(meter, reading, now_s)
    return served


def test_everybody_is_read_once_at_the_start_in_order():
    served = run(schedule_of(*[(60.0, None)] * 5), until_s=1.0, read_s=0.1)
    assert [meter for _, meter, _ in served] == [0, 1, 2, 3, 4]


def test_reads_are_spread_over_the_period():
    served = run(schedule_of(*[(60.0, None)] * 6), until_s=300.0, read_s=0.1)
    later = [at_s for at_s, _, _ in served if at_s > 120.0]
    gaps_s = [after - before for before, after in pairwise(later)]
    assert min(gaps_s) > 9.0
    assert max(gaps_s) < 11.0


def test_period_is_kept_whatever_a_read_takes():
    served = run(schedule_of((10.0, None)), until_s=1000.0, read_s=3.0)
    assert [at_s for at_s, _, _ in served][1:] == [10.0 * slot for slot in range(1, 100)]


def test_a_meter_that_is_asked_for_comes_next_once_and_keeps_its_slots():
    schedule = schedule_of(*[(60.0, None)] * 6)
    run(schedule, until_s=65.0, read_s=0.1)
    schedule.hasten(4, 65.0)
    served = run(schedule, until_s=300.0, read_s=0.1)
    first = min(served)
    assert first[1:] == (4, Reading.PRESENCE)
    assert [reading for _, meter, reading in served if meter == 4].count(Reading.PRESENCE) == 1
    assert [reading for _, meter, reading in served if meter == 4].count(Reading.FULL) == 4


def test_a_meter_in_quarantine_is_not_hastened():
    schedule = schedule_of((60.0, None), (60.0, None))
    schedule.take_out(1)
    schedule.hasten(1, 0.0)
    assert all(meter == 0 for _, meter, _ in run(schedule, until_s=200.0, read_s=0.1))


def test_presence_reads_fill_the_time_between_full_reads():
    served = run(schedule_of((60.0, 10.0)), until_s=600.0, read_s=0.1)
    counts = Counter(reading for _, _, reading in served)
    assert counts[Reading.FULL] == 10
    assert 40 <= counts[Reading.PRESENCE] <= 50
    times_s = [at_s for at_s, _, _ in served]
    assert max(after - before for before, after in pairwise(times_s)) <= 15.1


def test_without_presence_rate_there_are_only_full_reads():
    assert {reading for _, _, reading in run(schedule_of((60.0, None)), until_s=600.0, read_s=0.1)} == {Reading.FULL}


def test_closed_loop_goes_round():
    served = run(schedule_of(*[(0.0, 10.0)] * 3), until_s=3.0, read_s=0.1)
    assert [meter for _, meter, _ in served[:9]] == [0, 1, 2] * 3
    assert {reading for _, _, reading in served} == {Reading.FULL}


def test_missed_slots_are_skipped_and_counted():
    schedule = schedule_of((1.0, None))
    served = run(schedule, until_s=100.0, read_s=5.5)
    assert len(served) + schedule.skipped_slots == 102      # the last read ends at 101.5 s: slots 0 to 101


@settings(max_examples=50)
@given(periods_s=st.lists(st.sampled_from([0.0, 1.0, 5.0, 60.0]), min_size=2, max_size=12))
def test_nobody_starves_on_a_bus_that_is_too_slow(periods_s: list[float]):
    read_s = 2.0
    served = run(schedule_of(*((period_s, None) for period_s in periods_s)), until_s=2000.0, read_s=read_s)
    for meter, period_s in enumerate(periods_s):
        times_s = [at_s for at_s, served_meter, _ in served if served_meter == meter]
        longest_s = max(after - before for before, after in zip(times_s, [*times_s[1:], 2000.0], strict=True))
        assert longest_s <= 2 * period_s + 2 * read_s * len(periods_s)


def test_meter_stays_due_when_the_link_breaks_in_between():
    schedule = schedule_of((60.0, None), (60.0, None))
    assert schedule.take()[0] == 0
    assert schedule.take()[0] == 0
    schedule.done(0, Reading.FULL, 1.0)
    assert schedule.take()[0] == 1


def test_quarantined_meter_has_no_slots_and_is_read_in_full_when_it_is_back():
    schedule = schedule_of((60.0, 10.0), (60.0, 10.0))
    schedule.take_out(0)
    assert {meter for _, meter, _ in run(schedule, until_s=100.0, read_s=0.1)} == {1}
    schedule.put_back(0, 100.0)
    assert schedule.next_due_s() <= 100.0
    taken = schedule.take()
    while taken[0] != 0:
        schedule.done(*taken, 100.0)
        taken = schedule.take()
    assert taken == (0, Reading.FULL)


def test_nothing_is_due_when_all_are_out():
    schedule = schedule_of((60.0, None))
    schedule.take_out(0)
    assert schedule.next_due_s() == float("inf")


def test_postponed_meter_is_not_due_before():
    schedule = schedule_of((0.0, None))
    schedule.take()
    schedule.postpone(0, 7.0)
    assert schedule.next_due_s() == 7.0
