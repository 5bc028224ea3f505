"""Application messages between CCO and stations, events apart (``simulator.hplc.gasp.events``).

``port 1 | identifier 2 | control 1 | word 4 | sequence 2 | meter address 6 | data``; the word holds version (6 bits), head length (6),
direction, start flag, function (6), data length (12). Q/GDW 12087.43-2020 as far as read gives the identifiers, and this layout for the
event message; the others are taken to be like it, with the meter protocol in place of the function [I].
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.addresses import address_bytes, address_text

BUSINESS_PORT = 0x11
VERSION = 1
_FRONT_BYTES, _HEAD_BYTES = 4, 12
OVERHEAD_BYTES = _FRONT_BYTES + _HEAD_BYTES
LONGEST_DATA_BYTES = 2044 - OVERHEAD_BYTES      # of one MSDU
_NO_ADDRESS = "000000000000"


class Identifier(IntEnum):
    """What a message is about."""

    READ = 0x01
    ROUTER_READ = 0x02
    CONCURRENT_READ = 0x03
    BROADCAST = 0x04            # time and other meter frames for everybody
    SEARCH = 0x11
    AREA = 0xA1


_KNOWN = frozenset(Identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierMessage:
    """``function``: the protocol of the meter's frames. ``is_start``: sent by whoever begins."""

    identifier: Identifier
    function: int
    is_up: bool
    sequence: int
    address: str = _NO_ADDRESS
    data: bytes = b""
    is_start: bool = True


def encode_message(message: CarrierMessage) -> bytes:
    """Bytes for the network. Raises ValueError for a field that does not fit."""
    if len(message.data) > LONGEST_DATA_BYTES:
        raise ValueError(f"{len(message.data)} bytes are more than one message holds ({LONGEST_DATA_BYTES})")
    if not 0 <= message.function < 64:
        raise ValueError(f"function {message.function} does not fit 6 bits")
    word = VERSION | _HEAD_BYTES << 6 | message.is_up << 12 | message.is_start << 13 | message.function << 14 | len(message.data) << 20
    head = bytes([BUSINESS_PORT]) + message.identifier.to_bytes(2, "little") + bytes(1) + word.to_bytes(4, "little")
    return head + (message.sequence & 0xFFFF).to_bytes(2, "little") + address_bytes(message.address) + message.data


def decode_message(wire: bytes) -> CarrierMessage:
    """The message. Raises FrameError in one line for anything else."""
    if len(wire) < OVERHEAD_BYTES or wire[0] != BUSINESS_PORT:
        raise FrameError(f"{len(wire)} bytes are no application message")
    identifier, word = int.from_bytes(wire[1:3], "little"), int.from_bytes(wire[4:8], "little")
    if identifier not in _KNOWN:
        raise FrameError(f"application message {identifier:04X} is not known")
    if word & 0x3F != VERSION or word >> 6 & 0x3F != _HEAD_BYTES:
        raise FrameError(f"application message of version {word & 0x3F} with a head of {word >> 6 & 0x3F} bytes")
    length = word >> 20
    if length != len(wire) - OVERHEAD_BYTES:
        raise FrameError(f"application message says {length} bytes of data and has {len(wire) - OVERHEAD_BYTES}")
    return CarrierMessage(
        identifier=Identifier(identifier), function=word >> 14 & 0x3F, is_up=bool(word >> 12 & 1), is_start=bool(word >> 13 & 1),
        sequence=int.from_bytes(wire[8:10], "little"), address=address_text(wire[10:16]), data=wire[OVERHEAD_BYTES:],
    )
