"""Modbus codecs: printed frames, every way bytes can arrive, damage, both roles."""

import json
import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.wire.modbus import (
    ReadRequest,
    Reply,
    RtuReplyDecoder,
    RtuRequestDecoder,
    TcpReplyDecoder,
    TcpRequestDecoder,
    encode_reply_rtu,
    encode_reply_tcp,
    encode_request_rtu,
    encode_request_tcp,
    with_crc,
)

ASKED = ReadRequest(unit=1, function=4, address=0, count=2)
REPLY = Reply(unit=1, function=4, data=bytes.fromhex("43 66 33 34"))
RTU_REPLY = bytes.fromhex("01 04 04 43 66 33 34 1b 38")     # Eastron SDM630 protocol document, 230.2 V
DELIVERIES = {
    "whole": lambda frame: [frame],
    "byte by byte": lambda frame: [bytes([byte]) for byte in frame],
    "in two pieces": lambda frame: [frame[:4], frame[4:]],
    "behind line noise": lambda frame: [b"\x00\xff\x7f" + frame],
    "behind a stray zero": lambda frame: [b"\x00", frame],
    "behind half a frame": lambda frame: [frame[:5] + frame],
    "before a stray zero": lambda frame: [frame + b"\x00"],
}


def expecting(request: ReadRequest = ASKED) -> RtuReplyDecoder:
    decoder = RtuReplyDecoder()
    decoder.expect(request)
    return decoder


def fed(decoder, *chunks: bytes) -> list:
    replies = []
    for chunk in chunks:
        decoder.feed(chunk)
        while (reply := decoder.next_reply()) is not None:
            replies.append(reply)
    return replies


def test_request_is_the_one_that_the_document_prints():
    assert encode_request_rtu(ASKED) == bytes.fromhex("01 04 00 00 00 02 71 cb")


def test_reply_is_the_one_that_the_document_prints():
    assert encode_reply_rtu(REPLY) == RTU_REPLY


def test_tcp_frames_carry_transaction_length_and_unit():
    # Modbus Messaging on TCP/IP V1.0b, 3.1.3: transaction, protocol 0, length from the unit on
    assert encode_request_tcp(ASKED, 0x1501) == bytes.fromhex("15 01 00 00 00 06 01 04 00 00 00 02")
    assert encode_reply_tcp(REPLY, 0x1501) == bytes.fromhex("15 01 00 00 00 07 01 04 04 43 66 33 34")


@pytest.mark.parametrize("deliver", DELIVERIES.values(), ids=DELIVERIES)
def test_rtu_reply_survives_every_way_bytes_can_arrive(deliver):
    assert fed(expecting(), *deliver(RTU_REPLY)) == [REPLY]


def test_rtu_exception_reply_is_handed_out():
    frame = with_crc(bytes([1, 0x84, 2]))
    assert fed(expecting(), frame) == [Reply(unit=1, function=4, exception=2)]


@pytest.mark.parametrize(
    ("what", "frame"),
    [
        ("unit", encode_reply_rtu(Reply(unit=2, function=4, data=REPLY.data))),
        ("function", encode_reply_rtu(Reply(unit=1, function=3, data=REPLY.data))),
        ("length", encode_reply_rtu(Reply(unit=1, function=4, data=REPLY.data + b"\0\0"))),
        ("exception of another function", with_crc(bytes([1, 0x83, 2]))),
        ("exception of another unit", with_crc(bytes([9, 0x84, 2]))),
    ],
)
def test_rtu_reply_to_something_else_is_counted_and_dropped(what: str, frame: bytes):
    decoder = expecting()
    assert fed(decoder, frame) == [], what
    assert decoder.counters.foreign_frames == 1
    assert len(decoder.take_foreign()) == 1
    assert fed(decoder, RTU_REPLY) == [REPLY]


def test_rtu_wrong_crc_is_counted_and_dropped():
    decoder = expecting()
    assert fed(decoder, RTU_REPLY[:-1] + b"\x39") == []
    assert decoder.counters.crc_errors == 1
    assert fed(decoder, RTU_REPLY) == [REPLY]


def test_own_request_heard_on_a_two_wire_line_is_no_reply():
    # the address makes the echo look like the head of a reply of 176 bytes
    request = ReadRequest(unit=1, function=3, address=0xB000, count=2)
    decoder = expecting(request)
    reply = Reply(unit=1, function=3, data=b"\x01\x02\x03\x04")
    assert fed(decoder, encode_request_rtu(request), encode_reply_rtu(reply)) == [reply]
    assert decoder.counters.foreign_frames == 1


@pytest.mark.parametrize("reply", [REPLY, Reply(unit=1, function=4, exception=2)], ids=["data", "exception"])
def test_noise_that_looks_like_a_long_frame_does_not_hold_the_reply_back_over_a_pause(reply: Reply):
    decoder = expecting()
    assert fed(decoder, bytes.fromhex("01 03 f8"), encode_reply_rtu(reply)) == []
    assert decoder.reply_behind_noise() == reply
    assert decoder.counters.discarded_bytes == 3


def test_a_pause_within_a_frame_loses_nothing():
    decoder = expecting()
    assert fed(decoder, RTU_REPLY[:6]) == []
    assert decoder.reply_behind_noise() is None
    assert fed(decoder, RTU_REPLY[6:]) == [REPLY]


def test_a_frame_inside_the_data_of_another_is_not_a_reply():
    outer = encode_reply_rtu(Reply(unit=7, function=4, data=RTU_REPLY + b"\x00"))
    decoder = expecting()
    assert fed(decoder, *(bytes([byte]) for byte in outer)) == []
    assert decoder.counters.foreign_frames == 1


def test_endless_stream_is_bounded_and_the_line_recovers():
    decoder = expecting()
    for _ in range(1000):
        assert fed(decoder, b"\x01\x04\xfa" + bytes(61)) == []
    assert decoder.counters.discarded_bytes > 60_000
    decoder.reset()
    assert fed(decoder, RTU_REPLY) == [REPLY]


@given(noise=st.binary(max_size=300), seed=st.integers(0, 2**32))
def test_any_noise_gives_no_reply_and_never_raises(noise: bytes, seed: int):
    decoder = expecting()
    rng = random.Random(seed)
    while noise:
        size = rng.randint(1, len(noise))
        # 2^-16 of all noise has a right CRC; frames that answer the request would need five given bytes before it
        assert fed(decoder, noise[:size]) == []
        noise = noise[size:]
    decoder.reset()
    assert fed(decoder, RTU_REPLY) == [REPLY]


def test_captured_frames_of_real_meters_are_found():
    vectors = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "modbus_meters.json").read_text(encoding="utf-8"))
    seen = 0
    for vector in vectors:
        if vector["framing"] != "rtu":
            continue
        sent, came = bytes.fromhex(vector["request"]), bytes.fromhex(vector["response"])
        if not sent or not came:
            continue
        unit, function, address, count = struct.unpack(">BBHH", sent[:6])
        asked = ReadRequest(unit=unit, function=function, address=address, count=count)
        assert encode_request_rtu(asked) == sent
        assert [reply.data for reply in fed(expecting(asked), b"\x00" + came)] == [came[3:-2]]
        seen += 1
    assert seen >= 5


class TestTcp:
    def decoder(self, transaction: int = 7) -> TcpReplyDecoder:
        decoder = TcpReplyDecoder()
        decoder.expect(ASKED, transaction)
        return decoder

    @pytest.mark.parametrize("name", ["whole", "byte by byte", "in two pieces"])
    def test_reply_survives_every_way_bytes_can_arrive(self, name: str):
        assert fed(self.decoder(), *DELIVERIES[name](encode_reply_tcp(REPLY, 7))) == [REPLY]

    def test_exception_is_handed_out(self):
        refusal = Reply(unit=1, function=4, exception=0x0B)
        assert fed(self.decoder(), encode_reply_tcp(refusal, 7)) == [refusal]

    def test_late_reply_is_told_by_its_transaction(self):
        decoder = self.decoder()
        assert fed(decoder, encode_reply_tcp(REPLY, 6) + encode_reply_tcp(REPLY, 7)) == [REPLY]
        assert (decoder.late_replies, decoder.counters.foreign_frames) == (1, 1)

    @pytest.mark.parametrize(
        "wrong",
        [
            Reply(unit=2, function=4, data=REPLY.data), Reply(unit=1, function=3, data=REPLY.data),
            Reply(unit=1, function=4, data=REPLY.data[:2]),
        ],
        ids=["unit", "function", "length"],
    )
    def test_reply_to_something_else_is_counted_and_dropped(self, wrong: Reply):
        decoder = self.decoder()
        assert fed(decoder, encode_reply_tcp(wrong, 7)) == []
        assert (decoder.late_replies, decoder.counters.foreign_frames) == (0, 1)

    def test_damage_is_passed_byte_by_byte(self):
        decoder = self.decoder()
        # 12 zeros and a broken head: looks like protocol 0 at several places
        assert fed(decoder, bytes(12) + b"\x00\x07\x00\x00\x00", encode_reply_tcp(REPLY, 7)) == [REPLY]
        assert decoder.counters.discarded_bytes == 17

    @given(noise=st.binary(max_size=300))
    def test_any_noise_never_raises(self, noise: bytes):
        decoder = self.decoder()
        fed(decoder, noise)
        decoder.reset()
        assert fed(decoder, encode_reply_tcp(REPLY, 7)) == [REPLY]


class TestMetersSide:
    def test_rtu_request_is_found_behind_noise_and_in_pieces(self):
        decoder = RtuRequestDecoder()
        decoder.feed(b"\x00\xff" + encode_request_rtu(ASKED)[:5])
        assert decoder.next_request() is None
        decoder.feed(encode_request_rtu(ASKED)[5:])
        assert decoder.next_request() == ASKED
        assert decoder.counters.discarded_bytes == 2

    def test_tcp_requests_come_with_their_transactions(self):
        decoder = TcpRequestDecoder()
        decoder.feed(encode_request_tcp(ASKED, 1) + encode_request_tcp(ASKED, 2))
        assert [decoder.next_request(), decoder.next_request(), decoder.next_request()] == [(ASKED, 1), (ASKED, 2), None]

    @given(
        unit=st.integers(1, 255), function=st.sampled_from([3, 4]), address=st.integers(0, 65535), count=st.integers(1, 125),
        transaction=st.integers(0, 65535),
    )
    def test_what_one_side_sends_the_other_understands(self, unit: int, function: int, address: int, count: int, transaction: int):
        request = ReadRequest(unit=unit, function=function, address=address, count=count)
        meter, tcp_meter, tcp_reader = RtuRequestDecoder(), TcpRequestDecoder(), TcpReplyDecoder()
        meter.feed(encode_request_rtu(request))
        tcp_meter.feed(encode_request_tcp(request, transaction))
        assert (meter.next_request(), tcp_meter.next_request()) == (request, (request, transaction))
        reply = Reply(unit=unit, function=function, data=bytes(2 * count))
        tcp_reader.expect(request, transaction)
        assert fed(expecting(request), encode_reply_rtu(reply)) == [reply]
        assert fed(tcp_reader, encode_reply_tcp(reply, transaction)) == [reply]
