"""Frames of Q/GDW 10376.2 from logs, test benches and the text of the standard: what they say, and their bytes back."""

import json
from pathlib import Path

import pytest

from edge_agent.wire.gdw10376_2 import describe, encode, is_known, parse_frame, parse_unit

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "vectors" / "gdw10376_2.json").read_text(encoding="utf-8"))
ALL = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["meaning"])


def wire(vector: dict) -> bytes:
    return bytes.fromhex(vector["hex"])


@ALL
def test_frame_says_what_the_vector_says(vector: dict):
    assert describe(wire(vector)) == vector["decoded"]


@ALL
def test_frame_encodes_to_its_own_bytes(vector: dict):
    assert encode(parse_frame(wire(vector))) == wire(vector)


@ALL
def test_data_of_a_known_function_encodes_to_its_own_bytes(vector: dict):
    frame = parse_frame(wire(vector))
    if is_known(frame.code, frame.direction):
        assert parse_unit(frame).to_bytes() == frame.data
    else:
        assert vector["decoded"]["name"] == "vendor / not in the standard table"


@ALL
def test_description_can_be_written_as_json(vector: dict):
    assert json.loads(json.dumps(describe(wire(vector)))) == describe(wire(vector))


def test_the_file_holds_captures_and_constructed_frames():
    origins = [vector["origin"] for vector in VECTORS]
    assert (origins.count("published"), origins.count("constructed")) == (13, 23)
