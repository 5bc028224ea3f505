"""``hplc-edge decode PROTOCOL HEX``: one frame, no profile."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cython_ext.crc16 import crc16_modbus
from edge_agent.cli.decode import COMMAND
from edge_agent.cli.decode_frame import frame_from
from edge_agent.errors import ConfigError

DATA = Path(__file__).parents[1] / "data" / "vectors"
VECTORS = {
    "dlt645": json.loads((DATA / "dlt645_2007.json").read_text()),
    "gdw10376.2": json.loads((DATA / "gdw10376_2.json").read_text()),
}
CASES = [(protocol, vector) for protocol, vectors in VECTORS.items() for vector in vectors]
VOLTAGE = "686101000000006891063334343534431016"


def decode(*arguments):
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    return COMMAND.run(parser.parse_args(list(arguments)))


def decoded(capsys, *arguments):
    assert decode(*arguments) == 0
    return json.loads(capsys.readouterr().out)


def with_crc(text):
    body = bytes.fromhex(text)
    return (body + crc16_modbus(body).to_bytes(2, "little")).hex()


@pytest.mark.parametrize(("protocol", "vector"), CASES, ids=[f"{protocol}-{vector['meaning'][:40]}" for protocol, vector in CASES])
def test_a_vector_is_printed_with_its_keys(capsys, protocol, vector):
    said = decoded(capsys, protocol, vector["hex"])
    assert {key: said.get(key, "missing") for key in vector["decoded"]} == vector["decoded"]


@pytest.mark.parametrize(
    "text", [VOLTAGE.upper(), "fefefefe" + VOLTAGE, "FE FE " + VOLTAGE, ":".join(VOLTAGE[at : at + 2] for at in range(0, 36, 2))]
)
def test_spaces_colons_case_and_a_preamble_do_not_matter(capsys, text):
    assert decoded(capsys, "dlt645", text, "--json")["value"] == 100.1


def test_a_dash_reads_standard_input():
    done = subprocess.run(
        [sys.executable, "-m", "edge_agent.cli.main", "decode", "dlt645", "-"],
        input=f"{VOLTAGE[:10]}\n{VOLTAGE[10:]}\n", capture_output=True, text=True, check=True,
    )
    assert json.loads(done.stdout)["quantity"] == "voltage A"


def test_an_endless_standard_input_is_refused_after_a_bounded_read():
    class Endless(io.StringIO):
        characters = 0

        def read(self, size=-1):
            assert 0 < size < 1_000_000
            return "0" * size

    with pytest.raises(ConfigError, match="more than"):
        frame_from("-", Endless())


def test_standard_input_that_is_no_text_is_wrong_use():
    binary = io.TextIOWrapper(io.BytesIO(bytes.fromhex(VOLTAGE.replace("68", "ff"))), encoding="utf-8")
    with pytest.raises(ConfigError, match="no text"):
        frame_from("-", binary)


@pytest.mark.parametrize(
    ("protocol", "text", "said"),
    [
        ("dlt645", VOLTAGE[:-2], "the frame is cut"),
        ("dlt645", VOLTAGE + "00", "1 bytes follow"),
        ("dlt645", VOLTAGE[:-4] + "1116", "sum is 11, the bytes before it give 10"),
        ("dlt645", "", "0 bytes"),
        ("gdw10376.2", "680F00400000000000000101004316", ""),
        ("modbus-rtu", "01040000000271CC", "CRC is 71 cc, the bytes before it give 71 cb"),
        ("modbus-rtu", "01040000000271CB00", "followed by other bytes"),
        ("modbus-rtu", "01", "1 bytes"),
        ("modbus-rtu", with_crc("0103020A"), "neither a request nor a reply"),
        ("modbus-rtu", with_crc("01830201"), "exception reply, which has 1 byte"),
        ("modbus-tcp", "000700000006010400000002FF", "header says protocol 0, 6 bytes, but 7 follow"),
        ("modbus-tcp", "0007", "2 bytes"),
    ],
)
def test_a_wrong_frame_is_told_in_one_line_and_exit_code_1(capsys, protocol, text, said):
    assert decode(protocol, text) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.startswith("hplc-edge decode: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("dlt645", "68zz"), ("dlt645", "681"),
        ("dlt645", VOLTAGE, VOLTAGE, "--profile", "sdm630"), ("dlt645", VOLTAGE, "--profile", "sdm630"),
        ("modbus-words", "0400000002"), ("modbus-rtu", "01040000000271CB", "010404436633341B38"),
        ("modbus-rtu", "01040000000271CB", "--profile", "sdm630"), ("gdw10376.2", "xyz"),
    ],
)
def test_what_is_no_hexadecimal_or_a_wrong_set_of_arguments_is_wrong_use(arguments):
    with pytest.raises(ConfigError) as caught:
        decode(*arguments)
    assert all("\n" not in problem for problem in caught.value.problems)


MODBUS = {
    "01 04 0000 0002": {"unit": 1, "function": 4, "function_name": "read input registers", "kind": "request", "address": 0, "count": 2},
    "01 04 04 43663334": {"unit": 1, "function": 4, "kind": "reply", "byte_count": 4, "registers": [0x4366, 0x3334]},
    "01 84 02": {"unit": 1, "function": 4, "kind": "exception", "exception": 2, "exception_name": "illegal data address"},
    "11 10 0001 0002 04 000A0102": {"function": 16, "kind": "request", "address": 1, "count": 2, "byte_count": 4, "registers": [10, 0x102]},
    "11 10 0001 0002": {"function": 16, "kind": "reply", "address": 1, "count": 2},
    "11 01 05 CD6BB20E1B": {"function": 1, "kind": "reply", "byte_count": 5, "data": "cd6bb20e1b"},
    "11 2B 0E": {"function": 43, "function_name": "?", "kind": "request or reply", "data": "0e"},
}


@pytest.mark.parametrize("body", MODBUS, ids=MODBUS)
def test_a_modbus_frame_says_what_it_is_over_both_framings(capsys, body):
    rtu = decoded(capsys, "modbus-rtu", with_crc(body))
    assert {key: rtu[key] for key in MODBUS[body]} == MODBUS[body]
    assert rtu["crc_ok"] is True
    raw = bytes.fromhex(body)
    tcp = decoded(capsys, "modbus-tcp", (b"\x12\x34\x00\x00" + len(raw).to_bytes(2, "big") + raw).hex())
    assert {**tcp, "framing": "rtu"} == {**{key: value for key, value in rtu.items() if key != "crc_ok"}, "transaction": 0x1234}


@pytest.mark.parametrize(
    ("body", "readings"),
    [
        ("01 06 0001 0003", [{"kind": "request", "address": 1, "value": 3}, {"kind": "reply", "address": 1, "value": 3}]),
        (
            "01 01 03 00 00 08",
            [{"kind": "request", "address": 0x300, "count": 8}, {"kind": "reply", "byte_count": 3, "data": "000008"}],
        ),
    ],
)
def test_a_frame_that_may_be_request_or_reply_is_read_both_ways(capsys, body, readings):
    said = decoded(capsys, "modbus-rtu", with_crc(body))
    assert said["kind"] == "request or reply"
    assert said["readings"] == readings


def test_a_frame_of_sixteen_register_writes_may_not_be_mistaken_for_a_cut_one(capsys):
    assert decode("modbus-rtu", with_crc("11 10 0001 0002 04 000A01")) == 1
    assert "neither" in capsys.readouterr().err


@given(
    st.sampled_from(["dlt645", "gdw10376.2", "modbus-rtu", "modbus-tcp"]), st.binary(max_size=60), st.sampled_from(["plain", "crc", "mbap"])
)
def test_whatever_bytes_are_given_the_answer_is_json_or_one_line(protocol, body, wrapping):
    wrapped = {
        "plain": body,
        "crc": body + crc16_modbus(body).to_bytes(2, "little"),
        "mbap": b"\x00\x01\x00\x00" + len(body).to_bytes(2, "big") + body,
    }
    assert decode(protocol, wrapped[wrapping].hex()) in (0, 1)
