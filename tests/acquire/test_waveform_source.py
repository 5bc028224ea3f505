"""Windows from a local socket or a file: who may serve it, what is labelled, what is refused, what happens when the unit goes."""

import asyncio
import os
import stat

import numpy as np
import pytest

from edge_agent.acquire.waveform_source import Sensed, WaveformSource, waveform_path
from edge_agent.errors import ConfigError
from edge_agent.model import TimeSource
from edge_agent.wire.waveform import WaveformFrame, encode
from simulator.serve.unit_socket import UnitSocket

NOW_MS = 1_790_000_000_000


class Clock:
    """Stands still; a pause is over at once."""

    time_source = TimeSource.NTP

    def __init__(self):
        self.slept_s = []

    def utc_ms(self):
        return NOW_MS

    def monotonic_s(self):
        return 100.0

    async def sleep(self, seconds):
        self.slept_s.append(seconds)
        await asyncio.sleep(0)


def frame(number=0, **changes):
    fields = {
        "channel": 0, "sequence": number, "taken_utc_ms": NOW_MS - 200, "time_source": "ntp", "rate_hz": 6400.0, "mains_hz": 50.0,
        "amperes_per_count": 0.01, "volts_per_count": 0.0, "current": np.full(1280, 100, dtype=np.int16),
    }
    return encode(WaveformFrame(**(fields | changes)))


def read(tmp_path, servings, *, until, source_uid=None, clock=None):
    """What a source hands over from a socket that serves one list of chunks to each connection; ``until(source, found)`` ends it."""
    path, left = tmp_path / "unit.sock", iter(servings)

    async def chunks():
        for chunk in next(left, []):
            yield chunk

    async def run():
        unit, found = UnitSocket(path, chunks), []
        await unit.start()
        source = WaveformSource(
            url=f"unix://{path}", channels={0: Sensed(meter=4, phase="b")}, clock=clock or Clock(), on_waveform=found.append, uid=source_uid
        )
        task = asyncio.create_task(source.run())
        async with asyncio.timeout(10):
            while not until(source, found):
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await unit.stop()
        return source, found

    return asyncio.run(run())


def test_windows_come_with_the_meter_and_phase_that_the_channel_senses(tmp_path):
    _, (found,) = read(tmp_path, [[frame(7)[:100], frame(7)[100:]]], until=lambda source, found: found)
    assert (found.meter, found.phase, found.sequence, found.taken_utc_ms) == (4, "b", 7, NOW_MS - 200)
    assert found.time_source is TimeSource.NTP
    assert found.current_a[0] == pytest.approx(1.0)


def test_a_unit_that_closes_is_connected_again_and_waited_for_ever_longer(tmp_path):
    clock = Clock()
    source, found = read(tmp_path, [[frame(0)], [], [], [frame(1)]], until=lambda source, found: len(found) == 2, clock=clock)
    assert [one.sequence for one in found] == [0, 1]
    assert source.counters.connections >= 4
    assert clock.slept_s[:3] == [1.0, 2.0, 5.0]


def test_without_a_unit_it_keeps_trying(tmp_path):
    async def run():
        clock = Clock()
        source = WaveformSource(url=f"unix://{tmp_path}/absent", channels={}, clock=clock, on_waveform=lambda window: None)
        task = asyncio.create_task(source.run())
        while source.counters.link_failures < 6:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return clock.slept_s

    assert asyncio.run(run())[:6] == [1.0, 2.0, 5.0, 10.0, 30.0, 30.0]


def test_garbage_is_dropped_and_counted_and_what_follows_is_read(tmp_path):
    source, found = read(tmp_path, [[os.urandom(5000), frame(1), b"HWF1" * 100, frame(2)]], until=lambda source, found: len(found) == 2)
    assert [one.sequence for one in found] == [1, 2]
    assert source.counters.discarded_bytes >= 5400


def test_a_channel_that_nobody_named_is_refused(tmp_path):
    source, found = read(tmp_path, [[frame(0, channel=9), frame(1)]], until=lambda source, found: found)
    assert [one.sequence for one in found] == [1]
    assert source.counters.refused == 1


def test_more_samples_than_time_has_passed_are_refused(tmp_path):
    """Five seconds ahead at most, on a clock that stands still: 20 windows of 0.25 s."""
    served = [frame(number, current=np.zeros(1600, dtype=np.int16)) for number in range(60)]
    source, found = read(tmp_path, [served], until=lambda source, found: len(found) + source.counters.refused == 60)
    assert len(found) == 20
    assert source.counters.refused == 40


def test_a_unit_without_a_clock_or_with_a_wrong_one_is_labelled_by_arrival(tmp_path):
    served = [frame(0, time_source="none", taken_utc_ms=0), frame(1, taken_utc_ms=NOW_MS + 86_400_000)]
    source, found = read(tmp_path, [served], until=lambda source, found: len(found) == 2)
    assert [(one.taken_utc_ms, one.time_source) for one in found] == [(NOW_MS - 200, TimeSource.NONE)] * 2
    assert source.counters.relabelled == 1


def test_a_socket_that_another_user_serves_is_not_read(tmp_path, monkeypatch):
    """Seen from a user who is neither root nor the one that serves."""
    own = os.getuid()
    monkeypatch.setattr(WaveformSource, "_served_by", lambda self, writer: 4242)
    source, found = read(tmp_path, [[frame(0)]] * 9, until=lambda source, found: source.counters.link_failures >= 3)
    assert found == []
    assert source.counters.connections == 0
    monkeypatch.undo()
    assert os.getuid() == own
    monkeypatch.setattr(WaveformSource, "_served_by", lambda self, writer: 4242)
    _, found = read(tmp_path, [[frame(0)]] * 9, until=lambda source, found: found, source_uid=4242)
    assert found


def test_the_simulated_units_socket_is_open_to_its_user_only(tmp_path):
    async def run():
        unit = UnitSocket(tmp_path / "unit.sock", lambda: None)
        await unit.start()
        mode = stat.S_IMODE((tmp_path / "unit.sock").stat().st_mode)
        await unit.stop()
        return mode

    assert asyncio.run(run()) == 0o600


def test_a_file_of_frames_is_read_to_its_end_with_the_times_that_it_has(tmp_path):
    path, found = tmp_path / "frames.bin", []
    path.write_bytes(b"xx" + b"".join(frame(number, taken_utc_ms=1000 * number) for number in range(100)) + frame(100)[:50])
    source = WaveformSource(url=f"file://{path}", channels={0: Sensed(meter=0, phase="a")}, clock=Clock(), on_waveform=found.append)
    asyncio.run(source.run())
    assert [one.taken_utc_ms for one in found] == [1000 * number for number in range(100)]
    assert source.counters.discarded_bytes == 52


def test_a_file_that_is_not_there_is_told_and_no_error():
    source = WaveformSource(url="file:///nowhere/frames.bin", channels={}, clock=Clock(), on_waveform=lambda window: None)
    asyncio.run(source.run())
    assert source.counters.link_failures == 1


@pytest.mark.parametrize("url", ["unix://host/path", "unix:relative", "tcp://127.0.0.1:5", "/run/unit.sock", "file:///x?y=1"])
def test_a_url_that_is_neither_socket_nor_file_is_refused(url):
    with pytest.raises(ConfigError, match="unix:///path"):
        waveform_path(url)
