"""Everything that a DL/T 645 meter or its line may do wrong: counted, no value told for the wrong meter or request, the others go on."""

import random

import numpy as np
import pytest

from edge_agent.acquire import AcquireSettings
from edge_agent.model import COLUMN_INDEX, SampleFlag
from edge_agent.wire.dlt645 import Frame645, encode
from tests.acquire.scripted import run_for
from tests.acquire.scripted645 import Asked, Bus645, address_of, watched645
from tests.virtual_loop import run_virtual

SICK = 1
TARIFFS = "0001FF00"


def with_wrong_sum(asked: Asked) -> bytes:
    return asked.bytes[:-2] + bytes([asked.bytes[-2] ^ 0x01, 0x16])


def cut_short(asked: Asked) -> bytes:
    return asked.bytes[:-3]


def of_another_meter(asked: Asked) -> bytes:
    return encode(Frame645(address="000000000161", control=asked.right.control, data=asked.right.data))


def of_another_identifier(asked: Asked) -> bytes:
    return encode(Frame645(address=asked.right.address, control=asked.right.control, data=b"\x00\x00\x99\x02" + asked.right.data[4:]))


def of_another_function(asked: Asked) -> bytes:
    return encode(Frame645(address=asked.right.address, control=0x94, data=b""))


def only_the_request_again(asked: Asked) -> bytes:
    return encode(asked.frame)


def endless(asked: Asked) -> bytes:
    return b"\x68\x11" * 3000


def over_long(asked: Asked) -> bytes:
    body = asked.bytes.lstrip(b"\xfe")
    return body[:9] + b"\xff" + body[10:] + bytes(260)


def nothing_but_wake_up(asked: Asked) -> bytes:
    return b"\xfe" * 40


CASES = {
    "wrong sum": (with_wrong_sum, "crc_errors"), "cut short": (cut_short, "discarded_bytes"),
    "of another meter": (of_another_meter, "foreign_frames"), "of another identifier": (of_another_identifier, "foreign_frames"),
    "of another function": (of_another_function, "foreign_frames"), "only our request": (only_the_request_again, "foreign_frames"),
    "endless": (endless, "discarded_bytes"), "over-long": (over_long, "discarded_bytes"), "only FE": (nothing_but_wake_up, "timeouts"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_counted_and_no_value_is_told(name: str):
    make, counter = CASES[name]
    bus = Bus645(meters=4, script=lambda asked: (0.0, make(asked) if asked.frame.address == address_of(SICK) else asked.bytes))
    watch = watched645(bus, full_s=10.0)
    run_virtual(run_for(100.0, watch))
    assert getattr(watch.reader.counters, counter) >= 2
    assert watch.of(SICK) == []
    assert watch.failed(SICK) >= 2
    assert watch.wrong == []
    for other in (0, 2, 3):
        assert len(watch.of(other)) >= 7


def test_a_line_that_echoes_requests_is_read():
    bus = Bus645()
    original = bus.respond
    bus.respond = lambda data: [(0.0, data), *original(data)]        # type: ignore[method-assign]
    watch = watched645(bus, full_s=2.0)
    run_virtual(run_for(20.0, watch))
    assert len(watch.samples) >= 9
    assert watch.wrong == []
    assert watch.reader.counters.foreign_frames == watch.reader.counters.requests
    assert watch.reader.counters.timeouts == 0


def test_replies_that_come_twice_are_credited_once():
    bus = Bus645(meters=2)
    original = bus.respond
    bus.respond = lambda data: [pair for pair in original(data) for _ in (0, 1)]        # type: ignore[method-assign]
    watch = watched645(bus)
    run_virtual(run_for(20.0, watch))
    assert len(watch.samples) >= 20
    assert watch.wrong == []
    assert watch.reader.counters.foreign_frames >= watch.reader.counters.requests - 2


@pytest.mark.parametrize("garbage", ["00", "fe fe", "55 aa 55 aa", "68", "68 11 22", "68 aa aa aa aa aa aa 68 91 20"])
def test_a_good_frame_behind_garbage_is_read(garbage: str):
    bus = Bus645(script=lambda asked: (0.0, bytes.fromhex(garbage) + asked.bytes))
    watch = watched645(bus, full_s=10.0)
    run_virtual(run_for(100.0, watch))
    assert len(watch.samples) >= 9
    assert watch.failed(0) == 0
    assert watch.wrong == []


def test_one_damaged_frame_is_asked_again_and_loses_nothing():
    bus = Bus645(script=lambda asked: (0.0, with_wrong_sum(asked) if asked.number == 5 else asked.bytes))
    watch = watched645(bus, full_s=2.0)
    run_virtual(run_for(20.0, watch))
    counters = watch.reader.counters
    assert (counters.crc_errors, counters.retries, counters.polls_failed) == (1, 1, 0)
    assert not any(sample.flags & SampleFlag.PARTIAL for sample in watch.samples)
    assert watch.wrong == []


def test_no_late_reply_is_taken_for_that_to_a_later_request():
    seed = 645
    print("seed", seed)
    chance = random.Random(seed)
    bus = Bus645(meters=3, script=lambda asked: (chance.choice([0.0, 0.0, 0.0, 0.7, 1.6, 3.0]), asked.bytes))
    watch = watched645(bus)
    run_virtual(run_for(900.0, watch))
    assert watch.reader.counters.late_replies >= 25
    assert len(watch.samples) >= 12
    assert watch.wrong == []


def test_bits_that_flip_give_no_value_of_another_meter_and_none_that_was_not_said():
    seed = 20261125
    print("seed", seed)
    chance = random.Random(seed)

    def flip(asked: Asked) -> tuple[float, bytes]:
        frame = bytearray(asked.bytes)
        if chance.random() < 0.2:
            frame[chance.randrange(len(frame))] ^= 1 << chance.randrange(8)
        return 0.0, bytes(frame)

    bus = Bus645(meters=5, script=flip)
    watch = watched645(bus)
    run_virtual(run_for(900.0, watch))
    assert watch.reader.counters.crc_errors >= 75
    assert len(watch.samples) >= 125
    assert watch.wrong == []


@pytest.mark.parametrize(
    ("payload", "flag", "counter"),
    [
        ("ffff", SampleFlag.NOT_AVAILABLE, "not_available"), ("0a22", SampleFlag.IMPLAUSIBLE, "implausible"),
        ("002200", SampleFlag.IMPLAUSIBLE, "implausible"), ("", SampleFlag.IMPLAUSIBLE, "implausible"),
    ],
    ids=["all ones", "no digits", "too long", "nothing"],
)
def test_what_is_no_measurement_is_flagged_and_left_out(payload: str, flag: SampleFlag, counter: str):
    bus = Bus645(payload=lambda di, number: bytes.fromhex(payload) if di == "02010100" else b"")
    watch = watched645(bus, full_s=1000.0)
    run_virtual(run_for(10.0, watch))
    (sample,) = watch.samples
    assert sample.flags & flag
    assert np.isnan(sample.values).all()
    assert getattr(watch.reader.counters, counter) >= 1


def test_bytes_without_end_cost_one_slot():
    bus = Bus645(meters=3)
    original = bus.respond

    def respond(data: bytes) -> list[tuple[float, bytes]]:
        replies = original(data)
        if bus.asked[-1].frame.address == address_of(SICK):
            return [(0.01 * step, b"\x68\x03\x0c" * 20) for step in range(800)]
        return replies

    bus.respond = respond        # type: ignore[method-assign]
    watch = watched645(bus, full_s=20.0, settings=AcquireSettings(stream_timeout_s=2.0))
    run_virtual(run_for(120.0, watch))
    first_s = next(one.at_s for one in bus.asked if one.frame.address == address_of(SICK))
    next_s = next(one.at_s for one in bus.asked if one.at_s > first_s)
    assert next_s - first_s < 4.5
    assert watch.of(SICK) == []
    assert len(watch.of(0)) >= 5
    assert watch.wrong == []


def test_a_refusal_that_may_be_a_late_one_is_not_credited():
    # the frequency is refused after its time-out: the meter must not be thought to refuse the factor that is asked meanwhile
    def script(asked: Asked) -> tuple[float, bytes]:
        return (1.5, asked.refusal()) if asked.di == "02800002" and asked.number < 20 else (0.0, asked.bytes)

    bus = Bus645(script=script)
    watch = watched645(bus, full_s=10.0)
    run_virtual(run_for(200.0, watch))
    assert watch.reader.counters.late_replies >= 1
    assert watch.wrong == []
    assert all(not np.isnan(sample.values[COLUMN_INDEX["active_energy_import_wh"]]) for sample in watch.samples[-5:])
