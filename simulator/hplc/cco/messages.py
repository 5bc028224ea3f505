"""Application messages on the power line: head, event layout and identifiers of Q/GDW 12087.43-2020.

``port 1 | identifier 2 | control 1 | word 4 | sequence 2 | meter address 6 | data``; the word holds version (6 bits), head length (6),
direction, start flag, function (6), data length (12). The text gives this layout for the event message; the others are taken to be
like it, with the meter protocol in place of the function [I].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.addresses import ADDRESS_BYTES, address_bytes, address_text

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
    EVENT = 0x08
    SEARCH = 0x11
    AREA = 0xA1


class EventFunction(IntEnum):
    """Up 1 to 3: who noticed it. Down: answers of the CCO."""

    BY_METER = 1
    BY_MODULE = 2
    BY_COLLECTOR = 3
    ACKNOWLEDGED = 1
    ALLOW = 2
    FORBID = 3
    BUFFER_FULL = 4


class SupplyForm(IntEnum):
    """First byte of the data of event functions 2 and 3."""

    OUTAGE_BITMAP = 1
    POWER_BACK_BITMAP = 2
    OUTAGE_ADDRESSES = 3
    POWER_BACK_ADDRESSES = 4


_KNOWN = frozenset(Identifier)
_FORMS = frozenset(SupplyForm)
_BITMAPS = (SupplyForm.OUTAGE_BITMAP, SupplyForm.POWER_BACK_BITMAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierMessage:
    """``function``: of an event, an EventFunction; else the protocol of the meter's frames. ``is_start``: sent by whoever begins."""

    identifier: Identifier
    function: int
    is_up: bool
    sequence: int
    address: str = _NO_ADDRESS
    data: bytes = b""
    is_start: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyNews:
    """Outage or power back: TEIs of a bitmap, or addresses with their state (a collector may also tell of meters that live)."""

    is_outage: bool
    teis: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()
    live: tuple[bool, ...] = ()


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


def bitmap_data(teis: Sequence[int], *, is_outage: bool) -> bytes:
    """Start TEI and bitmap; bit 0 of the first byte is the start TEI. Raises ValueError for no TEI."""
    start = min(teis)
    bits = sum(1 << tei - start for tei in set(teis))
    form = SupplyForm.OUTAGE_BITMAP if is_outage else SupplyForm.POWER_BACK_BITMAP
    return bytes([form]) + start.to_bytes(2, "little") + bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def address_data(addresses: Sequence[str], live: Sequence[bool], *, is_outage: bool) -> bytes:
    """Count and addresses, each with 0 dead or 1 not dead."""
    form = SupplyForm.OUTAGE_ADDRESSES if is_outage else SupplyForm.POWER_BACK_ADDRESSES
    entries = (address_bytes(address) + bytes([lives]) for address, lives in zip(addresses, live, strict=True))
    return bytes([form]) + len(addresses).to_bytes(2, "little") + b"".join(entries)


def supply_news(data: bytes) -> SupplyNews:
    """What the data of an event of function 2 or 3 says. Raises FrameError in one line."""
    if len(data) < 3 or data[0] not in _FORMS:
        raise FrameError(f"{len(data)} bytes are no supply event")
    form, number = SupplyForm(data[0]), int.from_bytes(data[1:3], "little")
    is_outage = form in (SupplyForm.OUTAGE_BITMAP, SupplyForm.OUTAGE_ADDRESSES)
    if form in _BITMAPS:
        bits = int.from_bytes(data[3:], "little")
        return SupplyNews(is_outage=is_outage, teis=tuple(number + at for at in range(bits.bit_length()) if bits >> at & 1))
    entries = data[3:]
    if len(entries) != number * (ADDRESS_BYTES + 1):
        raise FrameError(f"supply event of {number} addresses has {len(entries)} bytes for them")
    cut = [entries[at : at + ADDRESS_BYTES + 1] for at in range(0, len(entries), ADDRESS_BYTES + 1)]
    return SupplyNews(
        is_outage=is_outage, addresses=tuple(address_text(entry[:ADDRESS_BYTES]) for entry in cut),
        live=tuple(bool(entry[ADDRESS_BYTES]) for entry in cut),
    )
