"""Data identifiers: every row of the table with bytes worked out by hand, exactness, and what is no value."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.wire.dlt645 import Quality, decode_data, encode_data, identifier
from edge_agent.wire.dlt645.status_words import status_names

# identifier, payload low byte first, name, unit, value
TABLE = [
    ("00000000", "01 00 00 80", "combined active energy total (current)", "kWh", Decimal("-0.01")),
    ("00010000", "78 56 34 12", "forward active energy total (current)", "kWh", Decimal("123456.78")),
    ("00020000", "99 99 99 99", "reverse active energy total (current)", "kWh", Decimal("999999.99")),
    ("00030000", "50 00 00 00", "combined reactive energy 1 total (current)", "kvarh", Decimal("0.50")),
    ("00040000", "50 00 00 80", "combined reactive energy 2 total (current)", "kvarh", Decimal("-0.50")),
    ("00080000", "01 00 00 00", "reactive energy quadrant 4 total (current)", "kvarh", Decimal("0.01")),
    ("00010300", "34 12 00 00", "forward active energy tariff 3 (current)", "kWh", Decimal("12.34")),
    ("00013F00", "34 12 00 00", "forward active energy tariff 63 (current)", "kWh", Decimal("12.34")),
    ("0001000C", "34 12 00 00", "forward active energy total (month -12)", "kWh", Decimal("12.34")),
    ("00150000", "34 12 00 00", "forward active energy phase A total (current)", "kWh", Decimal("12.34")),
    ("02010100", "05 23", "voltage A", "V", Decimal("230.5")),
    ("02010300", "05 23", "voltage C", "V", Decimal("230.5")),
    ("02020200", "99 49 80", "current B", "A", Decimal("-4.999")),
    ("02030000", "12 25 00", "active power total", "kW", Decimal("0.2512")),
    ("02030300", "12 25 80", "active power C", "kW", Decimal("-0.2512")),
    ("02040000", "31 43 80", "reactive power total", "kvar", Decimal("-0.4331")),
    ("02050000", "99 99 79", "apparent power total", "kVA", Decimal("79.9999")),
    ("02060000", "01 05", "power factor total", "", Decimal("0.501")),
    ("02060100", "00 90", "power factor A", "", Decimal("-1.000")),
    ("02070100", "05 36", "phase angle A", "deg", Decimal("360.5")),
    ("02080200", "50 01", "voltage distortion B", "%", Decimal("1.50")),
    ("02800001", "56 34 12", "neutral current", "A", Decimal("123.456")),
    ("02800002", "98 49", "grid frequency", "Hz", Decimal("49.98")),
    ("02800003", "12 25 00", "mean active power of one minute", "kW", Decimal("0.2512")),
    ("02800004", "12 25 00", "active power demand", "kW", Decimal("0.2512")),
    ("02800007", "54 80", "temperature in meter", "degC", Decimal("-5.4")),
    ("02800008", "65 03", "clock battery voltage", "V", Decimal("3.65")),
    ("0280000A", "45 23 01 00", "battery working time", "min", 12345),
    ("03110000", "12 00 00", "outage count", "", 12),
    ("04000101", "06 21 11 26", "date", "", date(2026, 11, 21)),
    ("04000102", "30 15 08", "time", "", time(8, 15, 30)),
    ("0400010C", "30 15 08 06 21 11 26", "date and time", "", datetime(2026, 11, 21, 8, 15, 30)),
    ("04000401", "78 56 34 12 00 00", "communication address", "", "000012345678"),
    ("04000404", "20 20 56 30 32 32", "rated voltage", "", "220V"),
    ("04000409", "00 12 00", "active constant", "imp/kWh", 1200),
    ("04000503", "11 00", "status word 3", "", 0x11),
    ("9010", "01 00 00 00", "forward active energy total", "kWh", Decimal("0.01")),
    ("B611", "30 02", "voltage A", "V", 230),
    ("B623", "50 12", "current C", "A", Decimal("12.50")),
    ("B630", "12 25 00", "active power total", "kW", Decimal("0.2512")),
    ("C011", "30 15 08", "time", "", time(8, 15, 30)),
]


@pytest.mark.parametrize(("di", "payload", "name", "unit", "value"), TABLE, ids=[row[0] for row in TABLE])
def test_a_single_value(di, payload, name, unit, value):
    [decoded] = decode_data(di, bytes.fromhex(payload))
    assert (decoded.name, decoded.unit, decoded.value, decoded.quality) == (name, unit, value, Quality.GOOD)
    assert type(decoded.value) is type(value)
    assert decoded.raw == bytes.fromhex(payload)


@pytest.mark.parametrize(("di", "payload", "name", "unit", "value"), [row for row in TABLE if row[0] != "04000404"])
def test_the_meter_encodes_it_to_the_same_bytes(di, payload, name, unit, value):
    assert encode_data(di, [value]) == bytes.fromhex(payload)


BLOCKS = [
    ("0201FF00", "05 23 FF FF FF FF", [("voltage A", Decimal("230.5")), ("voltage B", None), ("voltage C", None)]),
    ("0201FF00", "05 23", [("voltage A", Decimal("230.5"))]),
    ("0203FF00", "12 25 00" * 4, [(f"active power {which}", Decimal("0.2512")) for which in ("total", "A", "B", "C")]),
    (
        "0001FF00", "03 00 00 00 02 00 00 00 01 00 00 00",
        [(f"forward active energy {which} (current)", Decimal(n) / 100) for which, n in (("total", 3), ("tariff 1", 2), ("tariff 2", 1))],
    ),
    (
        "000100FF", "03 00 00 00 02 00 00 00",
        [(f"forward active energy total {when}", Decimal(n) / 100) for when, n in (("(current)", 3), ("(month -1)", 2))],
    ),
    (
        "01010000", "12 25 00 15 08 21 11 26",
        [
            ("forward active maximum demand total (current)", Decimal("0.2512")),
            ("forward active maximum demand total (current), time", datetime(2026, 11, 21, 8, 15)),
        ],
    ),
    (
        "03110001", "00 15 08 21 11 26 05 25 08 21 11 26",
        [("start of outage", datetime(2026, 11, 21, 8, 15)), ("end of outage", datetime(2026, 11, 21, 8, 25, 5))],
    ),
    ("0311000A", "00 15 08 21 11 26" + "00" * 6, [("start of outage", datetime(2026, 11, 21, 8, 15)), ("end of outage", None)]),
    (
        "03300402", "07 00 00 00" + "00 15 08 21 11 26 05 25 08 21 11 26",
        [("operator", "00000007"), ("time before setting", datetime(2026, 11, 21, 8, 15)),
         ("time after setting", datetime(2026, 11, 21, 8, 25, 5))],
    ),
    ("040005FF", "0100" * 7, [(f"status word {number}", 1) for number in range(1, 8)]),
    (
        "901F", "03 00 00 00" * 2 + "AA",
        [("forward active energy total", Decimal("0.03")), ("forward active energy tariff 1", Decimal("0.03"))],
    ),
]


@pytest.mark.parametrize(("di", "payload", "values"), BLOCKS)
def test_blocks_and_records(di, payload, values):
    assert [(value.name, value.value) for value in decode_data(di, bytes.fromhex(payload))] == values


@pytest.mark.parametrize(("di", "payload", "values"), [row for row in BLOCKS if row[0] not in ("901F", "0311000A")])
def test_the_meter_encodes_blocks_and_records(di, payload, values):
    assert encode_data(di, [value for _, value in values]) == bytes.fromhex(payload)


def test_a_cover_record_has_energies_before_and_after():
    payload = bytes.fromhex("00 15 08 21 11 26 05 25 08 21 11 26") + b"".join(bytes([n, 0, 0, 0]) for n in range(1, 10)) + bytes(12)
    values = decode_data("03300D01", payload)
    assert len(values) == 14
    assert (values[2].name, values[2].value) == ("forward active energy before opening", Decimal("0.01"))
    assert (values[8].name, values[8].unit, values[8].value) == ("forward active energy after opening", "kWh", Decimal("0.07"))
    assert (values[13].name, values[13].unit) == ("reactive energy quadrant 4 after opening", "kvarh")


@pytest.mark.parametrize(
    ("di", "payload", "quality"),
    [
        ("02010100", "FFFF", Quality.NOT_AVAILABLE),
        ("02020100", "FFFFFF", Quality.NOT_AVAILABLE),
        ("02010100", "0A23", Quality.NOT_DECODABLE),
        ("02010100", "05A3", Quality.NOT_DECODABLE),
        ("02030000", "1225C0", Quality.GOOD),
        ("02030000", "12258A", Quality.NOT_DECODABLE),
        ("02010100", "05", Quality.NOT_DECODABLE),
        ("02010100", "052300", Quality.NOT_DECODABLE),
        ("0201FF00", "052305", Quality.NOT_DECODABLE),
        ("0201FF00", "0523" * 4, Quality.NOT_DECODABLE),
        ("0101FF00", "122500", Quality.NOT_DECODABLE),
        ("04000101", "00310226", Quality.NOT_DECODABLE),
        ("04000101", "00000000", Quality.NOT_AVAILABLE),
        ("04000102", "606060", Quality.NOT_DECODABLE),
        ("04000404", "202056303201", Quality.NOT_DECODABLE),
        ("04000404", "2020563032FE", Quality.NOT_DECODABLE),
        ("04000501", "FFFF", Quality.GOOD),
        ("05060101", "1234", Quality.RAW),
        ("06010001", "A0A0", Quality.RAW),
        ("02900100", "1234", Quality.RAW),
        ("04FFAAF9", "1234", Quality.RAW),
    ],
)
def test_what_is_no_value_says_why(di, payload, quality):
    [value] = decode_data(di, bytes.fromhex(payload))
    assert value.quality is quality
    assert (value.value is None) is (quality is not Quality.GOOD)


def test_nothing_behind_the_identifier_is_no_value_at_all():
    assert decode_data("06010001", b"") == ()
    assert decode_data("02010100", b"") == ()


@pytest.mark.parametrize(
    "di", ["00014000", "0001000D", "0001FFFF", "02010400", "02010001", "02030400", "0311000B", "03110100", "04000508", "9999"]
)
def test_what_lies_outside_a_table_is_unknown(di):
    assert identifier(di) is None


@given(st.sampled_from([("02030000", 4, -799_999, 799_999), ("00010000", 2, 0, 99_999_999), ("02010100", 1, 0, 9999)]), st.data())
def test_numbers_are_exact_both_ways(row, data):
    di, decimals, low, high = row
    value = Decimal(data.draw(st.integers(low, high))).scaleb(-decimals)
    [decoded] = decode_data(di, encode_data(di, [value]))
    assert (decoded.value, decoded.quality) == (value, Quality.GOOD)


@given(st.binary(max_size=80), st.sampled_from([row[0] for row in TABLE + BLOCKS] + ["05060101", "04FFAAF9"]))
def test_no_payload_raises(payload, di):
    values = decode_data(di, payload)
    assert all((value.value is None) is (value.quality is not Quality.GOOD) for value in values)


def test_a_value_is_rounded_half_to_even_and_none_is_not_available():
    assert encode_data("02010100", [Fraction(23055, 100)]).hex() == "0623"
    assert encode_data("02010100", [Decimal("230.45")]).hex() == "0423"
    assert encode_data("02010100", [231]).hex() == "1023"
    assert encode_data("02020100", [None]).hex() == "ffffff"


@pytest.mark.parametrize(
    ("di", "values", "error"),
    [
        ("02010100", [Decimal(1000)], ValueError), ("02010100", [Decimal("-0.1")], ValueError), ("02030000", [80], ValueError),
        ("02010100", [], ValueError), ("02010100", [1, 2], ValueError), ("0201FF00", [], ValueError), ("04FFAAF9", [1], ValueError),
        ("05060101", ["12"], ValueError), ("02010100", ["230"], TypeError), ("04000101", [12], TypeError), ("03110001", [None], ValueError),
        ("04000404", ["far too long"], ValueError),
    ],
)
def test_what_does_not_fit_is_misuse(di, values, error):
    with pytest.raises(error):
        encode_data(di, values)


@pytest.mark.parametrize(
    ("number", "word", "names"),
    [
        (1, 0b1100, ["clock battery low", "outage battery low"]),
        (3, 0, []),
        (3, 0b11100, ["programming enabled", "relay open", "battery supply"]),
        (3, 0b00010, ["auxiliary supply"]),
        (4, 1 << 7 | 1, ["voltage loss", "phase missing"]),
        (6, 1 << 8 | 1 << 15, ["current cut", "bit 15"]),
        (7, 1 << 5, ["power down"]),
    ],
)
def test_status_words_are_read_bit_by_bit(number, word, names):
    assert status_names(number, word) == names
