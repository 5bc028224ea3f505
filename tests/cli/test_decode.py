"""``hplc-edge decode``: every vector of a meter that has a profile, and what is said about damaged frames."""

import argparse
import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cython_ext.crc16 import crc16_modbus
from edge_agent.cli.decode import COMMAND
from edge_agent.errors import ConfigError
from firmware_profiles.explain import explain
from firmware_profiles.loader import load_all

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "vectors" / "modbus_meters.json").read_text())
PROFILES = load_all()
SDM630_V1 = ("01040000000271CB", "010404436633341B38")


def decode(framing, request, response, profile, *options):
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    return COMMAND.run(parser.parse_args([f"modbus-{framing}", request, response, "--profile", profile, *options]))


def rows_of(capsys, framing, request, response, profile):
    assert decode(framing, request, response, profile, "--json") == 0
    return json.loads(capsys.readouterr().out)


def f32(value):
    return struct.pack(">f", value)


def name_of(vector):
    return f"{vector['meter']}-{vector['quantity']}-{vector['value']}"


def test_every_meter_of_the_vectors_has_a_profile():
    assert {vector["meter"] for vector in VECTORS} <= {profile.meter for profile in PROFILES.values()}


@pytest.mark.parametrize("vector", VECTORS, ids=name_of)
def test_a_recorded_reply_decodes_to_what_its_source_says(vector, capsys):
    rows = rows_of(capsys, vector["framing"], vector["request"], vector["response"], vector["meter"])
    found = [row for row in rows if row["address"] == vector["address"]]
    assert len(found) == 1
    row = found[0]
    # the test of the T5 format itself names no quantity of the meter
    assert row["quantity"] == ("voltage L1" if vector["quantity"] == "T5/T6 decode" else vector["quantity"])
    if vector["value"] is not None and vector["type"] == "float32":
        assert f32(row["value"]) == f32(vector["value"])
        assert row["value"] == vector["value"], "the shortest decimal is printed"
    else:
        assert row["value"] == vector["value"]
    for key in ("unit", "type", "word_order", "scale"):
        if not (key == "unit" and vector["quantity"] == "T5/T6 decode"):
            assert row[key] == vector[key], key


def test_a_value_is_also_given_in_si_units_with_its_column(capsys):
    [row] = rows_of(capsys, "words", "030BED0002", "3F1A1B51", "schneider-iem3255")
    assert (row["value"], row["unit"]) == (0.6019793, "kW")
    assert (row["si_value"], row["si_unit"], row["column"], row["flags"]) == (601.9793, "W", "active_power_w.a", [])


def test_a_marker_gives_no_value_and_says_so(capsys):
    [row] = rows_of(capsys, "words", "030BBD0002", "FFC00000", "schneider-iem3255")
    assert (row["value"], row["si_value"], row["flags"]) == (None, None, ["not_available"])


def test_an_implausible_value_is_shown_but_is_no_measurement(capsys):
    [row] = rows_of(capsys, "words", "04006B0002", "03020000", "iskra-wm3m4")
    assert (row["value"], row["si_value"], row["flags"]) == (131072000, None, ["implausible"])


def test_a_leading_power_factor_is_unfolded_only_in_the_si_value(capsys):
    [row] = rows_of(capsys, "rtu", "01030C0B0002B699", "0103043FFF00690639", "schneider-iem2150")
    assert row["value"] == 1.9922
    assert row["si_value"] == 0.0078


def test_one_unmapped_word_is_shown_raw(capsys):
    rows = rows_of(capsys, "words", "0401000001", "1234", "eastron-sdm630-v2")
    assert [(row["quantity"], row["value"], row["type"], row["address"]) for row in rows] == [("word 0x0100", 0x1234, "uint16", 0x100)]


def test_a_longer_unmapped_run_is_shown_word_by_word_in_address_order(capsys):
    data = "00001C7B" + "0000" * 6 + "000004F300001788097701A603F8007003BA138A"
    rows = rows_of(capsys, "words", "0300000012", data, "Hiking DDS238-2 ZN/S")
    assert [row["quantity"] for row in rows[:7]] == ["active energy total", *(f"word 0x{address:04X}" for address in range(2, 8))]
    assert [row["address"] for row in rows] == sorted(row["address"] for row in rows)


def test_the_same_reply_means_something_else_on_another_meter(capsys):
    frames = ("01040001000621C8", "01040C436B5AB442DC672042480C63AF7C")
    as_pac = rows_of(capsys, "rtu", *frames, "siemens-pac3200")
    as_kbr = rows_of(capsys, "rtu", *frames, "kbr-multicomp-f144")
    assert [row["quantity"] for row in as_pac] == ["voltage L1", "voltage L2", "voltage L3"]
    assert [row["quantity"] for row in as_kbr] == ["voltage L1", "current L1", "frequency"]


def test_an_input_register_profile_says_nothing_about_holding_registers(capsys):
    [row] = rows_of(capsys, "words", "0300000002", "43663334", "eastron-sdm630-v2")
    assert row["quantity"] == "words 0x0000 and 0x0001"


@pytest.mark.parametrize("request_hex", ["01040000000271CB", ""])
def test_a_refusal_gives_its_exception_code(capsys, request_hex):
    [row] = rows_of(capsys, "rtu", request_hex, "018402C2C1", "sdm630")
    assert (row["quantity"], row["value"], row["unit"], row["type"]) == ("exception code", 2, "", "exception")


def test_a_refusal_in_words_and_over_tcp(capsys):
    for framing, request, response in [("words", "0400000002", "8402"), ("tcp", "000700000006010400000002", "000700000003018402")]:
        [row] = rows_of(capsys, framing, request, response, "sdm630")
        assert (row["quantity"], row["value"]) == ("exception code", 2)


def test_a_tcp_frame_decodes(capsys):
    [row] = rows_of(capsys, "tcp", "000700000006010400000002", "00070000000701040443663334", "sdm630")
    assert (row["quantity"], row["value"]) == ("voltage L1", 230.20001)


def test_stray_bytes_around_a_frame_are_skipped(capsys):
    [row] = rows_of(capsys, "rtu", SDM630_V1[0], "00" + SDM630_V1[1] + "00", "sdm630")
    assert row["value"] == 230.20001


def test_spaces_and_lower_case_are_read(capsys):
    [row] = rows_of(capsys, "rtu", "01 04 00 00 00 02 71 cb", "01 04 04 43 66 33 34 1b 38", "EASTRON sdm630 V2")
    assert row["value"] == 230.20001


def test_without_json_one_line_for_people(capsys):
    assert decode("rtu", *SDM630_V1, "sdm630") == 0
    assert capsys.readouterr().out.split() == ["0x0000", "voltage", "L1", "230.20001", "V"]


@pytest.mark.parametrize(
    ("framing", "request_hex", "response_hex", "said"),
    [
        ("rtu", "01040000000271CB", "010404436633341B39", "CRC is 1b 39, the bytes before it give 1b 38"),
        ("rtu", "01040000000271CC", "010404436633341B38", "REQUEST: CRC"),
        ("rtu", "0104000000027", None, None),
        ("rtu", "01040000000271", "010404436633341B38", "has 7 bytes"),
        ("rtu", "020400000002" + "71F8", "010404436633341B38", "answers something else"),
        ("rtu", "010400000004F1C9", "010404436633341B38", "asks for 8"),
        ("rtu", "", "010404436633341B38", "REQUEST is empty"),
        ("rtu", "01040000000271CB", "0104", "has 2 bytes"),
        ("rtu", "010600000002" + "080B", "010404436633341B38", "no read of registers"),
        ("tcp", "000700000006010400000002", "00080000000701040443663334", "transaction"),
        ("tcp", "000700000006010400000002", "00070000000801040443663334", "header says"),
        ("tcp", "0007", "00070000000701040443663334", "has 2 bytes"),
        ("words", "0400000002", "4366", "asks for 4"),
        ("words", "", "43663334", "REQUEST is empty"),
        ("words", "0400000002FF", "43663334", "no read of registers"),
    ],
)
def test_a_wrong_frame_is_told_in_one_line_and_exit_code_1(capsys, framing, request_hex, response_hex, said):
    if response_hex is None:
        with pytest.raises(ConfigError, match="REQUEST is not hexadecimal"):
            decode(framing, request_hex, "00", "sdm630")
        return
    assert decode(framing, request_hex, response_hex, "sdm630") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_an_unknown_profile_is_wrong_use_and_near_names_are_told():
    with pytest.raises(ConfigError, match="eastron-sdm630-v2"):
        decode("rtu", *SDM630_V1, "eastron-sdm63")


def test_a_profile_file_may_be_named(capsys, tmp_path):
    source = Path(PROFILES["eastron-sdm630-v2"].name + ".toml")
    shipped = Path(__file__).parents[2] / "firmware_profiles" / "meters" / source
    (tmp_path / "own.toml").write_text(shipped.read_text().replace('"eastron-sdm630-v2"', '"own"'))
    [row] = rows_of(capsys, "rtu", *SDM630_V1, str(tmp_path / "own.toml"))
    assert row["value"] == 230.20001


@given(st.sampled_from(["rtu", "tcp", "words"]), st.binary(max_size=14), st.binary(max_size=40), st.booleans())
def test_whatever_bytes_are_given_the_answer_is_rows_or_one_line(framing, request_bytes, response, with_crc):
    if with_crc:
        request_bytes, response = (data + crc16_modbus(data).to_bytes(2, "little") for data in (request_bytes, response))
    assert decode(framing, request_bytes.hex(), response.hex(), "sdm630") in (0, 1)


@given(st.integers(0, 0x0200), st.integers(1, 125), st.randoms(use_true_random=False))
def test_any_registers_of_a_known_meter_are_explained_once_each(address, count, random):
    rows = explain(PROFILES["eastron-sdm630-v2"], 4, address, random.randbytes(2 * count))
    words = {"uint16": 1, "uint32": 2, "float32": 2}
    covered = [row.address + offset for row in rows for offset in range(words[row.type])]
    assert covered == list(range(address, address + count))
