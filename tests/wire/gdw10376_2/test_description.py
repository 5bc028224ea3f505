"""Descriptions of frames that are in no file: the same keys, and one line for what is no frame."""

import json

import pytest

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import AddressField, Code, Direction, DownInfo, Frame10376, UpInfo, describe, encode, request, units
from tests.wire.gdw10376_2.samples import MESSAGE, METER, OTHER, SAMPLES

HEADER = ["L", "C", "dir", "prm", "comm_type", "R"]


def described(code: Code, direction: Direction, data: bytes) -> dict:
    info = UpInfo(sequence=7) if direction is Direction.UP else DownInfo(sequence=7)
    return describe(encode(Frame10376(afn=code.afn, fn=code.fn, info=info, data=data, prm=False)))


@pytest.mark.parametrize(("code", "direction", "data", "unit"), SAMPLES, ids=[f"{c} {d} {u}"[:60] for c, d, _, u in SAMPLES])
def test_every_known_function_is_described_in_json(code, direction, data, unit):
    told = described(code, direction, data)
    assert list(told)[:10] == [*HEADER, "afn", "fn", "name", "data"]
    assert (told["afn"], told["fn"], told["data"]) == (f"{code.afn:02X}", f"F{code.fn}", data.hex())
    assert told["name"] != "vendor / not in the standard table"
    assert "problem" not in told
    assert json.loads(json.dumps(told)) == told


def test_unknown_function_still_shows_header_and_data():
    told = described(Code(0xF0, 7), Direction.UP, b"\x01\x02")
    assert list(told) == [*HEADER, "afn", "fn", "name", "data"]
    assert (told["name"], told["data"]) == ("vendor / not in the standard table", "0102")


def test_function_of_the_standard_without_layout_has_its_name():
    assert described(Code(0x15, 1), Direction.DOWN, b"\x01")["name"] == "file transfer"


def test_data_that_is_not_of_its_layout_is_a_problem_in_one_line():
    told = described(Code(0x10, 21), Direction.UP, b"\x01")
    assert told["problem"] == "10H F21: needs 2 bytes at byte 0, 1 are left"
    assert told["data"] == "01"


def test_addresses_are_listed_from_source_to_destination():
    addresses = AddressField(source="000000002600", destination=METER, relays=(OTHER,))
    told = describe(encode(request(units.MonitorRequest(protocol=2, payload=MESSAGE), sequence=1, addresses=addresses)))
    assert told["A"] == ["000000002600", OTHER, METER]
    assert told["R"]["relay_level"] == told["R"]["module_flag"] == 1
    assert told["payload"] == MESSAGE.hex()


def test_several_meter_frames_are_left_in_the_data():
    one = described(Code(0xF1, 1), Direction.UP, b"\x02\x10\x00" + MESSAGE)
    two = described(Code(0xF1, 1), Direction.UP, b"\x02\x20\x00" + MESSAGE * 2)
    assert one["payload"] == MESSAGE.hex()
    assert "payload" not in two


def test_added_nodes_show_their_protocol_unless_all_speak_645_2007():
    mixed = units.AddNodes(nodes=(units.NodeProtocol(address=METER, protocol=2), units.NodeProtocol(address=OTHER, protocol=3)))
    assert described(mixed.code, Direction.DOWN, mixed.to_bytes())["nodes"] == [
        {"address": METER, "protocol": 2}, {"address": OTHER, "protocol": 3},
    ]


def test_unknown_owner_of_a_meter_is_null():
    stray = units.AreaMismatch(meter=METER, owner_main_address=None)
    told = described(stray.code, Direction.UP, stray.to_bytes())
    assert (told["meter"], told["owner_main_address"]) == (METER, None)


@pytest.mark.parametrize("wire", [b"", b"\x68", bytes(20), bytes.fromhex("681000830000000000020002006DF516")])
def test_bytes_that_are_no_frame_are_a_frame_error_of_one_line(wire: bytes):
    with pytest.raises(FrameError) as caught:
        describe(wire)
    assert str(caught.value)
    assert "\n" not in str(caught.value)
