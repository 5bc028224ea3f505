"""The clocks of 645 meters are set once a day, from a clock that is right, away from midnight."""

import pytest

from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.model import TimeSource
from edge_agent.wire.dlt645 import Frame645, encode
from tests.acquire.scripted import run_for
from tests.acquire.scripted645 import Bus645, watched645
from tests.virtual_loop import run_virtual

PUBLISHED = bytes.fromhex("6899999999999968080684554338394A4B16")     # 2017-06-05 10:22:51, from a published log
PUBLISHED_UTC_MS = 1_496_629_371_000                                   # 02:22:51 UTC, eight hours before


class Clock:
    def __init__(self, utc_ms: int = PUBLISHED_UTC_MS, source: TimeSource = TimeSource.NTP) -> None:
        self.now_s, self._utc_ms, self.time_source, self.speed = 0.0, utc_ms, source, 1.0

    def monotonic_s(self) -> float:
        return self.now_s

    def utc_ms(self) -> int:
        return self._utc_ms + round(1000 * self.now_s)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("whether a clock is due is known without waiting")


def test_the_frame_is_the_published_one():
    frame = ClockSetter(8).frame_if_due(Clock())
    assert isinstance(frame, Frame645)
    assert encode(frame) == PUBLISHED


def test_it_is_sent_once_a_day():
    setter, clock, sent = ClockSetter(8), Clock(), 0
    for minute in range(3 * 1440):
        clock.now_s = 60.0 * minute
        sent += setter.frame_if_due(clock) is not None
    assert sent == 3


@pytest.mark.parametrize("source", [TimeSource.RTC, TimeSource.NONE, TimeSource.METER])
def test_a_clock_that_may_be_wrong_sets_no_other(source: TimeSource):
    assert ClockSetter(8).frame_if_due(Clock(source=source)) is None


@pytest.mark.parametrize(("local_minutes", "is_sent"), [(5, False), (15, True), (1425, True), (1435, False)])
def test_it_keeps_away_from_local_midnight(local_minutes: int, is_sent: bool):
    midnight_utc_ms = PUBLISHED_UTC_MS - (10 * 3600 + 22 * 60 + 51) * 1000
    frame = ClockSetter(8).frame_if_due(Clock(midnight_utc_ms + local_minutes * 60_000))
    assert (frame is not None) == is_sent


def test_the_line_carries_it_between_polls_and_reads_go_on():
    bus, seen = Bus645(), []
    original = bus.respond
    bus.respond = lambda data: (seen.append(data), original(data))[1]        # type: ignore[method-assign,func-returns-value]
    watch = watched645(bus, full_s=1.0, clock_setter=ClockSetter(0))
    watch.reader._clock.time_source = TimeSource.NTP
    run_virtual(run_for(20.0, watch))
    assert sum(b"\x68\x99\x99\x99\x99\x99\x99\x68\x08\x06" in data for data in seen) == 1
    assert len(watch.samples) >= 18
    assert watch.wrong == []
