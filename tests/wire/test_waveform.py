"""Frames of a sensing unit: the layout byte by byte, and what damage does."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.wire.waveform import BUFFER_LIMIT, MAX_FRAME_BYTES, MAX_SAMPLES, NOT_MEASURED, WaveformDecoder, WaveformFrame, encode


def frame(**changes):
    fields = {
        "channel": 3, "sequence": 0x01020304, "taken_utc_ms": 1_790_000_000_000, "time_source": "rtc", "rate_hz": 6400.0, "mains_hz": 50.0,
        "amperes_per_count": 0.5, "volts_per_count": 0.25, "current": np.array([1, -2, 3], dtype=np.int16),
        "voltage": np.array([4, 5, -6], dtype=np.int16),
    }
    return WaveformFrame(**(fields | changes))


def crc32c_by_bits(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def by_hand():
    """The frame above, put together from the table in the module's docstring."""
    head = b"HWF1" + bytes([0b011, 0]) + struct.pack("<H", 3) + bytes([4, 3, 2, 1]) + struct.pack("<q", 1_790_000_000_000)
    head += struct.pack("<d", 6400.0) + struct.pack("<d", 50.0) + struct.pack("<f", 0.5) + struct.pack("<f", 0.25) + struct.pack("<I", 3)
    samples = struct.pack("<3h", 1, -2, 3) + struct.pack("<3h", 4, 5, -6)
    return head + struct.pack("<I", crc32c_by_bits(head)) + samples + struct.pack("<I", crc32c_by_bits(samples))


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in WaveformFrame.__slots__)


def decoded(data):
    decoder = WaveformDecoder()
    decoder.feed(data)
    found = []
    while (one := decoder.next_frame()) is not None:
        found.append(one)
    return found, decoder


def test_the_bytes_are_those_of_the_table():
    assert encode(frame()) == by_hand()
    (found,), _ = decoded(by_hand())
    assert same(found, frame())


def test_counts_become_amperes_and_volts_and_what_was_not_measured_nan():
    one = frame(current=np.array([2, NOT_MEASURED, -4], dtype=np.int16))
    assert one.current_a.tolist()[::2] == [1.0, -2.0]
    assert np.isnan(one.current_a[1])
    assert one.voltage_v.tolist() == [1.0, 1.25, -1.5]
    assert frame(voltage=None).voltage_v is None


DELIVERIES = {
    "whole": lambda data: [data],
    "byte by byte": lambda data: [bytes([byte]) for byte in data],
    "after noise": lambda data: [b"\x00HWHWF1", data],
    "after half a frame": lambda data: [data[:60], data],
    "with noise behind": lambda data: [data + b"HW"],
}


@pytest.mark.parametrize("deliver", DELIVERIES.values(), ids=DELIVERIES)
def test_a_frame_survives_every_way_bytes_can_arrive(deliver):
    decoder, found = WaveformDecoder(), []
    for chunk in deliver(encode(frame())):
        decoder.feed(chunk)
        while (one := decoder.next_frame()) is not None:
            found.append(one)
    if not found:
        decoder.reset()
        found.append(decoder.next_frame())
    assert len(found) == 1
    assert same(found[0], frame())


def test_every_wrong_bit_is_found_and_the_next_frame_is_not_lost():
    good = encode(frame())
    for bit in range(8 * len(good)):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        found, decoder = decoded(bytes(damaged) + encode(frame(sequence=9)))
        assert [one.sequence for one in found] == [9], bit
        assert decoder.discarded_bytes >= len(good)


def test_a_head_that_is_right_but_cannot_be_is_no_frame():
    impossible = [("rate_hz", 0.0), ("rate_hz", float("nan")), ("mains_hz", -1.0), ("amperes_per_count", float("inf"))]
    for name, value in [*impossible, ("taken_utc_ms", 1 << 60)]:
        with pytest.raises(ValueError, match=r"is 1 to|scales"):
            frame(**{name: value})
    head = b"HWF1" + bytes([0, 0]) + struct.pack("<HIqddffI", 0, 0, 0, float("nan"), 50.0, 1.0, 0.0, 1)
    wire = head + struct.pack("<I", crc32c_by_bits(head)) + b"\0\0" + struct.pack("<I", crc32c_by_bits(b"\0\0"))
    found, decoder = decoded(wire + encode(frame()))
    assert len(found) == 1
    assert decoder.checksum_errors >= 1


def test_a_false_start_does_not_hold_back_the_frames_behind_it():
    """Its head fails its own check at once: nobody waits for the 262 kB that it claims."""
    false = b"HWF1" + b"\0" * 40 + struct.pack("<I", MAX_SAMPLES) + b"\0" * 4
    found, _ = decoded(false + encode(frame()))
    assert len(found) == 1


def test_a_frame_that_is_cut_off_is_given_up_when_the_unit_falls_silent():
    decoder = WaveformDecoder()
    whole = encode(frame(current=np.arange(1000, dtype=np.int16), voltage=None))
    decoder.feed(whole[:1000] + encode(frame(sequence=5)))
    assert decoder.next_frame() is None
    decoder.reset()
    assert decoder.next_frame().sequence == 5
    assert decoder.held_bytes == 0


def test_the_longest_frame_fits_and_the_buffer_has_a_limit():
    longest = frame(current=np.zeros(MAX_SAMPLES, dtype=np.int16), voltage=np.ones(MAX_SAMPLES, dtype=np.int16))
    assert len(encode(longest)) == MAX_FRAME_BYTES
    assert len(decoded(encode(longest) * 2)[0]) == 2
    decoder = WaveformDecoder()
    for _ in range(20):
        decoder.feed(random.Random(1).randbytes(200_000))
        assert decoder.held_bytes <= BUFFER_LIMIT
    with pytest.raises(ValueError, match="1 to 65536"):
        frame(current=np.zeros(MAX_SAMPLES + 1, dtype=np.int16), voltage=None)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=80), st.just(b"HWF1"), st.just(encode(frame())), st.just(encode(frame())[:70])), max_size=12))
def test_no_bytes_are_an_error_and_all_are_accounted_for(chunks):
    decoder, frames = WaveformDecoder(), 0
    for chunk in chunks:
        decoder.feed(chunk)
        while decoder.next_frame() is not None:
            frames += 1
    decoder.reset()
    while decoder.next_frame() is not None:
        frames += 1
    assert frames >= 0
    assert decoder.discarded_bytes + frames * len(encode(frame())) + decoder.held_bytes == sum(map(len, chunks))
