"""Replies taken apart, refusals named, answers told from other frames, long payloads in parts. Source: DL/T 645-2007 section 7."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import (
    BROADCAST,
    WILDCARD,
    ErrorBits,
    Frame645,
    PayloadAssembly,
    Reply645,
    answers,
    error_frame,
    parse_reply,
    read_reply_frame,
    reply_frame,
    request_frame,
)
from edge_agent.wire.dlt645.requests import Freeze, Read, Read1997, ReadAddress, ReadMore, ReadMore1997, WriteAddress

METER, OTHER = "000012345678", "000012345679"
READ = request_frame(METER, Read(di="02010100"))


def frame(control, data, address=METER):
    return Frame645(address=address, control=control, data=bytes.fromhex(data))


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (frame(0x91, "00010102 0123"), Reply645(address=METER, function=0x11, di="02010100", payload=b"\x01\x23")),
        (frame(0xB1, "00FF0100 01"), Reply645(address=METER, function=0x11, di="0001FF00", payload=b"\x01", has_more=True)),
        (frame(0x92, "00FF0100 0203 01"), Reply645(address=METER, function=0x12, di="0001FF00", payload=b"\x02\x03", seq=1)),
        (frame(0xD1, "02"), Reply645(address=METER, function=0x11, error=ErrorBits.NO_SUCH_DATA)),
        (frame(0x93, "785634120000"), Reply645(address=METER, function=0x13, payload=bytes.fromhex("785634120000"))),
        (frame(0x94, ""), Reply645(address=METER, function=0x14)),
        (frame(0x98, "02111111"), Reply645(address=METER, function=0x18, payload=bytes.fromhex("02111111"))),
        (frame(0x81, "1090 01000000"), Reply645(address=METER, function=0x01, di="9010", payload=bytes.fromhex("01000000"))),
    ],
)
def test_a_reply_is_taken_apart(received, expected):
    assert parse_reply(received) == expected


@pytest.mark.parametrize(
    ("received", "said"),
    [
        (frame(0x11, "00010102"), "is no reply"),
        (frame(0x91, "000101"), "identifier of 4"),
        (frame(0x92, "00010102"), "identifier of 4"),
        (frame(0x81, "10"), "identifier of 2"),
        (frame(0xD1, ""), "without its error byte"),
    ],
)
def test_a_reply_that_is_too_short_is_told(received, said):
    with pytest.raises(FrameError, match=said):
        parse_reply(received)


def test_every_error_bit_has_a_name():
    assert ErrorBits(0x06).names == ["no such data", "password wrong / not authorised"]
    assert len(ErrorBits(0xFF).names) == 8
    assert ErrorBits(0).names == []


def test_a_refusal_keeps_the_function_and_sets_the_abnormal_bit():
    assert error_frame(READ, address=METER, error=ErrorBits.NO_SUCH_DATA) == frame(0xD1, "02")
    assert reply_frame(request_frame(METER, Freeze()), address=METER) == frame(0x96, "")


ANSWERED = [
    (READ, frame(0x91, "00010102 0123"), True),
    (READ, frame(0xD1, "02"), True),
    (READ, frame(0x91, "00010102 0123", OTHER), False),
    (READ, frame(0x91, "00020102 0123"), False),
    (READ, READ, False),
    (READ, frame(0x92, "00010102 01"), False),
    (request_frame(WILDCARD, Read(di="02010100")), frame(0x91, "00010102 0123", OTHER), True),
    (request_frame("AAAAAAAA5678", Read(di="02010100")), frame(0x91, "00010102 0123", OTHER), False),
    (request_frame(WILDCARD, ReadAddress()), frame(0x93, "785634120000"), True),
    (request_frame(METER, ReadMore(di="0001FF00", seq=2)), frame(0x92, "00FF0100 11 02"), True),
    (request_frame(METER, ReadMore(di="0001FF00", seq=2)), frame(0x92, "00FF0100 11 01"), False),
    (request_frame(METER, Read1997(di="9010")), frame(0x81, "1090 01000000"), True),
    (request_frame(METER, Read1997(di="9010")), frame(0x81, "1190 01000000"), False),
    (request_frame(WILDCARD, WriteAddress(new_address=OTHER)), frame(0x95, "", OTHER), True),
    (request_frame(BROADCAST, Freeze()), frame(0x96, ""), False),
]


@pytest.mark.parametrize(("asked", "reply", "expected"), ANSWERED)
def test_only_what_answers_the_request_is_its_answer(asked, reply, expected):
    assert answers(asked, reply) is expected


@given(st.binary(max_size=2000))
def test_a_long_payload_arrives_whole_in_parts(payload):
    assembly = PayloadAssembly(di="06010001")
    request = request_frame(METER, Read(di="06010001", records=9))
    frames = 0
    while assembly.payload is None:
        reply = read_reply_frame(request, address=METER, payload=payload)
        assert len(reply.data) <= 200
        assert answers(request, reply)
        assert assembly.add(parse_reply(reply))
        assert not assembly.add(parse_reply(reply)), "a repeated part changes nothing"
        frames += 1
        following = assembly.next_request()
        request = request_frame(METER, following) if following else request
    assert assembly.payload == payload
    assert assembly.ignored_replies == frames
    assert frames == 1 + max(0, -(-(len(payload) - 196) // 195))


def test_parts_out_of_order_of_another_identifier_or_refused_are_ignored():
    assembly = PayloadAssembly(di="0001FF00")
    assert assembly.next_request() is None
    assert not assembly.add(parse_reply(frame(0x92, "00FF0100 22 01")))
    assert assembly.add(parse_reply(frame(0xB1, "00FF0100 11")))
    assert assembly.next_request() == ReadMore(di="0001FF00", seq=1)
    for wrong in (frame(0xB2, "00FF0100 33 02"), frame(0x92, "00FF0200 22 01"), frame(0xD2, "02"), frame(0xB1, "00FF0100 11")):
        assert not assembly.add(parse_reply(wrong))
    assert assembly.payload is None
    assert assembly.add(parse_reply(frame(0x92, "00FF0100 22 01")))
    assert assembly.payload == b"\x11\x22"
    assert assembly.ignored_replies == 5


def test_an_endless_payload_ends_with_the_sequence_numbers():
    assembly = PayloadAssembly(di="0001FF00")
    assembly.add(parse_reply(frame(0xB1, "00FF0100 11")))
    for seq in range(1, 256):
        assert assembly.add(parse_reply(frame(0xB2, f"00FF0100 11 {seq:02X}")))
    assert assembly.next_request() is None
    assert not assembly.add(parse_reply(frame(0xB2, "00FF0100 11 00")))


@pytest.mark.parametrize("seq", [0, 2, 255])
def test_a_part_that_does_not_exist_is_refused(seq):
    request = request_frame(METER, ReadMore(di="0001FF00", seq=seq))
    reply = parse_reply(read_reply_frame(request, address=METER, payload=bytes(250)))
    assert reply.error is ErrorBits.NO_SUCH_DATA


@pytest.mark.parametrize("request_", [ReadAddress(), Freeze(), ReadMore1997(di="901F")])
def test_only_numbered_reads_have_parts(request_):
    with pytest.raises(ValueError, match="no numbered read"):
        read_reply_frame(request_frame(METER, request_), address=METER, payload=b"")
