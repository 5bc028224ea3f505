"""How one value of DL/T 645 stands in bytes, and back: exact, and never an exception for what a line delivers.

Source: DL/T 645-2007 sections 5.3.2 (low byte first), 6.2.1.1 (packed BCD) and annex A.1, A.3 notes 2, 3, 6 (the sign is the top bit).
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import TypeAlias

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645.clock import date_from_wire, date_to_wire, datetime_from_wire, datetime_to_wire, time_from_wire, time_to_wire
from edge_agent.wire.dlt645.digits import text_from_wire, text_to_wire

Value: TypeAlias = Decimal | int | str | datetime | date | time
_SIGN_BIT = 0x80
_PAD = " \x00"


class Coding(enum.Enum):
    """What the bytes of a field are."""

    NUMBER = "packed BCD, low byte first"
    SIGNED = "packed BCD, low byte first, top bit of the last byte is the sign"
    WORD = "bits, low byte first"
    DIGITS = "digits as text, low byte first"
    TEXT = "ASCII, low byte first"
    SECOND = "ss mm hh DD MM YY"
    MINUTE = "mm hh DD MM YY"
    SECOND_WEEK = "ss mm hh WW DD MM YY"
    DATE = "WW DD MM YY, WW 0 = Sunday"
    TIME = "ss mm hh"
    RAW = "no format is known"


class Quality(enum.Enum):
    """Why a value is there or not."""

    GOOD = "good"
    NOT_AVAILABLE = "not available"        # FF in every byte, or a time of only zeros: the meter has no such value
    NOT_DECODABLE = "not decodable"        # digits that are none, a date that does not exist, a wrong length
    RAW = "raw"                            # no format is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """``size`` in bytes (0: whatever comes); ``decimals`` of a number in ``unit``."""

    name: str
    unit: str = ""
    coding: Coding = Coding.NUMBER
    size: int = 0
    decimals: int = 0


def decode_field(field: Field, raw: bytes) -> tuple[Value | None, Quality]:
    """The value in ``field.unit``, or None and why."""
    if field.coding is Coding.RAW:
        return None, Quality.RAW
    if len(raw) != field.size:
        return None, Quality.NOT_DECODABLE
    if raw.count(0xFF) == len(raw) and field.coding is not Coding.WORD:
        return None, Quality.NOT_AVAILABLE
    if field.coding in _WITH_DATE and not any(raw):
        return None, Quality.NOT_AVAILABLE
    try:
        return _DECODERS[field.coding](raw, field.decimals), Quality.GOOD
    except (FrameError, ValueError):
        return None, Quality.NOT_DECODABLE


def encode_field(field: Field, value: Value | Fraction | None) -> bytes:
    """The ``field.size`` bytes of ``value``, rounded to the field's decimals (half to even); None gives FF in every byte.

    Raises:
        ValueError, TypeError: a value that the field cannot hold; a field without a known format.
    """
    if field.coding is Coding.RAW:
        raise ValueError(f"{field.name}: no format is known")
    if value is None:
        return b"\xff" * field.size
    raw = _encode(field, value)
    if len(raw) != field.size:
        raise ValueError(f"{field.name}: {value} does not fit into {field.size} bytes")
    return raw


def _encode(field: Field, value: Value | Fraction) -> bytes:
    coding = field.coding
    if coding in (Coding.NUMBER, Coding.SIGNED) and isinstance(value, Decimal | int | Fraction):
        return _encode_number(field, value)
    if coding is Coding.WORD and isinstance(value, int):
        return value.to_bytes(field.size, "little")
    if coding is Coding.DIGITS and isinstance(value, str):
        return text_to_wire(value, field.size)
    if coding is Coding.TEXT and isinstance(value, str):
        return value.encode("ascii").ljust(field.size)[::-1]
    if isinstance(value, datetime):
        wire = datetime_to_wire(value)
        if coding is Coding.SECOND_WEEK:
            return wire[:3] + date_to_wire(value)
        if coding in (Coding.SECOND, Coding.MINUTE):
            return wire[1 if coding is Coding.MINUTE else 0 :]
    elif coding is Coding.DATE and isinstance(value, date):
        return date_to_wire(value)
    elif coding is Coding.TIME and isinstance(value, time):
        return time_to_wire(value)
    raise TypeError(f"{field.name}: {value!r} is no value of the form {coding.value!r}")


def _encode_number(field: Field, value: Decimal | int | Fraction) -> bytes:
    if isinstance(value, Decimal):
        scaled = int(value.scaleb(field.decimals).to_integral_value(ROUND_HALF_EVEN))
    else:
        scaled = round(Fraction(value) * 10**field.decimals)
    highest = 8 * 10 ** (2 * field.size - 1) - 1 if field.coding is Coding.SIGNED else 10 ** (2 * field.size) - 1
    if abs(scaled) > highest or (scaled < 0 and field.coding is Coding.NUMBER):
        raise ValueError(f"{field.name}: {value} {field.unit} does not fit into {field.size} bytes")
    raw = bytearray.fromhex(f"{abs(scaled):0{2 * field.size}d}")[::-1]
    if scaled < 0:
        raw[-1] |= _SIGN_BIT
    return bytes(raw)


def _number(raw: bytes, decimals: int) -> Value:
    digits = raw[::-1].hex()
    if not digits.isdigit():
        raise FrameError(f"{raw.hex(' ')} is no BCD")
    return Decimal(int(digits)).scaleb(-decimals) if decimals else int(digits)


def _signed(raw: bytes, decimals: int) -> Value:
    if not raw[-1] & _SIGN_BIT:
        return _number(raw, decimals)
    magnitude = _number(raw[:-1] + bytes([raw[-1] & ~_SIGN_BIT]), decimals)
    assert isinstance(magnitude, Decimal | int)
    return -magnitude


def _text(raw: bytes, decimals: int) -> Value:
    text = raw[::-1].decode("ascii").strip(_PAD)
    if not text.isprintable():
        raise FrameError(f"{raw.hex(' ')} is no text")
    return text


def _digits(raw: bytes, decimals: int) -> Value:
    if not raw.hex().isdigit():
        raise FrameError(f"{raw.hex(' ')} is no BCD")
    return text_from_wire(raw)


def _second_week(raw: bytes, decimals: int) -> Value:
    return datetime.combine(date_from_wire(raw[3:]), time_from_wire(raw[:3]))


_DECODERS: dict[Coding, Callable[[bytes, int], Value]] = {
    Coding.NUMBER: _number,
    Coding.SIGNED: _signed,
    Coding.WORD: lambda raw, decimals: int.from_bytes(raw, "little"),
    Coding.DIGITS: _digits,
    Coding.TEXT: _text,
    Coding.SECOND: lambda raw, decimals: datetime_from_wire(raw),
    Coding.MINUTE: lambda raw, decimals: datetime_from_wire(b"\x00" + raw),
    Coding.SECOND_WEEK: _second_week,
    Coding.DATE: lambda raw, decimals: date_from_wire(raw),
    Coding.TIME: lambda raw, decimals: time_from_wire(raw),
}
_WITH_DATE = frozenset({Coding.SECOND, Coding.MINUTE, Coding.SECOND_WEEK, Coding.DATE})
