"""Everything that a meter or a line may do wrong: counted, no value told, the other meters go on."""

import pytest

from edge_agent.acquire import AcquireSettings
from edge_agent.model import COLUMN_INDEX, SampleFlag
from edge_agent.transport.base import Framing
from edge_agent.wire.modbus import Reply
from firmware_profiles.schema import Point
from tests.acquire.scripted import UTC_MS, Asked, ScriptedBus, profile_of, run_for, watched
from tests.virtual_loop import run_virtual

SICK = 2        # the unit that does everything wrong


def wrong_crc(asked: Asked) -> bytes:
    return asked.right[:-1] + bytes([asked.right[-1] ^ 0xFF])


def of_wrong_unit(asked: Asked) -> bytes:
    return asked.frame_of(Reply(unit=9, function=asked.request.function, data=bytes(2 * asked.request.count)))


def of_wrong_function(asked: Asked) -> bytes:
    return asked.frame_of(Reply(unit=SICK, function=4, data=bytes(2 * asked.request.count)))


def too_long(asked: Asked) -> bytes:
    return asked.frame_of(Reply(unit=SICK, function=asked.request.function, data=bytes(2 * asked.request.count + 2)))


def cut_short(asked: Asked) -> bytes:
    return asked.right[:-4]


def refused(asked: Asked) -> bytes:
    return asked.refusal(4)


def endless(asked: Asked) -> bytes:
    return bytes(4096)


CASES = {
    "wrong crc": (wrong_crc, "crc_errors"), "wrong unit": (of_wrong_unit, "foreign_frames"),
    "wrong function": (of_wrong_function, "foreign_frames"), "too long": (too_long, "foreign_frames"), "cut short": (cut_short, "timeouts"),
    "exception": (refused, "refused"), "endless": (endless, "discarded_bytes"),
}


@pytest.mark.parametrize(
    ("framing", "name"), [(framing, name) for framing in Framing for name in CASES if (framing, name) != (Framing.TCP, "wrong crc")]
)
def test_it_is_counted_and_no_value_is_told(framing: Framing, name: str):
    make, counter = CASES[name]
    bus = ScriptedBus(framing=framing, script=lambda asked: (0.0, make(asked) if asked.request.unit == SICK else asked.right))
    watch = watched(bus, meters=4, full_s=5.0)
    run_virtual(run_for(60.0, watch))
    assert getattr(watch.reader.counters, counter) >= 2
    assert all((sample.values != sample.values).all() for sample in watch.of(SICK - 1))
    assert watch.wrong == []
    for other in (0, 2, 3):
        assert len(watch.of(other)) >= 12
    if name != "exception":
        assert watch.of(SICK - 1) == []
        assert watch.failed(SICK - 1) >= 2


def test_one_damaged_frame_is_asked_again_at_once_and_loses_nothing():
    bus = ScriptedBus(script=lambda asked: (0.0, wrong_crc(asked) if asked.number == 4 else asked.right))
    watch = watched(bus, full_s=1.0)
    run_virtual(run_for(20.0, watch))
    counters = watch.reader.counters
    assert (counters.crc_errors, counters.retries, counters.polls_failed) == (1, 1, 0)
    assert len(watch.samples) >= 20
    assert watch.wrong == []


def test_a_silent_meter_is_not_asked_twice_in_one_poll():
    bus = ScriptedBus(script=lambda asked: None if asked.number == 4 else (0.0, asked.right))
    watch = watched(bus, full_s=1.0)
    run_virtual(run_for(20.0, watch))
    assert watch.reader.counters.polls_failed == 1
    assert watch.reader.counters.retries == 0


@pytest.mark.parametrize("garbage", ["00", "00 ff 01 83", "02 03", "55 aa 55 aa", "02 03 f8 00 00", "02 83 04 00 00"])
def test_good_frame_behind_garbage_is_read(garbage: str):
    bus = ScriptedBus(script=lambda asked: (0.0, bytes.fromhex(garbage) + asked.right))
    watch = watched(bus, meters=2, full_s=1.0)
    run_virtual(run_for(20.0, watch))
    assert len(watch.of(0)) >= 20
    assert len(watch.of(1)) >= 18
    assert watch.wrong == []
    assert watch.reader.counters.discarded_bytes >= 40


def test_line_that_echoes_requests_is_read():
    bus = ScriptedBus()
    original = bus.respond
    bus.respond = lambda data: [(0.0, data), *original(data)]        # type: ignore[method-assign]
    watch = watched(bus, full_s=1.0)
    run_virtual(run_for(20.0, watch))
    assert len(watch.samples) >= 20
    assert watch.wrong == []
    assert watch.reader.counters.foreign_frames == watch.reader.counters.requests


@pytest.mark.parametrize("framing", Framing)
def test_bytes_without_end_cost_one_slot_and_no_memory(framing: Framing):
    bus = ScriptedBus(framing=framing)
    original = bus.respond

    def respond(data: bytes) -> list[tuple[float, bytes]]:
        replies = original(data)
        if bus.asked[-1].request.unit == SICK:
            return [(0.01 * step, b"\x02\x03\x0c" * 20) for step in range(400)]      # 4 s of heads without frames
        return replies

    bus.respond = respond        # type: ignore[method-assign]
    settings = AcquireSettings(stream_timeout_s=2.0)
    watch = watched(bus, meters=3, full_s=10.0, settings=settings)
    run_virtual(run_for(120.0, watch))
    first_s = next(one.at_s for one in bus.asked if one.request.unit == SICK)
    next_s = next(one.at_s for one in bus.asked if one.at_s > first_s)
    assert next_s - first_s < 2.0 + 0.1
    assert watch.of(SICK - 1) == []
    assert len(watch.of(0)) >= 11
    assert watch.wrong == []


VOLTS = profile_of([
    Point(quantity="voltage_v", place=place, function=4, address=2 * index, type="f32", unit="V", poll="presence")
    for index, place in enumerate("abc")
])


@pytest.mark.parametrize(
    ("words", "flag", "counter"),
    [
        ("7fc00000", SampleFlag.NOT_AVAILABLE, "not_available"), ("ffffffff", SampleFlag.NOT_AVAILABLE, "not_available"),
        ("7f800000", SampleFlag.IMPLAUSIBLE, "implausible"), ("4b989680", SampleFlag.IMPLAUSIBLE, "implausible"),
        ("c3660000", SampleFlag.IMPLAUSIBLE, "implausible"),
    ],
    ids=["NaN", "all ones", "infinite", "20 MV", "-230 V"],
)
def test_words_that_are_no_measurement_are_flagged_and_left_out(words: str, flag: SampleFlag, counter: str):
    data = bytes.fromhex("43660000" + words + "43660000")
    bus = ScriptedBus(script=lambda asked: (0.0, asked.frame_of(Reply(unit=1, function=4, data=data[: 2 * asked.request.count]))))
    watch = watched(bus, profile=VOLTS, full_s=10.0)
    watch.take = watch.samples.append        # type: ignore[method-assign]
    run_virtual(run_for(5.0, watch))
    (sample,) = watch.samples
    assert sample.flags == flag
    assert sample.values[COLUMN_INDEX["voltage_v.a"]] == sample.values[COLUMN_INDEX["voltage_v.c"]] == 230.0
    assert sample.values[COLUMN_INDEX["voltage_v.b"]] != sample.values[COLUMN_INDEX["voltage_v.b"]]
    assert getattr(watch.reader.counters, counter) == 1
    assert sample.taken_utc_ms - UTC_MS == pytest.approx(1_000_032, abs=5)
