"""Every request of the function table: bytes written down by hand from DL/T 645-2007 section 7, and what a meter makes of damaged ones."""

from __future__ import annotations

from datetime import datetime

import pytest

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import Frame645, parse_request, request_frame
from edge_agent.wire.dlt645.requests import (
    BroadcastTime,
    ChangeBaud,
    ChangePassword,
    ClearDemand,
    ClearEvents,
    ClearMeter,
    Credentials,
    Freeze,
    Read,
    Read1997,
    ReadAddress,
    ReadMore,
    ReadMore1997,
    Relay,
    Security,
    Write,
    WriteAddress,
)

WHO = Credentials(level=4, password="123456", operator="87654321")
WHO_BYTES = "04 563412 21436587"
# request, control code, data before +33H: low byte first, as the frame formats of section 7 list them
TABLE = [
    (Read(di="0201FF00"), 0x11, "00 FF 01 02"),
    (Read(di="06010001", records=3), 0x11, "01 00 01 06 03"),
    (Read(di="06010001", records=3, since=datetime(2026, 11, 21, 8, 15)), 0x11, "01 00 01 06 03 15 08 21 11 26"),
    (ReadMore(di="03300001", seq=255), 0x12, "01 00 30 03 FF"),
    (ReadAddress(), 0x13, ""),
    (Write(di="04000102", credentials=WHO, payload=b"\x00\x30\x08"), 0x14, "02 01 00 04" + WHO_BYTES + "00 30 08"),
    (WriteAddress(new_address="123456789012"), 0x15, "12 90 78 56 34 12"),
    (BroadcastTime(time=datetime(2026, 11, 21, 23, 59, 58)), 0x08, "58 59 23 21 11 26"),
    (Freeze(), 0x16, "99 99 99 99"),
    (Freeze(minute=30), 0x16, "30 99 99 99"),
    (Freeze(hour=0, minute=0), 0x16, "00 00 99 99"),
    (Freeze(day=1, hour=0, minute=0), 0x16, "00 00 01 99"),
    (Freeze(month=12, day=31, hour=23, minute=45), 0x16, "45 23 31 12"),
    (ChangeBaud(baud=9600), 0x17, "20"),
    (
        ChangePassword(di="04000C05", level=2, password="111111", new_level=4, new_password="654321"), 0x18,
        "05 0C 00 04 02 111111 04 214365",
    ),
    (ClearDemand(credentials=WHO), 0x19, WHO_BYTES),
    (ClearMeter(credentials=WHO), 0x1A, WHO_BYTES),
    (ClearEvents(credentials=WHO), 0x1B, WHO_BYTES + "FF FF FF FF"),
    (ClearEvents(credentials=WHO, di="033004FF"), 0x1B, WHO_BYTES + "FF 04 30 03"),
    (Security(content=b"\x01\x02"), 0x03, "01 02"),
    (
        Relay(credentials=WHO, action=0x1A, valid_until=datetime(2026, 12, 24, 18, 0, 0)), 0x1C,
        WHO_BYTES + "1A 00 00 00 18 24 12 26",
    ),
    (Read1997(di="9010"), 0x01, "10 90"),
    (ReadMore1997(di="901F"), 0x02, "1F 90"),
]
NAMES = [type(row[0]).__name__ for row in TABLE]


@pytest.mark.parametrize(("request_", "control", "data"), TABLE, ids=NAMES)
def test_a_request_has_the_bytes_of_the_standard(request_, control, data):
    expected = Frame645(address="000000000161", control=control, data=bytes.fromhex(data))
    assert request_frame("000000000161", request_) == expected


@pytest.mark.parametrize(("request_", "control", "data"), TABLE, ids=NAMES)
def test_the_meter_gets_back_what_the_master_said(request_, control, data):
    parsed = parse_request(Frame645(address="000000000161", control=control, data=bytes.fromhex(data)))
    assert parsed == request_
    assert type(parsed) is type(request_)


@pytest.mark.parametrize(
    ("control", "data", "said"),
    [
        (0x91, "00000100", "no request that is known"),
        (0x1F, "", "no request that is known"),
        (0x51, "00000100", "no request that is known"),
        (0x11, "000001", "another length"),
        (0x11, "000001000102", "another length"),
        (0x12, "00000100", "another length"),
        (0x13, "00", "another length"),
        (0x14, "0201000404563412214365", "another length"),
        (0x14, "00" * 51, "another length"),
        (0x08, "605923211126", "no time"),
        (0x08, "58592321111A", "no BCD"),
        (0x11, "01000106037508211126", "no time"),
        (0x15, "1290785634AB", "no 12 BCD digits"),
        (0x16, "0000019A", "no BCD"),
        (0x16, "99009999", "99 is only allowed"),
        (0x16, "00990112", "99 is only allowed"),
        (0x17, "30", "baud code 30 is none of"),
        (0x1C, "00" * 16, "no time"),
    ],
)
def test_a_request_that_does_not_fit_its_function_is_told_in_one_line(control, data, said):
    with pytest.raises(FrameError, match=said) as caught:
        parse_request(Frame645(address="000000000161", control=control, data=bytes.fromhex(data)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("freeze", "cycle"),
    [
        (Freeze(), "instant"), (Freeze(minute=5), "hourly at minute 05"), (Freeze(hour=1, minute=0), "daily 01:00"),
        (Freeze(day=1, hour=0, minute=0), "monthly, day 01 00:00"),
        (Freeze(month=3, day=2, hour=1, minute=0), "once, month 03 day 02 01:00"),
    ],
)
def test_a_freeze_says_how_often(freeze, cycle):
    assert freeze.cycle == cycle


@pytest.mark.parametrize(
    "wrong",
    [
        Read(di="0201"), WriteAddress(new_address="12"), Freeze(month=100, day=1, hour=1, minute=1), Read(di="06010001", records=256),
        ClearDemand(credentials=Credentials(level=2, password="12345", operator="00000000")), ReadMore(di="02010100", seq=256),
        Read(di="0201010G"), Read(di="06010001", since=datetime(2026, 1, 1)), ChangeBaud(baud=1234),
        Write(di="04000102", credentials=WHO, payload=bytes(39)),
    ],
)
def test_what_does_not_fit_is_misuse(wrong):
    with pytest.raises(ValueError, match=r".+"):
        request_frame("000000000161", wrong)
