"""Every published, captured and constructed frame of the vectors decodes to its fields and encodes to its bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge_agent.wire.dlt645 import Decoder645, Direction, decode_frame, describe, encode, parse_request, request_frame

VECTORS = json.loads((Path(__file__).parents[2] / "data" / "vectors" / "dlt645_2007.json").read_text())
ids = [f"{number}-{vector['meaning'][:40]}" for number, vector in enumerate(VECTORS)]


def test_all_vectors_are_here():
    assert len(VECTORS) == 68


@pytest.mark.parametrize("vector", VECTORS, ids=ids)
def test_a_vector_decodes_to_its_fields(vector):
    described = describe(bytes.fromhex(vector["hex"]))
    assert {key: described.get(key, "missing") for key in vector["decoded"]} == vector["decoded"]
    json.dumps(described)


@pytest.mark.parametrize("vector", VECTORS, ids=ids)
def test_a_vector_encodes_to_its_bytes(vector):
    sent = bytes.fromhex(vector["hex"])
    assert encode(decode_frame(sent), preamble=vector["decoded"].get("preamble_FE", 0)) == sent


@pytest.mark.parametrize("vector", VECTORS, ids=ids)
def test_a_vector_is_found_in_a_stream_by_its_side_only(vector):
    sent = bytes.fromhex(vector["hex"])
    for direction in Direction:
        decoder = Decoder645(accepts=direction)
        decoder.feed(b"\x00" + sent)
        if vector["direction"] == direction.value:
            assert decoder.next_frame() == decode_frame(sent)
        else:
            assert decoder.next_frame() is None
            assert decoder.foreign_frames == 1


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if not vector["decoded"]["reply"]])
def test_a_request_is_rebuilt_from_what_it_says(vector):
    frame = decode_frame(bytes.fromhex(vector["hex"]))
    assert request_frame(frame.address, parse_request(frame)) == frame
