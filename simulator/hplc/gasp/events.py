"""Event messages of the application layer (id 8): head, event head, and the reports of outage and power back in them.

Source: Q/GDW 12087.43-2020 as far as read; field order within the head [I]. Version 1, and the length of the event head is 12 bytes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import lru_cache

from simulator.hplc.gasp.bitmap import decode_bitmap, encode_bitmap

PORT, EVENT_ID = 0x11, 8
_VERSION, _EVENT_HEAD_BYTES = 1, 12
_APPLICATION_HEAD = struct.Struct("<BHB")      # port, id, control
_EVENT_HEAD = struct.Struct("<IH6s")           # bit fields, sequence, meter address
_HEAD_BYTES = _APPLICATION_HEAD.size + _EVENT_HEAD.size
_MOST_DATA_BYTES = 0xFFF                       # the length field has twelve bits
_ADDRESS_DIGITS = 12
MOST_ADDRESSES = (_MOST_DATA_BYTES - 3) // 7


class Up(Enum):
    """Functions of a message from a station."""

    BY_METER = 1
    BY_MODULE = 2
    BY_COLLECTOR = 3


class Down(Enum):
    """Functions of a message from the CCO."""

    ACKNOWLEDGED = 1
    ALLOW = 2
    FORBID = 3
    BUFFER_FULL = 4


class ReportKind(IntEnum):
    """First byte of 06H F5's outage content, too: 01 outage, 02 power back."""

    OUTAGE = 1
    RESTORE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``function``: ``Up`` or ``Down``. ``sequence`` stays the same in a repeat. ``address``: of the meter, up to twelve digits."""

    function: Up | Down
    sequence: int
    address: int
    data: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeiReport:
    """Bitmap form. ``bits``: bit k for TEI k."""

    kind: ReportKind
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressReport:
    """Address form: ``live`` and ``dead`` meters by address."""

    kind: ReportKind
    live: tuple[int, ...] = ()
    dead: tuple[int, ...] = ()


def encode_event(event: Event) -> bytes:
    """Raises ValueError for more than 4095 bytes of data, or an address of more than twelve digits."""
    if len(event.data) > _MOST_DATA_BYTES:
        raise ValueError(f"{len(event.data)} bytes of data: {_MOST_DATA_BYTES} are possible")
    fields = _VERSION | _EVENT_HEAD_BYTES << 6 | isinstance(event.function, Up) << 12 | event.function.value << 14 | len(event.data) << 20
    head = _EVENT_HEAD.pack(fields, event.sequence & 0xFFFF, _encode_address(event.address))
    return _APPLICATION_HEAD.pack(PORT, EVENT_ID, 0) + head + event.data


def is_event(payload: bytes) -> bool:
    """Whether a message belongs to the event service, sound or not."""
    return len(payload) >= _APPLICATION_HEAD.size and _APPLICATION_HEAD.unpack_from(payload)[:2] == (PORT, EVENT_ID)


@lru_cache(maxsize=256)          # all receivers of a broadcast decode the same bytes
def decode_event(payload: bytes) -> Event | None:
    """None for what is no sound event message. Bytes behind its data are padding of the carrier and ignored."""
    if not is_event(payload) or len(payload) < _HEAD_BYTES:
        return None
    fields, sequence, raw_address = _EVENT_HEAD.unpack_from(payload, _APPLICATION_HEAD.size)
    head_bytes, length = fields >> 6 & 0x3F, fields >> 20
    data = payload[_HEAD_BYTES:_HEAD_BYTES + length]
    address = _decode_address(raw_address)
    if fields & 0x3F != _VERSION or head_bytes != _EVENT_HEAD_BYTES or len(data) != length or address is None:
        return None
    try:
        function = (Up if fields >> 12 & 1 else Down)(fields >> 14 & 0x3F)
    except ValueError:
        return None
    return Event(function=function, sequence=sequence, address=address, data=data)


def encode_report(report: TeiReport | AddressReport) -> bytes:
    """Data of an up event: type byte 1, 2 (bitmap) or 3, 4 (address), then the layout of its kind. Raises ValueError for too many."""
    if isinstance(report, TeiReport):
        return bytes([int(report.kind)]) + encode_bitmap(report.bits)
    count = len(report.live) + len(report.dead)
    if not 1 <= count <= MOST_ADDRESSES:
        raise ValueError(f"{count} addresses: 1 to {MOST_ADDRESSES} are possible")
    entries = [_encode_address(one) + b"\x01" for one in report.live] + [_encode_address(one) + b"\x00" for one in report.dead]
    return bytes([int(report.kind) + 2]) + count.to_bytes(2, "little") + b"".join(entries)


@lru_cache(maxsize=256)
def decode_report(data: bytes) -> TeiReport | AddressReport | None:
    """None for an unknown type, a length that does not fit, or what is no address."""
    if not data or not 1 <= data[0] <= 4:
        return None
    kind = ReportKind(2 - data[0] % 2)
    if data[0] <= 2:
        bits = decode_bitmap(data[1:])
        return None if bits is None else TeiReport(kind=kind, bits=bits)
    count = int.from_bytes(data[1:3], "little")
    if len(data) < 3 or not count or len(data) != 3 + 7 * count:
        return None
    entries = [(_decode_address(data[at:at + 6]), data[at + 6]) for at in range(3, len(data), 7)]
    if any(address is None or live > 1 for address, live in entries):
        return None
    return AddressReport(
        kind=kind, live=tuple(address for address, live in entries if live and address is not None),
        dead=tuple(address for address, live in entries if not live and address is not None),
    )


def _encode_address(address: int) -> bytes:
    if not 0 <= address < 10**_ADDRESS_DIGITS:
        raise ValueError(f"address {address}: up to {_ADDRESS_DIGITS} digits are possible")
    return bytes.fromhex(f"{address:012d}")[::-1]


def _decode_address(raw: bytes) -> int | None:
    digits = raw[::-1].hex()
    return int(digits) if digits.isdecimal() else None
