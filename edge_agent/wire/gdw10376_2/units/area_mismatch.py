"""The message inside 06H F5 that says to which area a meter belongs: framed like DL/T 645, with control 9E.

``68 | meter 6 | 68 | 9E | 07 | 36 (03 + 33H) | owner 6 (+ 33H, FF: unknown) | CS | 16``.
Source: Q/GDW 10376.2-2024 section 6.5.7.3.5 e), table 62.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.wire.gdw10376_2.addresses import ADDRESS_BYTES, address_bytes, address_text

_START, _END = 0x68, 0x16
_HEAD = bytes([_START, 0x9E, 0x07, 0x36])
_HEAD_AT = 1 + ADDRESS_BYTES
_OWNER_AT = _HEAD_AT + len(_HEAD)
_LENGTH = _OWNER_AT + ADDRESS_BYTES + 2
_OFFSET = 0x33
_UNKNOWN = b"\xff" * ADDRESS_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The meter, and the main node address of its area where that is known."""

    meter: str
    owner_main_address: str | None


def find(content: bytes) -> Found | None:
    """What ``content`` says, or None when it is no such message."""
    if len(content) != _LENGTH or content[0] != _START or content[_HEAD_AT:_OWNER_AT] != _HEAD:
        return None
    if content[-1] != _END or sum(content[:-2]) & 0xFF != content[-2]:
        return None
    owner = bytes((byte - _OFFSET) & 0xFF for byte in content[_OWNER_AT:-2])
    return Found(meter=address_text(content[1:_HEAD_AT]), owner_main_address=None if owner == _UNKNOWN else address_text(owner))


def content_of(meter: str, owner_main_address: str | None) -> bytes:
    """The message. Raises ValueError for what is no address."""
    owner = _UNKNOWN if owner_main_address is None else address_bytes(owner_main_address)
    body = bytes([_START]) + address_bytes(meter) + _HEAD + bytes((byte + _OFFSET) & 0xFF for byte in owner)
    return body + bytes([sum(body) & 0xFF, _END])
