"""A clock that is set is told; one that is merely slewed, late or fast is not. In the journal it is one event."""

import pytest

from edge_agent.runtime.clock_watch import ClockWatch
from tests.runtime.pipelines import SettableClock, journaled, make_pipeline


@pytest.mark.parametrize("step_s", [-3600, 3600, 10 * 365 * 86_400, -1_700_000_000, 2])
def test_a_step_is_told_once_whatever_its_size(step_s):
    clock = SettableClock()
    watch = ClockWatch(clock)
    clock.running_s += 1.0
    clock.set_ms += 1000 * step_s
    assert watch.take_step_ms() == 1000 * step_s
    clock.running_s += 1.0
    assert watch.take_step_ms() == 0


def test_a_day_of_slewing_and_a_long_pause_are_no_steps():
    clock = SettableClock()
    watch = ClockWatch(clock)
    for _ in range(10_000):
        clock.running_s += 1.0
        clock.set_ms += 1          # twice what NTP slews
        assert watch.take_step_ms() == 0
    clock.running_s += 86_400.0
    assert watch.take_step_ms() == 0


def test_an_accelerated_clock_is_not_blamed_for_real_milliseconds():
    clock = SettableClock(speed=60.0)
    watch = ClockWatch(clock)
    clock.set_ms += 60 * 20        # 20 ms of real time, seen through 60 times speed
    assert watch.take_step_ms() == 0


def test_the_step_is_journaled_with_the_boot_whose_labels_it_repairs(tmp_path):
    clock = SettableClock()
    pipeline, journal = make_pipeline(tmp_path, clock)
    pipeline.tick()
    clock.running_s += 5.0
    clock.set_ms += 90_000
    pipeline.tick()
    found = journaled(journal, "s")
    journal.close()
    assert [(event["type"], event["data"]) for event in found] == [
        ("time.step", {"boot": "b00t", "offset_ms": 90_000, "mono_ms": 5000})
    ]
