"""Whatever comes in on the UART, the CCO stands, answers afterwards, and holds bounded memory."""

from __future__ import annotations

import random

import pytest

from edge_agent.wire.gdw10376_2 import BUFFER_LIMIT, Code, Direction, known_functions, units
from edge_agent.wire.gdw10376_2.frame import CODE_BYTES
from tests.simulator.hplc.cco.scripted import METER, VECTORS, with_archive

RUN_MODE = units.Command(code=Code(3, 10))
REQUESTS = [bytes.fromhex(one["hex"]) for one in VECTORS if one["direction"].startswith("concentrator")]


def framed(body: bytes) -> bytes:
    return bytes([0x68]) + (len(body) + 5).to_bytes(2, "little") + body + bytes([sum(body) & 0xFF, 0x16])


def test_requests_cut_doubled_and_flipped_are_never_an_exception():
    print("seed 7")
    chance, concentrator = random.Random(7), with_archive(METER)
    for _ in range(3000):
        wire = bytearray(chance.choice(REQUESTS) * chance.choice((1, 1, 2)))
        if chance.random() < 0.5:
            wire[chance.randrange(len(wire))] ^= 1 << chance.randrange(8)
        if chance.random() < 0.3:
            del wire[: chance.randrange(len(wire))]
        concentrator.send_bytes(bytes(wire), chance.choice((0.0, 0.05)))
    concentrator.run(120.0)
    concentrator.send_bytes(b"", 1.0)
    assert concentrator.ask(RUN_MODE, wait_s=2.0) is not None


@pytest.mark.parametrize("code", [code for code, direction in known_functions() if direction is Direction.DOWN], ids=str)
def test_every_function_stands_random_data_with_a_right_sum(code):
    seed = code.afn * 256 + code.fn
    print("seed", seed)
    chance, concentrator = random.Random(seed), with_archive(METER)
    group, bit = divmod(code.fn - 1, 8)
    for _ in range(60):
        has_address = chance.random() < 0.5
        addresses = bytes.fromhex("002600000000") + (bytes.fromhex("610100000000") if chance.random() < 0.5 else chance.randbytes(6))
        body = bytes([0x43, 0x04 if has_address else 0, 0, 0, 0, 0, chance.randrange(256)]) + (addresses if has_address else b"")
        body += bytes([code.afn, 1 << bit, group]) + chance.randbytes(chance.choice((0, 1, 3, 6, 7, 20, 300)))
        assert len(body) >= 7 + CODE_BYTES
        concentrator.send_bytes(framed(body), 0.05)
    concentrator.run(70.0)
    assert concentrator.ask(RUN_MODE, wait_s=2.0) is not None


def test_a_babbling_line_fills_no_memory():
    concentrator = with_archive(METER)
    for _ in range(2000):
        concentrator.cco.receive(bytes([0x68, 0xFF, 0x09, 0x43]) * 64, concentrator.now_s)
    assert concentrator.cco.decoder.held_bytes <= BUFFER_LIMIT


def test_output_that_nobody_takes_is_bounded():
    concentrator = with_archive(METER)
    for _ in range(5000):
        concentrator.cco.receive(framed(bytes.fromhex("43000000000001030201")), concentrator.now_s)
    concentrator.cco.advance(concentrator.now_s + 1.0)
    assert len(concentrator.cco.take_output()) <= 65_536
    assert concentrator.cco.core.outbox.dropped_frames > 0


def test_time_does_not_go_back():
    concentrator = with_archive()
    with pytest.raises(ValueError, match="back"):
        concentrator.cco.advance(concentrator.now_s - 1.0)
