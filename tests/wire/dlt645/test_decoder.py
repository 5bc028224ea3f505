"""The decoder against a parser that tries every byte, and what it keeps apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from benchmarks.faults.fuzz_dlt645 import frames_by_brute_force
from edge_agent.wire.dlt645 import Decoder645, Direction, Frame645, encode

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "vectors" / "dlt645_2007.json").read_text())
FRAMES = [bytes.fromhex(vector["hex"]).lstrip(b"\xfe") for vector in VECTORS]
VOLTAGE = Frame645(address="000012345678", control=0x91, data=bytes.fromhex("000101020122"))
DELIVERIES = {
    "whole": lambda sent: [sent],
    "byte by byte": lambda sent: [bytes([byte]) for byte in sent],
    "after line noise": lambda sent: [b"\xfe\xfe\x68\x00" + sent],
    "behind a false start": lambda sent: [b"\x68" + sent],
    "behind its own head": lambda sent: [sent[:5] + sent],
}
pieces = st.one_of(st.sampled_from(FRAMES), st.binary(max_size=30), st.just(b"\x68"), st.just(b"\x16"), st.sampled_from(FRAMES).flatmap(
    lambda frame: st.integers(0, len(frame)).map(lambda end: frame[:end])))
streams = st.lists(pieces, max_size=8).map(b"".join)


def drained(decoder: Decoder645) -> list[Frame645]:
    frames = []
    while (frame := decoder.next_frame()) is not None:
        frames.append(frame)
    return frames


@pytest.mark.parametrize("deliver", DELIVERIES.values(), ids=DELIVERIES)
def test_a_frame_survives_every_way_bytes_can_arrive(deliver):
    decoder = Decoder645()
    for chunk in deliver(encode(VOLTAGE)):
        decoder.feed(chunk)
    assert decoder.next_frame() == VOLTAGE
    assert decoder.next_frame() is None


@given(streams, st.lists(st.integers(1, 40), min_size=1, max_size=10), st.sampled_from(Direction))
@example(b"\x68" * 300 + FRAMES[1], [7], Direction.REPLY)
def test_what_is_found_is_what_a_brute_force_search_finds(stream, sizes, direction):
    decoder = Decoder645(accepts=direction)
    at, turn = 0, 0
    while at < len(stream):
        decoder.feed(stream[at : at + sizes[turn % len(sizes)]])
        at += sizes[turn % len(sizes)]
        turn += 1
    decoder.end_burst()
    expected = frames_by_brute_force(stream)
    found = drained(decoder)
    assert [encode(frame) for frame in found] == [frame for frame in expected if (frame[8] >= 0x80) == (direction is Direction.REPLY)]
    assert decoder.foreign_frames == len(expected) - len(found)
    assert decoder.discarded_bytes == len(stream) - sum(map(len, expected))
    assert not decoder.is_waiting_for_more


def test_the_echo_of_our_own_request_is_not_taken_for_a_reply():
    request, reply = FRAMES[2], FRAMES[3]
    decoder = Decoder645()
    decoder.feed(request + request[:9])
    assert decoder.next_frame() is None
    decoder.feed(request[9:] + reply)
    assert encode(decoder.next_frame()) == reply
    assert (decoder.foreign_frames, decoder.discarded_bytes) == (2, 0)


def test_a_false_start_holds_a_good_frame_only_until_the_line_is_silent():
    head_of_a_long_frame = encode(VOLTAGE)[:9] + bytes([200])
    decoder = Decoder645()
    decoder.feed(head_of_a_long_frame + encode(VOLTAGE))
    assert decoder.next_frame() is None
    assert decoder.is_waiting_for_more
    decoder.end_burst()
    assert decoder.next_frame() == VOLTAGE
    assert decoder.discarded_bytes == 10


def test_a_damaged_frame_is_counted_and_the_next_one_found():
    damaged = bytearray(encode(VOLTAGE))
    damaged[12] ^= 1
    decoder = Decoder645()
    decoder.feed(bytes(damaged) + encode(VOLTAGE))
    assert drained(decoder) == [VOLTAGE]
    assert (decoder.checksum_errors, decoder.discarded_bytes) == (1, len(damaged))


def test_reset_drops_what_is_held_and_what_was_found():
    decoder = Decoder645()
    decoder.feed(encode(VOLTAGE) * 2 + encode(VOLTAGE)[:9])
    decoder.reset()
    decoder.feed(encode(VOLTAGE)[9:])
    assert decoder.next_frame() is None
    assert decoder.discarded_bytes == 3 * len(encode(VOLTAGE))


def test_a_babbling_line_fills_no_memory():
    decoder = Decoder645()
    for _ in range(50):
        decoder.feed((encode(VOLTAGE)[:9] + bytes([200])) * 1000)
        decoder.feed(encode(VOLTAGE) * 1000)
        assert decoder.held_bytes < 212
    assert len(drained(decoder)) <= 64
