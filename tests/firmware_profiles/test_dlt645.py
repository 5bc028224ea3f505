"""DL/T 645 profiles: exact values, sign, what is no value, blocks; wrong files told line by line; frames we did not make."""

import json
import random
from fractions import Fraction
from pathlib import Path

import pytest

from firmware_profiles.dlt645 import DataPoint
from firmware_profiles.dlt645_coding import decode_data_point, encode_data_point, exact_value
from firmware_profiles.loader import ProfileError, load_all, load_profile

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "dlt645_2007.json").read_text())
PROFILES = {name: profile for name, profile in load_all().items() if profile.protocol.startswith("dlt645")}
# the example of the style guide for profiles, word by word but for the comments
EXAMPLE = '''
profile  = "acme-dds1234"
protocol = "dlt645-2007"
firmware = ">=2.1, <3.0"
source   = "ACME DDS1234 data sheet rev C, table 7"

[[point]]
id = "02010100"
quantity = "voltage_v"
phase  = "a"
coding = "bcd_le"
bytes  = 2
scale  = "1/10"

[[golden]]
origin = "data sheet rev C, example 3"
frame  = "68 78 56 34 12 00 00 68 91 06 33 34 34 35 34 55 d4 16"
values = { "voltage_v.a" = 220.1 }
'''


def point(**fields):
    given = {"quantity": "active_power_w", "identifier": "02030000", "byte_count": 3, "scale": Fraction(1, 10000), "unit": "kW", **fields}
    return DataPoint(**given)


SIGNED = point(is_signed=True)


@pytest.mark.parametrize(
    ("field", "kw", "watts"),
    [("122500", 0.2512, 251.2), ("005081", -1.5, -1500.0), ("999979", 79.9999, 79999.9), ("000080", 0, 0.0), ("010080", -0.0001, -0.1)],
)
def test_signed_numbers_are_exact(field, kw, watts):
    decoded = decode_data_point(SIGNED, bytes.fromhex(field))
    assert (decoded.value, decoded.si_value, decoded.is_plausible) == (kw, watts, True)


def test_the_exact_number_is_a_fraction():
    assert exact_value(SIGNED, bytes.fromhex("010080")) == Fraction(-1, 10000)


def test_the_top_bit_of_an_unsigned_number_is_a_digit():
    assert decode_data_point(point(), bytes.fromhex("000095")).value == 95


@pytest.mark.parametrize("field", ["ffffff"])
def test_all_ones_mean_not_available(field):
    decoded = decode_data_point(SIGNED, bytes.fromhex(field))
    assert decoded.is_not_available
    assert decoded.is_plausible
    assert decoded.value is decoded.si_value is None


@pytest.mark.parametrize("field", ["0a0000", "00f000", "00007a", "ffff7f", "ff0000"])
def test_digits_that_are_none_give_no_value_and_are_not_plausible(field):
    decoded = decode_data_point(SIGNED, bytes.fromhex(field))
    assert decoded.value is decoded.si_value is None
    assert not decoded.is_plausible
    assert not decoded.is_not_available


def test_a_voltage_that_cannot_be_is_shown_but_is_no_measurement():
    decoded = decode_data_point(
        point(quantity="voltage_v", place="a", byte_count=3, scale=Fraction(1, 10), unit="V"), bytes.fromhex("000002")
    )
    assert (decoded.value, decoded.si_value, decoded.is_plausible) == (2000, None, False)


def test_every_value_survives_the_way_to_bytes_and_back():
    seed = 645
    print("seed", seed)
    chance = random.Random(seed)
    for made in (SIGNED, point(), point(byte_count=4, scale=Fraction(1, 100), unit="kW", is_signed=True)):
        for _ in range(500):
            limit = 10 ** (2 * made.byte_count) // 10 * (8 if made.is_signed else 10)
            steps = chance.randrange(-limit + 1 if made.is_signed else 0, limit)
            value_w = float(steps * made.scale * made.si_factor)
            field = encode_data_point(made, value_w)
            assert exact_value(made, field) == steps * made.scale


@pytest.mark.parametrize("watts", [800_000.0, -1.0, float("inf")])
def test_what_does_not_fit_is_refused(watts):
    made = point() if watts < 0 else SIGNED
    with pytest.raises(ValueError, match=r"does not fit|no value"):
        encode_data_point(made, watts)


def test_nothing_is_sent_as_ones():
    assert encode_data_point(SIGNED, None) == b"\xff\xff\xff"
    assert encode_data_point(SIGNED, float("nan")) == b"\xff\xff\xff"


def value_vectors():
    for vector in VECTORS:
        decoded = vector["decoded"]
        if decoded.get("reply") and not decoded.get("abnormal") and "value" in decoded and "di" in decoded:
            yield decoded


@pytest.mark.parametrize("decoded", list(value_vectors()), ids=lambda decoded: decoded["data_minus33"])
def test_a_profile_reads_the_published_value(decoded):
    payload = bytes.fromhex(decoded["data_minus33"])[len(decoded["di"]) // 2 :]
    read = [
        (made.unit, decode_data_point(made, payload).value)
        for profile in PROFILES.values() for made in profile.data_points if made.identifier == decoded["di"]
    ]
    read += [
        (made.unit, decode_data_point(made, field).value)
        for profile in PROFILES.values() for block in profile.data_blocks if block.identifier == decoded["di"]
        for made, field in block.split_payload(payload)[:1]
    ]
    if not read:
        assert decoded["di"] == "00440000"      # an identifier of one maker, in no profile
    for unit, value in read:
        assert value == decoded["value"]
        assert unit.replace("1", "") == decoded.get("unit", unit).replace("degC", "Cel").replace("1", "")


def test_a_block_may_be_shorter_or_longer_but_ends_on_a_member():
    block = next(block for block in PROFILES["dlt645-2007-single"].data_blocks if block.identifier == "0001FF00")
    four = bytes.fromhex("56341200")
    assert [made.key for made, _ in block.split_payload(4 * four)][-1] == "active_energy_import_wh.t3"
    assert len(block.split_payload(9 * four)) == 5
    for damaged in (b"", four[:3], 4 * four + b"\0", 5 * four + b"\0", 5 * four + b"\xaa"):
        with pytest.raises(ValueError, match="within a member"):
            block.split_payload(damaged)


def test_at_least_three_meters_of_one_and_three_phases_and_the_old_standard():
    assert {"dlt645-2007-single", "dlt645-2013-single", "dlt645-2007-three", "dlt645-1997"} <= set(PROFILES)
    assert {profile.phases for profile in PROFILES.values()} == {"a", "abc"}


def test_the_example_of_the_style_guide_is_good(tmp_path):
    (tmp_path / "acme.toml").write_text(EXAMPLE)
    profile = load_profile(tmp_path / "acme.toml")
    (made,) = profile.data_points
    assert (made.identifier, made.key, made.unit, made.scale) == ("02010100", "voltage_v.a", "V", Fraction(1, 10))
    assert (profile.serial.baud, profile.serial.format) == (2400, "8E1")


def test_the_example_of_the_documentation_is_good(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text()
    example = next(part.split("```")[0] for part in text.split("```toml\n") if part.startswith('profile  = "acme-dds1234"'))
    (tmp_path / "acme.toml").write_text(example)
    profile = load_profile(tmp_path / "acme.toml")
    assert [block.identifier for block in profile.data_blocks] == ["0201FF00"]


MISTAKES = {
    "identifier of another length": ('"02010100"', '"0201"', "id = '0201': write 8 hexadecimal digits"),
    "identifier of letters": ('"02010100"', '"0201010G"', "id = '0201010G': write 8 hexadecimal digits"),
    "two identifiers for one place": ('"02010100"', '["02010100", "02010200"]', "2 identifiers for 1 places"),
    "key of Modbus": ('bytes  = 2', 'bytes = 2\naddress = 3', "unknown key 'address'"),
    "function of Modbus": ('phase  = "a"', 'phase = "a"\nfunction = 4', "unknown key 'function'"),
    "no length": ('bytes  = 2\n', "", "missing key 'bytes'"),
    "power without unit": ('"voltage_v"\nphase  = "a"', '"active_power_w"', "missing key 'unit'"),
    "unknown coding": ('"bcd_le"', '"bcd"', "coding = 'bcd' is not known"),
    "word as a voltage": ('"bcd_le"', '"bits_le"', "coding = 'bits_le' does not give a gauge"),
    "golden of a wrong value": ("220.1 }", "220.2 }", "voltage_v.a at 02010100: decoded 220.1 V, the document says 220.2"),
    "golden with a wrong sum": ("d4 16", "d5 16", "the sum is d5, the bytes give d4"),
    "golden that is cut": ("34 55 d4 16", "34 55 d4", "is no frame 68 .. 68 .. 16"),
    "golden of a request": (
        "68 78 56 34 12 00 00 68 91 06 33 34 34 35 34 55 d4 16", "68 61 01 00 00 00 00 68 11 04 33 34 34 35 17 16",
        "control code 11 is no reply to a read",
    ),
    "golden of another identifier": (
        "68 78 56 34 12 00 00 68 91 06 33 34 34 35 34 55 d4 16", "68 61 01 00 00 00 00 68 91 07 33 33 36 35 45 58 33 6b 16",
        "voltage_v.a: no such point in the reply to 02030000",
    ),
    "block of nothing": ("[[golden]]", '[[block]]\nid = "0201FF00"\nmembers = []\n\n[[golden]]', "members: name the points"),
    "block of what is not there": (
        "[[golden]]", '[[block]]\nid = "0201FF00"\nmembers = ["02010200"]\n\n[[golden]]', "members 02010200 are no points of this file",
    ),
    "block that is a point": (
        "[[golden]]", '[[block]]\nid = "02010100"\nmembers = ["02010100"]\n\n[[golden]]', "id 02010100 has a meaning already",
    ),
    "the same identifier twice": (
        "[[golden]]", '[[point]]\nid = "02010100"\nquantity = "frequency_hz"\nbytes = 2\n\n[[golden]]', "id 02010100 stands 2 times",
    ),
    "protocol nobody speaks": ('"dlt645-2007"', '"dlt645-2077"', "protocol = 'dlt645-2077' is not known; did you mean 'dlt645-2007'?"),
    "identifier of the old standard": ('"dlt645-2007"', '"dlt645-1997"', "id = '02010100': write 4 hexadecimal digits"),
}


@pytest.mark.parametrize(("before", "after", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_one_line(tmp_path, before, after, expected):
    assert before in EXAMPLE
    path = tmp_path / "acme.toml"
    path.write_text(EXAMPLE.replace(before, after))
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert any(expected in line for line in caught.value.problems), caught.value.problems
    for line in caught.value.problems:
        assert line.startswith(str(path) + ": ")
