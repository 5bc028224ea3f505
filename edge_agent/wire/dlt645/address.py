"""Addresses of DL/T 645: twelve digits in natural order, as printed on the meter; low byte first on the wire.

Source: DL/T 645-2007 section 5.2.2.
"""

from __future__ import annotations

import re

from edge_agent.errors import FrameError

ADDRESS_BYTES = 6
BROADCAST = "9" * 12          # everybody listens, nobody answers
WILDCARD = "A" * 12           # "whoever is there": point to point only
_WRITTEN = re.compile(r"(?:[0-9]{2}|AA){6}")
_SHORTENED = re.compile(r"(?:AA)*([0-9]*)")
# what an address byte may be; everything else is no head of a frame
VALID_BYTES = bytes([*(16 * tens + ones for tens in range(10) for ones in range(10)), 0xAA])


def check_address(address: str) -> str:
    """``address`` itself. Raises ValueError where it is not twelve digits (pairs may be AA, the wildcard)."""
    if _WRITTEN.fullmatch(address) is None:
        raise ValueError(f"address {address!r}: twelve digits are expected, pairs may be AA")
    return address


def address_to_wire(address: str) -> bytes:
    return bytes.fromhex(address)[::-1]


def address_from_wire(field: bytes) -> str:
    """Raises FrameError where ``field`` holds no address."""
    if len(field) != ADDRESS_BYTES or field.translate(None, VALID_BYTES):
        raise FrameError(f"address bytes {field.hex(' ')} are no {2 * ADDRESS_BYTES} BCD digits")
    return field[::-1].hex().upper()


def matches(pattern: str, address: str) -> bool:
    """Whether the meter with ``address`` is meant by the address field ``pattern`` of a request.

    999999999999 means everybody; AA bytes at the high end stand for anything, elsewhere they mean nobody.
    """
    if pattern in (BROADCAST, address):
        return True
    shortened = _SHORTENED.fullmatch(pattern)
    return shortened is not None and len(shortened[1]) < len(pattern) and address.endswith(shortened[1])
