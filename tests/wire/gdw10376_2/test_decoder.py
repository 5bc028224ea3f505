"""The decoder against a reference that looks at every prefix of the stream anew, and every way bytes can arrive."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.wire.gdw10376_2 import BUFFER_LIMIT, MAX_FRAME_BYTES, Decoder10376, DownInfo, Frame10376, encode, parse_frame

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "vectors" / "gdw10376_2.json").read_text(encoding="utf-8"))
FRAMES = [bytes.fromhex(vector["hex"]) for vector in VECTORS]
OUTAGE = bytes.fromhex("681F00C300000000000706100001040D01610100000000620100000000B816")
# A head of 13H F1 that promises 200 bytes: what comes behind it is content, as far as anybody can know.
BELIEVABLE = bytes.fromhex("68 C8 00 43 00 00 00 00 00 01 13 01 00")
VENDOR = bytes.fromhex("68 C8 00 43 00 00 00 00 00 01 77 01 00")  # the same with an AFN that no table knows


def frame_holding(content: bytes, afn: int) -> bytes:
    return encode(Frame10376(afn=afn, fn=1, info=DownInfo(sequence=1), data=content))


def taken(decoder: Decoder10376) -> list[bytes]:
    found = []
    while (frame := decoder.next_frame()) is not None:
        found.append(encode(frame))
    return found


def decoded(*chunks: bytes) -> list[bytes]:
    decoder = Decoder10376()
    found = []
    for chunk in chunks:
        decoder.feed(chunk)
        found += taken(decoder)
    return found


def reference(stream: bytes) -> tuple[list[bytes], int]:
    """Frames of ``stream`` as a reader finds them who gets one byte at a time and knows only what has come; and where it stands then."""
    found, begin = [], 0
    for end in range(1, len(stream) + 1):
        while (frame_at := good_frame_at(stream[:end], begin)) is not None:  # one byte can settle several
            begin = frame_at + stream[frame_at + 1] + 256 * stream[frame_at + 2]
            found.append(stream[frame_at:begin])
    return found, begin


def good_frame_at(come: bytes, begin: int) -> int | None:
    for at in range(begin, len(come)):
        verdict = first_look(come[at:])
        if verdict != "skip":
            return at if verdict == "good" else None
    return None


def first_look(held: bytes) -> str:
    """good: a whole good frame; wait: look no further in; skip: nothing here, or not enough to hide what follows."""
    if held[0] != 0x68:
        return "skip"
    if len(held) < 5:
        return "wait"
    length = held[1] + 256 * held[2]
    code_at = 10
    if held[4] & 4:
        code_at = 22 if held[3] & 0x80 else 22 + 6 * (held[4] >> 4)
    if length < 15 or length > MAX_FRAME_BYTES or code_at + 5 > length:
        return "skip"
    if len(held) < code_at + 3:
        return "wait"
    afn, element, group = held[code_at : code_at + 3]
    if element not in (1, 2, 4, 8, 16, 32, 64, 128) or group > 30:
        return "skip"
    if len(held) >= length:
        is_good = held[length - 1] == 0x16 and sum(held[3 : length - 2]) % 256 == held[length - 2]
        return "good" if is_good else "skip"
    return "wait" if group * 8 + element.bit_length() in STANDARD.get(afn, ()) else "skip"


# Table 7 of the standard, written down apart from the code.
STANDARD = {
    0x00: {1, 2}, 0x01: {1, 2, 3}, 0x02: {1}, 0x03: {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 17, 18, 100}, 0x04: {1, 2, 3},
    0x05: {1, 2, 3, 4, 5, 6, 10, 16, 17, 18, 20, 100, 101, 200}, 0x06: {1, 2, 3, 4, 5},
    0x10: {1, 2, 3, 4, 5, 6, 7, 9, 20, 21, 31, 40, 100, 101, 104, 111, 112}, 0x11: {1, 2, 3, 4, 5, 6, 100, 101, 102},
    0x12: {1, 2, 3}, 0x13: {1, 2}, 0x14: {1, 2, 3, 4}, 0x15: {1}, 0xF1: {1, 2},
}

pieces = st.one_of(
    st.sampled_from(FRAMES),
    st.binary(max_size=12),
    st.sampled_from(FRAMES).flatmap(lambda frame: st.integers(1, len(frame)).map(lambda cut: frame[:cut])),
    st.sampled_from(FRAMES).flatmap(lambda frame: st.integers(0, len(frame) - 1).map(lambda cut: frame[cut:])),
    st.tuples(st.sampled_from(FRAMES), st.integers(0, 30), st.integers(0, 255)).map(
        lambda damage: damage[0][: damage[1]] + bytes([damage[2]]) + damage[0][damage[1] + 1 :]
    ),
    st.sampled_from(FRAMES).map(lambda frame: frame_holding(frame, 0x13)),
    st.sampled_from(FRAMES).map(lambda frame: frame_holding(frame, 0x77)),
    st.sampled_from([BELIEVABLE, VENDOR, b"\x68", b"\x68\x68\x68", b"\x68\xff\xff", b"\x68\x40\x00\x43"]),
    st.integers(15, 90).map(lambda length: b"\x68" + bytes([length]) + b"\x00\x43" + bytes(6) + b"\x13\x01\x00"),
    st.integers(15, 90).map(lambda length: b"\x68" + bytes([length]) + b"\x00\x43" + bytes(6) + b"\x77\x01\x00"),
)
streams = st.lists(pieces, max_size=6).map(b"".join)


@given(streams, st.data())
@settings(max_examples=200, deadline=None)
def test_frames_are_those_of_the_reference_however_the_bytes_are_cut(stream: bytes, data: st.DataObject):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected, _ = reference(stream)
    assert decoded(*chunks) == expected
    assert decoded(stream) == expected


@given(streams, st.sampled_from(FRAMES))
@settings(max_examples=100, deadline=None)
def test_good_frame_comes_through_whatever_came_before_the_silence(junk: bytes, good: bytes):
    decoder = Decoder10376()
    decoder.feed(junk)
    taken(decoder)
    decoder.reset()
    taken(decoder)
    decoder.feed(good)
    assert taken(decoder) == [good]


@given(streams)
@settings(max_examples=100, deadline=None)
def test_every_byte_is_in_a_frame_or_counted_or_held(stream: bytes):
    decoder = Decoder10376()
    decoder.feed(stream)
    frames = taken(decoder)
    assert sum(map(len, frames)) + decoder.discarded_bytes + decoder.held_bytes == len(stream)
    decoder.reset()
    frames += taken(decoder)
    assert decoder.held_bytes == 0
    assert sum(map(len, frames)) + decoder.discarded_bytes == len(stream)


DELIVERIES = {
    "whole": lambda frame: [frame],
    "byte by byte": lambda frame: [bytes([byte]) for byte in frame],
    "in two pieces": lambda frame: [frame[:4], frame[4:]],
    "after line noise": lambda frame: [b"\xfe\xfe\x00\x16" + frame],
    "after a false start": lambda frame: [b"\x68" + frame],
    "after a false start with an absurd length": lambda frame: [b"\x68\xff\xff" + frame],
    "after a false start with a likely length": lambda frame: [b"\x68\x20\x00" + frame],
    "after a head of a vendor that never comes whole": lambda frame: [VENDOR + frame],
    "after half of itself": lambda frame: [frame[: len(frame) // 2] + frame],
}


@pytest.mark.parametrize("deliver", DELIVERIES.values(), ids=DELIVERIES)
def test_frame_survives_every_way_bytes_can_arrive(deliver):
    assert decoded(*deliver(OUTAGE)) == [OUTAGE]


def test_frames_come_in_the_order_sent():
    assert decoded(b"".join(FRAMES)) == FRAMES


def test_start_that_never_comes_whole_is_given_up_after_silence():
    decoder = Decoder10376()
    decoder.feed(BELIEVABLE + OUTAGE)
    assert decoder.next_frame() is None
    decoder.reset()
    assert taken(decoder) == [OUTAGE]
    assert decoder.discarded_bytes == len(BELIEVABLE)


def test_frame_inside_the_content_of_a_frame_is_content():
    outer = frame_holding(OUTAGE, 0x13)
    assert decoded(outer) == [outer]
    assert decoded(*(bytes([byte]) for byte in outer)) == [outer]


def test_frame_inside_a_damaged_frame_is_found():
    outer = bytearray(frame_holding(OUTAGE, 0x13))
    outer[-2] ^= 1
    decoder = Decoder10376()
    decoder.feed(bytes(outer))
    assert taken(decoder) == [OUTAGE]
    assert decoder.checksum_errors == 1


def test_flipped_bit_is_counted_as_a_checksum_error_once():
    damaged = bytes([*OUTAGE[:15], OUTAGE[15] ^ 4, *OUTAGE[16:]])
    decoder = Decoder10376()
    decoder.feed(damaged + OUTAGE)
    assert taken(decoder) == [OUTAGE]
    assert (decoder.checksum_errors, decoder.discarded_bytes) == (1, len(damaged))


def test_a_babbling_line_fills_no_memory():
    decoder = Decoder10376()
    for _ in range(100):
        decoder.feed(b"\x68\x00\x0a\x43" * 1000)
        assert decoder.held_bytes <= BUFFER_LIMIT
    decoder.reset()
    decoder.feed(OUTAGE)
    assert taken(decoder) == [OUTAGE]


def test_a_full_read_of_the_line_behind_a_waiting_start_loses_nothing():
    longest = encode(Frame10376(afn=0x13, fn=1, info=DownInfo(sequence=1), data=bytes(MAX_FRAME_BYTES - 15)))
    decoder = Decoder10376()
    decoder.feed(longest[:-1])
    assert decoder.next_frame() is None
    rest = longest[-1:] + OUTAGE * ((4096 - 1) // len(OUTAGE))
    decoder.feed(rest)
    assert len(taken(decoder)) == 1 + (4096 - 1) // len(OUTAGE)
    assert decoder.discarded_bytes == 0


def test_frames_that_nobody_takes_after_silences_do_not_pile_up():
    decoder = Decoder10376()
    for _ in range(50):
        decoder.feed(BELIEVABLE + OUTAGE * 60)
        decoder.reset()
    assert len(taken(decoder)) <= BUFFER_LIMIT // 15


def test_reference_and_decoder_agree_on_what_a_frame_is():
    for wire in FRAMES:
        assert reference(wire) == ([encode(parse_frame(wire))], len(wire))
