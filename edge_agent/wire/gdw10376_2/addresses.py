"""Addresses: 12 digits in natural order on our side, 6 bytes low byte first on the wire."""

from __future__ import annotations

ADDRESS_BYTES = 6
BROADCAST = "999999999999"


def address_bytes(address: str) -> bytes:
    """Wire form of 12 digits. Hex digits pass too: wildcards (AA) and unset bytes (FF) are not BCD.

    Raises:
        ValueError: not 12 hex digits.
    """
    if len(address) != 2 * ADDRESS_BYTES or not address.isalnum():
        raise ValueError(f"address {address!r} is not 12 digits")
    return bytes.fromhex(address)[::-1]


def address_text(wire: bytes) -> str:
    """The 12 digits, high digit first."""
    return wire[::-1].hex().upper()
