"""Frames: what is refused, and in which words."""

from __future__ import annotations

import pytest

import edge_agent.wire.dlt645
from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import Frame645, decode_frame, describe, encode
from edge_agent.wire.dlt645 import requests as requests_module

FRAME = bytes.fromhex("68610100000000681104333334331416")


def test_the_public_names_are_pinned():
    assert edge_agent.wire.dlt645.__all__ == [
        "BROADCAST", "WILDCARD", "Decoder645", "Direction", "ErrorBits", "Frame645", "Identifier", "PayloadAssembly", "Quality", "Reply645",
        "Value645", "answers", "decode_data", "decode_frame", "describe", "encode", "encode_data", "error_frame", "identifier", "matches",
        "parse_reply", "parse_request", "read_reply_frame", "reply_frame", "request_frame",
    ]
    assert requests_module.__all__ == [
        "BroadcastTime", "ChangeBaud", "ChangePassword", "ClearDemand", "ClearEvents", "ClearMeter", "Credentials", "Freeze", "Read",
        "Read1997", "ReadAddress", "ReadMore", "ReadMore1997", "Relay", "Request645", "Security", "Write", "WriteAddress", "parse_request",
        "request_frame",
    ]


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (b"", "0 bytes"),
        (FRAME[:11], "11 bytes"),
        (FRAME[:-1], "the frame is cut"),
        (FRAME + b"\x00", "1 bytes follow"),
        (FRAME + FRAME, "16 bytes follow"),
        (b"\x00" + FRAME, "a frame has 68 there"),
        (FRAME[:-2] + b"\x15\x16", "sum is 15, the bytes before it give 14"),
        (FRAME[:-1] + b"\x17", "a frame ends with 16"),
        (FRAME[:1] + b"\x1a" + FRAME[2:], "no 12 BCD digits"),
        (FRAME[:9] + b"\xc9" + FRAME[10:], "201 data bytes: at most 200"),
    ],
)
def test_a_wrong_frame_is_told_in_one_line(damaged, said):
    for reader in (decode_frame, describe):
        with pytest.raises(FrameError, match=said) as caught:
            reader(damaged)
        assert "\n" not in str(caught.value)


def test_every_flipped_bit_is_noticed():
    sound = describe(FRAME)
    for bit in range(8 * len(FRAME)):
        damaged = bytearray(FRAME)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FrameError):
            describe(bytes(damaged))
    assert describe(FRAME) == sound


@pytest.mark.parametrize("wrong", [{"address": "12345"}, {"address": "aaaaaaaaaaaa"}, {"control": 256}, {"data": bytes(201)}])
def test_a_frame_that_could_not_be_sent_is_misuse(wrong):
    with pytest.raises(ValueError, match=r"address|control|data"):
        Frame645(**{"address": "000000000161", "control": 0x11, "data": b"", **wrong})


def test_the_longest_frame_has_200_data_bytes_and_a_preamble_may_precede_it():
    frame = Frame645(address="000000000161", control=0x91, data=bytes(range(200)))
    assert decode_frame(encode(frame, preamble=4)) == frame
    assert encode(frame, preamble=4)[:5] == b"\xfe\xfe\xfe\xfe\x68"
