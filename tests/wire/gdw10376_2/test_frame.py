"""Frames: fields and bytes, and one line for what is no frame."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import MAX_FRAME_BYTES, AddressField, DownInfo, Frame10376, UpInfo, encode, parse_frame

# Q/GDW 10376.2-2024 fixes the places: 68, L, C = 43, R, A1, A2, A3, AFN 13, DT 01 00, data, CS, 16; summed by hand.
RELAYED = bytes.fromhex("68 21 00 43 14 00 00 00 00 09 010000000000 020000000000 030000000000 13 01 00 7A 16")
DENY = bytes.fromhex("68 10 00 83 00 00 00 00 00 02 00 02 00 0A 91 16")  # "deny, error 10" of the vectors

MAIN, METER = "000000002600", "000000000161"

digits = st.text("0123456789", min_size=12, max_size=12)
nibble = st.integers(0, 15)
byte = st.integers(0, 255)


@st.composite
def frames(draw) -> Frame10376:
    addresses = draw(st.none() | st.builds(AddressField, source=digits, destination=digits))
    if draw(st.booleans()):
        info = draw(
            st.builds(
                UpInfo, sequence=byte, without_route=st.booleans(), relay_level=nibble, channel=nibble, phase=nibble, meter_channel=nibble,
                command_quality=nibble, reply_quality=nibble, event_pending=st.booleans(),
            )
        )
    else:
        info = draw(
            st.builds(
                DownInfo, sequence=byte, without_route=st.booleans(), has_subordinates=st.booleans(), detects_conflict=st.booleans(),
                channel=nibble, coding=nibble, expected_reply_bytes=byte, rate=st.integers(0, 0x7FFF), rate_is_kbit=st.booleans(),
            )
        )
        if addresses is not None:
            relays = tuple(draw(st.lists(digits, max_size=15)))
            addresses = dataclasses.replace(addresses, relays=relays)
            info = dataclasses.replace(info, relay_level=len(relays))
    return Frame10376(
        afn=draw(byte), fn=draw(st.integers(1, 248)), info=info, data=draw(st.binary(max_size=300)), addresses=addresses,
        prm=draw(st.booleans()), comm_type=draw(st.integers(0, 63)),
    )


@given(frames())
def test_every_frame_comes_back_from_its_bytes(frame: Frame10376):
    wire = encode(frame)
    assert int.from_bytes(wire[1:3], "little") == len(wire)
    assert parse_frame(wire) == frame


@given(st.binary(min_size=6, max_size=6), st.booleans())
def test_every_information_field_keeps_its_bits(information: bytes, is_up: bool):
    flags = information[0]
    address_bytes = 12 + (0 if is_up else 6 * (flags >> 4)) if flags & 4 else 0
    body = bytes([0x83 if is_up else 0x43]) + information + bytes(address_bytes) + b"\x03\x01\x00"
    wire = b"\x68" + (len(body) + 5).to_bytes(2, "little") + body + bytes([sum(body) & 0xFF, 0x16])
    assert encode(parse_frame(wire)) == wire


def test_relays_travel_between_source_and_destination():
    frame = parse_frame(RELAYED)
    assert frame.addresses == AddressField(source="000000000001", relays=("000000000002",), destination="000000000003")
    assert (frame.info.relay_level, frame.code) == (1, (0x13, 1))
    assert encode(frame) == RELAYED


def test_upward_frame_has_no_relays_whatever_its_level():
    up = Frame10376(
        afn=0xF1, fn=1, info=UpInfo(sequence=1, relay_level=3), addresses=AddressField(source="0" * 12, destination="1" * 12), prm=False
    )
    assert len(encode(up)) == 15 + 12
    assert parse_frame(encode(up)) == up


WRONG = {
    "nothing": (b"", "0 bytes"),
    "too short": (DENY[:14], "14 bytes"),
    "wrong start": (b"\x69" + DENY[1:], "from 69"),
    "wrong end": (DENY[:-1] + b"\x17", "to 17"),
    "one byte less than its length": (DENY[:5] + DENY[6:], "length field says 16"),
    "one byte more than its length": (DENY + b"\x16", "length field says 16"),
    "wrong sum": (DENY[:-2] + b"\x92\x16", "checksum is 92"),
    "two information classes": (bytes.fromhex("68 10 00 83 00 00 00 00 00 02 00 03 00 0A 92 16"), "class 03 00"),
    "no information class": (bytes.fromhex("68 10 00 83 00 00 00 00 00 02 00 00 00 0A 8F 16"), "class 00 00"),
    "information class group 31": (bytes.fromhex("68 10 00 83 00 00 00 00 00 02 00 02 1F 0A B0 16"), "class 02 1F"),
    "addresses longer than the frame": (bytes.fromhex("68 10 00 83 04 00 00 00 00 02 00 02 00 0A 95 16"), "addresses of 12 bytes"),
    "longer than any frame": (b"\x68" + (3000).to_bytes(2, "little") + bytes(2995) + b"\x00\x16", "longer than 2560"),
}


@pytest.mark.parametrize(("wire", "complaint"), WRONG.values(), ids=WRONG)
def test_what_is_no_frame_is_refused_in_one_line(wire: bytes, complaint: str):
    with pytest.raises(FrameError, match=complaint) as caught:
        parse_frame(wire)
    assert "\n" not in str(caught.value)


WRONG_FIELDS = {
    "Fn 0": {"fn": 0},
    "Fn 249": {"fn": 249},
    "communication type of 7 bits": {"comm_type": 64},
    "AFN of 9 bits": {"afn": 256},
    "too long": {"data": bytes(MAX_FRAME_BYTES)},
    "relay level without relays": {"info": DownInfo(sequence=0, relay_level=1), "addresses": AddressField(source=MAIN, destination=METER)},
    "relays upward": {"info": UpInfo(sequence=0), "addresses": AddressField(source=METER, destination=MAIN, relays=(METER,))},
    "address of 11 digits": {"addresses": AddressField(source=MAIN[1:], destination=METER)},
    "address with a sign": {"addresses": AddressField(source="+" + MAIN[1:], destination=METER)},
    "rate of 16 bits": {"info": DownInfo(sequence=0, rate=0x8000)},
    "phase of 5 bits": {"info": UpInfo(sequence=0, phase=16)},
    "sequence of 9 bits": {"info": UpInfo(sequence=256)},
}


@pytest.mark.parametrize("fields", WRONG_FIELDS.values(), ids=WRONG_FIELDS)
def test_field_that_does_not_fit_is_not_sent(fields: dict):
    whole = {"afn": 3, "fn": 10, "info": DownInfo(sequence=0)} | fields
    with pytest.raises(ValueError, match=r".+"):
        encode(Frame10376(**whole))
