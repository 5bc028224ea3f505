"""Messages on the power line: layout bit by bit, and everything that is none."""

from __future__ import annotations

import contextlib
import random

import pytest

from edge_agent.errors import FrameError
from simulator.hplc.cco.messages import LONGEST_DATA_BYTES, CarrierMessage, Identifier, decode_message, encode_message
from simulator.hplc.gasp.events import Event, Up, encode_event

READ = CarrierMessage(
    identifier=Identifier.CONCURRENT_READ, function=2, is_up=False, sequence=0x1234, address="123456789012", data=b"\xab\xcd",
)


def test_head_and_word_are_those_of_the_sheet():
    wire = encode_message(READ)
    assert wire[:4] == bytes([0x11, 0x03, 0x00, 0x00]), "port, identifier, control"
    word = int.from_bytes(wire[4:8], "little")
    assert (word & 63, word >> 6 & 63, word >> 12 & 1, word >> 13 & 1, word >> 14 & 63, word >> 20) == (1, 12, 0, 1, 2, 2)
    assert wire[8:16] == bytes.fromhex("3412129078563412"), "sequence and address, low byte first"
    assert wire[16:] == b"\xab\xcd"


def test_the_word_is_laid_out_as_the_one_of_events():
    event = encode_event(Event(function=Up.BY_MODULE, sequence=7, address=161, data=b"\x01"))
    mine = encode_message(CarrierMessage(
        identifier=Identifier.SEARCH, function=2, is_up=True, sequence=7, address="000000000161", data=b"\x01", is_start=False,
    ))
    assert event[3:] == mine[3:]


@pytest.mark.parametrize("identifier", Identifier)
def test_messages_come_back_as_they_were_sent(identifier):
    sent = CarrierMessage(identifier=identifier, function=1, is_up=True, sequence=9, data=bytes(LONGEST_DATA_BYTES), is_start=False)
    wire = encode_message(sent)
    assert len(wire) == 2044
    assert decode_message(wire) == sent


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="2029 bytes"):
        encode_message(CarrierMessage(identifier=Identifier.READ, function=0, is_up=True, sequence=0, data=bytes(LONGEST_DATA_BYTES + 1)))
    with pytest.raises(ValueError, match="function 64"):
        encode_message(CarrierMessage(identifier=Identifier.READ, function=64, is_up=True, sequence=0))


def test_cut_changed_and_foreign_bytes_raise_one_kind_of_error_only():
    print("seed 20")
    chance, wire = random.Random(20), encode_message(READ)
    for _ in range(20_000):
        damaged = bytearray(wire)
        for _ in range(chance.randrange(4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        del damaged[chance.randrange(len(damaged) + 1):]
        with contextlib.suppress(FrameError):
            decode_message(bytes(damaged))
