"""Wrong profile files: every problem at once, each line with file, point and what to do."""

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_profiles.loader import METERS, ProfileError, load_all, load_profile

GOOD = '''
profile = "acme-1"
maker = "ACME"
meter = "ACME One"
source = "ACME One data sheet rev C, table 7"
function = 4

[[point]]
quantity = "voltage_v"
place = "a"
address = 0
type = "u16"
scale = "1/10"
unit = "V"
poll = "presence"

[[point]]
quantity = "active_power_w"
address = 2
type = "f32"
unit = "kW"

[[golden]]
origin = "worked out by hand: 2201 is 0899h"
address = 0
words = "08 99"
values = { "voltage_v.a" = 220.1 }
'''


def problems_of(tmp_path, text):
    path = tmp_path / "acme.toml"
    path.write_text(text)
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    for line in caught.value.problems:
        assert line.startswith(str(path) + ": ")
        assert "\n" not in line
        assert ";" in line or "CRC" in line, f"says not what to do: {line}"
    return [line.removeprefix(str(path) + ": ") for line in caught.value.problems]


def test_the_good_file_is_good(tmp_path):
    (tmp_path / "acme.toml").write_text(GOOD)
    profile = load_profile(tmp_path / "acme.toml")
    assert (profile.name, profile.maker, profile.meter, profile.function) == ("acme-1", "ACME", "ACME One", 4)
    assert [(point.key, point.function) for point in profile.points] == [("voltage_v.a", 4), ("active_power_w", 4)]


MISTAKES = {
    "unknown key": ('function = 4', 'function = 4\nbaud = 9600', "unknown key 'baud'"),
    "unknown key of a point": (
        'unit = "kW"', 'unit = "kW"\nadress = 3', "point 2 (active_power_w): unknown key 'adress'; did you mean 'address'?",
    ),
    "missing meter": ('meter = "ACME One"\n', "", "missing key 'meter'"),
    "name that is none": ('"acme-1"', '"ACME 1"', "profile = 'ACME 1' is no name"),
    "empty meter": ('"ACME One"', '""', "meter is empty"),
    "missing source": ('source = "ACME One data sheet rev C, table 7"\n', "", "missing key 'source'"),
    "source that names nothing": ('ACME One data sheet rev C, table 7', "manual", "source = 'manual' names nothing"),
    "wrong type of a key": (
        'address = 2', 'address = "2"', "point 2 (active_power_w): address = '2' has the wrong type; write a whole number",
    ),
    "true as a number": ('address = 2', 'address = true', "address = True has the wrong type"),
    "unknown quantity": (
        '"active_power_w"', '"active_power"', "point 2 (active_power): quantity = 'active_power' is not known; did you mean",
    ),
    "unknown place": ('place = "a"', 'place = "l1"', "point 1 (voltage_v.l1): place = 'l1' is none of this quantity; use one of"),
    "unknown type": ('type = "f32"', 'type = "float"', "type = 'float' is not known"),
    "unknown unit": ('unit = "kW"', 'unit = "KW"', "unit = 'KW' is not known; did you mean 'kW'?"),
    "unit of another dimension": (
        'unit = "kW"', 'unit = "kWh"', "unit = 'kWh' does not measure active_power_w; use one of 'W', 'kW', 'MW'",
    ),
    "missing unit": ('unit = "kW"\n', "", "point 2 (active_power_w): missing key 'unit'"),
    "scale as a float": ('scale = "1/10"', "scale = 0.1", "scale = 0.1 is not exact"),
    "scale that is no fraction": ('"1/10"', '"a tenth"', "scale = 'a tenth' is no fraction"),
    "scale of nothing": ('"1/10"', '"0"', "scale = '0' is not above 0"),
    "division by zero": ('"1/10"', '"1/0"', "scale = '1/0' is no fraction"),
    "address beyond the end": ('address = 2', 'address = 65535', "its last word is beyond 65535"),
    "address off the map": ('address = 2', 'address = 400001', "address = 400001: out of range"),
    "overlap": ('address = 2', 'address = 0', "point 2 (active_power_w): 0x0000 lies within point 1 (voltage_v.a) at 0x0000"),
    "twice the same column": (
        '"active_power_w"\naddress = 2\ntype = "f32"\nunit = "kW"', '"voltage_v"\nplace = "a"\naddress = 2\ntype = "f32"\nunit = "V"',
        "point 2 (voltage_v.a): point 1 gives it too",
    ),
    "longer than a read": ('function = 4', 'function = 4\nlimits = { max_words = 1 }', "takes 2 words, [limits] max_words allows 1"),
    "odd where even is needed": (
        'function = 4', 'function = 4\nlimits = { even_only = true }', "point 1 (voltage_v.a): odd address or size",
    ),
    "limits out of range": ('function = 4', 'function = 4\nlimits = { max_words = 126 }', "[limits]: max_words = 126: out of range"),
    "unknown serial format": ('function = 4', 'function = 4\nserial = { format = "8X1" }', "[serial]: format = '8X1' is not known"),
    "function that reads nothing": ('function = 4', 'function = 6', "function = 6: out of range; give 3 to 4"),
    "firmware that is no range": ('function = 4', 'function = 4\nfirmware = "2.1"', "firmware = '2.1' is no range"),
    "presence nowhere": ('poll = "presence"\n', "", 'no point has poll = "presence"'),
    "unknown poll": ('"presence"', '"often"', "poll = 'often' is not known"),
    "coding of another quantity": ('unit = "kW"', 'unit = "kW"\ncoding = "four_quadrant_pf"', "is for power_factor only"),
    "text without length": ('type = "f32"', 'type = "text"', "words is for text points"),
    "marker too wide": ('unit = "V"', 'unit = "V"\nno_value = [0x1FFFF]', "not the bits of 1 words"),
    "both names of the place": ('place = "a"', 'place = "a"\nphase = "a"', "place and phase mean the same"),
    "identity without codes": ('function = 4', 'function = 4\nidentity = { address = 11 }', "[identity]: says not what to expect"),
    "identity too wide": ('function = 4', 'function = 4\nidentity = { address = 11, codes = [70000] }', "do not fit 1 words"),
    "golden of a wrong value": ('220.1 }', '220.2 }', "voltage_v.a at 0x0000: decoded 220.1 V, the document says 220.2"),
    "golden of an unknown point": (
        '"voltage_v.a" = 220.1', '"voltage_v.b" = 220.1', "voltage_v.b: no such point in the words 0x0000..0x0000",
    ),
    "golden marker that is a number": ('220.1 }', '"none" }', "decoded 220.1 V, the document says no value"),
    "golden without values": ('values = { "voltage_v.a" = 220.1 }', "", "golden 1: no values"),
    "golden without bytes": ('words = "08 99"\n', "", "no bytes; give request and response"),
    "golden without address": ('address = 0\nwords', "words", "golden 1: missing key 'address'"),
    "golden of half a word": ('"08 99"', '"08"', "a register has two bytes"),
    "golden that is not hexadecimal": ('"08 99"', '"08 9g"', "is not hexadecimal"),
    "golden frame with a wrong CRC": (
        'address = 0\nwords = "08 99"', 'request = "01 04 00 00 00 01 31 ca"\nresponse = "01 04 02 08 99 7f 5a"', "response: the CRC",
    ),
    "golden frame that answers something else": (
        'address = 0\nwords = "08 99"',
        'request = "01 04 00 00 00 02 71 cb"\nresponse = "01 04 02 08 99 7e 9a"', "does not answer the request",
    ),
    "no golden": (GOOD[GOOD.index("[[golden]]"):], "", "no [[golden]]"),
}


@pytest.mark.parametrize(("old", "new", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_one_line(tmp_path, old, new, said):
    assert GOOD.count(old) == 1
    problems = problems_of(tmp_path, GOOD.replace(old, new))
    assert any(said in line for line in problems), problems


def test_a_golden_frame_is_verified_like_words(tmp_path):
    # CRC by an independent calculator: 01 04 02 08 99 -> 7e 9a
    frame = 'request = "01 04 00 00 00 01 31 ca"\nresponse = "01 04 02 08 99 7e 9a"'
    (tmp_path / "acme.toml").write_text(GOOD.replace('address = 0\nwords = "08 99"', frame))
    assert load_profile(tmp_path / "acme.toml").golden[0].response[3:5] == b"\x08\x99"


def test_all_problems_of_a_file_are_told_at_once(tmp_path):
    text = GOOD.replace('"kW"', '"kWh"').replace('"1/10"', '"ten"').replace("08 99", "08 9")
    text = text.replace("function = 4", 'function = 4\nfirmwre = "1"')
    said = "\n".join(problems_of(tmp_path, text))
    for part in ("firmwre", "kWh", "ten", "hexadecimal"):
        assert part in said


def test_a_wrong_point_brings_no_second_complaint_about_its_golden_value(tmp_path):
    problems = problems_of(tmp_path, GOOD.replace('scale = "1/10"', 'scale = "ten"'))
    assert len([line for line in problems if "voltage_v.a" in line]) == 1


def test_markers_of_a_type_hold_for_all_its_points_unless_a_point_has_its_own(tmp_path):
    text = GOOD.replace("function = 4", "function = 4\nno_value = { u16 = [0xFFFF], f32 = [0x80000000] }").replace(
        'unit = "kW"', 'unit = "kW"\nno_value = []'
    )
    (tmp_path / "acme.toml").write_text(text)
    assert [point.no_value for point in load_profile(tmp_path / "acme.toml").points] == [(0xFFFF,), ()]


def test_places_in_a_list_are_values_one_after_the_other(tmp_path):
    text = GOOD.replace("address = 2", 'place = ["a", "b", ""]\naddress = 2\nstep = 4')
    (tmp_path / "acme.toml").write_text(text)
    assert [(point.key, point.address) for point in load_profile(tmp_path / "acme.toml").points[1:]] == [
        ("active_power_w.a", 2), ("active_power_w.b", 6), ("active_power_w", 10),
    ]


def test_a_file_that_is_no_toml_or_absent_is_one_problem(tmp_path):
    assert "is not valid TOML" in problems_of(tmp_path, "profile = ")[0]
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path / "absent.toml")


def test_two_files_may_not_claim_one_name(tmp_path):
    (tmp_path / "a.toml").write_text(GOOD.replace("acme-1", "abb-b21"))
    with pytest.raises(ProfileError, match=r"'abb-b21' is also .*meters/abb-b21\.toml"):
        load_all([tmp_path])


def test_own_directories_add_to_the_shipped_profiles(tmp_path):
    (tmp_path / "a.toml").write_text(GOOD)
    assert {"acme-1", "abb-b21"} <= set(load_all([tmp_path]))
    with pytest.raises(ProfileError, match="is no directory"):
        load_all([tmp_path / "absent"])


# whatever stands in a file, the loader answers with a profile or with a list of problems
_ANYTHING = st.sampled_from(
    ['"x"', "3", "-1", "0.5", "nan", "true", "[]", '["a"]', "[1]", "{}", "{ a = 1 }", "[[]]", "99999999999999999999", '""', "2026-01-01"]
)
_LINES = [number for number, line in enumerate(GOOD.splitlines()) if " = " in line]


def is_answered(path):
    try:
        return load_profile(path).name
    except ProfileError as exc:
        return all(line.startswith(str(path)) for line in exc.problems)


@given(st.sampled_from(_LINES), _ANYTHING)
def test_any_value_anywhere_is_read_or_told(tmp_path_factory, number, value):
    lines = copy.copy(GOOD.splitlines())
    lines[number] = f"{lines[number].split(' = ')[0]} = {value}"
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text("\n".join(lines))
    assert is_answered(path)


@given(st.sampled_from(["point", "golden", "limits", "serial", "identity", "no_value", "models", "also_functions"]), _ANYTHING)
def test_any_value_of_a_section_is_read_or_told(tmp_path_factory, key, value):
    text = "\n".join(line for line in GOOD.split("[[")[0].splitlines()) if key in ("point", "golden") else GOOD
    path = tmp_path_factory.getbasetemp() / "section.toml"
    path.write_text(f"{key} = {value}\n{text}")
    assert is_answered(path)


def test_the_shipped_directory_is_part_of_the_package():
    assert Path(__file__).parents[2] / "firmware_profiles" / "meters" == METERS


def test_the_example_of_the_documentation_is_a_good_file(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text()
    (tmp_path / "acme-one.toml").write_text(page.split("```toml\n")[1].split("```")[0])
    assert load_profile(tmp_path / "acme-one.toml").name == "acme-one"
