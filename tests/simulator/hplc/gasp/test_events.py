"""Event messages: the layout byte by byte, and whatever else may come from a line."""

from __future__ import annotations

import random

import pytest

from simulator.hplc.gasp.bitmap import bits_of
from simulator.hplc.gasp.events import (
    AddressReport,
    Down,
    Event,
    ReportKind,
    TeiReport,
    Up,
    decode_event,
    decode_report,
    encode_event,
    encode_report,
)

OUTAGE = Event(function=Up.BY_MODULE, sequence=0x1234, address=123456789012, data=b"\x01\x05\x00\x01")
# by hand: port 11, id 8, control 0; version 1, head length 12 (03 03), direction up (+10), function 2 (bits 14 up: 80), 4 bytes of data
# (bits 20 up: 40 00); sequence; address in BCD from its end; data
OUTAGE_BYTES = bytes.fromhex("11 08 00 00  01 93 40 00  34 12  12 90 78 56 34 12  01 05 00 01")


def test_an_event_has_the_layout_of_the_standard() -> None:
    assert encode_event(OUTAGE) == OUTAGE_BYTES
    assert decode_event(OUTAGE_BYTES) == OUTAGE


def test_an_acknowledgement_goes_down_with_the_sequence_it_answers() -> None:
    told = Event(function=Down.ACKNOWLEDGED, sequence=77, address=1)
    assert encode_event(told)[4:10] == bytes.fromhex("01 43 00 00 4d 00")
    assert decode_event(encode_event(told)) == told


def test_padding_behind_the_data_is_no_part_of_it() -> None:
    assert decode_event(OUTAGE_BYTES + bytes(40)) == OUTAGE


def test_the_type_byte_tells_bitmap_and_address_form() -> None:
    assert encode_report(TeiReport(kind=ReportKind.OUTAGE, bits=bits_of([9])))[0] == 1
    assert encode_report(TeiReport(kind=ReportKind.RESTORE, bits=bits_of([9])))[0] == 2
    assert encode_report(AddressReport(kind=ReportKind.OUTAGE, dead=(9,)))[0] == 3
    by_address = encode_report(AddressReport(kind=ReportKind.RESTORE, live=(987654321098,), dead=(5,)))
    assert by_address == bytes.fromhex("04 02 00  98 10 32 54 76 98 01  05 00 00 00 00 00 00")
    assert decode_report(by_address) == AddressReport(kind=ReportKind.RESTORE, live=(987654321098,), dead=(5,))


@pytest.mark.parametrize("length", range(len(OUTAGE_BYTES)))
def test_a_truncated_event_is_none(length: int) -> None:
    assert decode_event(OUTAGE_BYTES[:length]) is None


@pytest.mark.parametrize(
    ("place", "value"), [(0, 0x12), (1, 1), (4, 2), (5, 0x13), (6, 0x4F), (7, 0x01), (12, 0xAA)],
    ids=["port", "id", "version", "function 0", "function 62", "length", "address"],
)
def test_a_head_that_says_something_impossible_is_none(place: int, value: int) -> None:
    damaged = bytearray(OUTAGE_BYTES)
    damaged[place] = value
    assert decode_event(bytes(damaged)) is None


def test_a_message_down_is_no_message_up() -> None:
    turned = bytearray(OUTAGE_BYTES)
    turned[5] &= ~0x10
    event = decode_event(bytes(turned))
    assert event is not None
    assert event.function is Down.ALLOW
    assert event != OUTAGE


@pytest.mark.parametrize(
    "data", [b"", b"\x00\x01\x00\x01", b"\x05\x01\x00\x01", b"\x03", b"\x03\x00\x00", b"\x03\x02\x00" + bytes(7),
             b"\x03\x01\x00" + bytes(8), b"\x03\x01\x00\xaa" + bytes(6), b"\x03\x01\x00" + bytes(6) + b"\x02"],
    ids=["empty", "type 0", "type 5", "no count", "none", "one missing", "too long", "no digits", "neither live nor dead"],
)
def test_a_report_that_is_not_sound_is_none(data: bytes) -> None:
    assert decode_report(data) is None


def test_random_bytes_never_raise() -> None:
    seed = 11
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(20_000):
        mutated = bytearray(OUTAGE_BYTES)
        for _ in range(chance.randint(1, 4)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        for payload in (bytes(mutated), chance.randbytes(chance.randint(0, 40))):
            event = decode_event(payload)
            decode_report(event.data if event is not None else payload)


@pytest.mark.parametrize("count", [0, 600])
def test_addresses_that_fit_no_event_are_an_error(count: int) -> None:
    with pytest.raises(ValueError, match="addresses"):
        encode_report(AddressReport(kind=ReportKind.RESTORE, live=tuple(range(count))))
