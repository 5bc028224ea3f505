"""Bytes of a DL/T 645 value <-> numbers, exactly. The bytes are those after 33H was taken off.

Source: DL/T 645-2007 annex A: BCD, low byte first; the top bit of the highest byte of a signed value is its sign.
"""

from __future__ import annotations

import math
from fractions import Fraction

from firmware_profiles.coding import Decoded, is_plausible
from firmware_profiles.dlt645 import BCD_WITH_TIME, BITS, TEXT_LE, TIME_BYTES, DataPoint

_SIGN_BIT = 0x80
_NO_TIME = bytes(TIME_BYTES)
_PADDING = "\0\xff "


def decode_data_point(point: DataPoint, data: bytes) -> Decoded:
    """Decode the bytes of one value; digits that are none give no value, and it is not plausible.

    Raises:
        ValueError: ``data`` is not ``point.size`` long.
    """
    if len(data) != point.size:
        raise ValueError(f"{point.key}: {len(data)} bytes, expected {point.size}")
    field = data[: point.byte_count]
    if not field.strip(b"\xff"):
        return Decoded(value=None, is_not_available=True)
    if point.coding == TEXT_LE:
        text = field[::-1].decode("latin-1").strip(_PADDING)
        return Decoded(value=text or None, is_not_available=not text, is_plausible=text.isascii())
    if point.coding == BITS:
        word = int.from_bytes(field, "little")
        return Decoded(value=word, si_value=float(word))
    exact = exact_value(point, field)
    if exact is None:
        return Decoded(value=None, is_plausible=False)
    si_value = float(exact * point.si_factor)
    plausible = is_plausible(point.quantity, si_value)
    value = exact.numerator if exact.denominator == 1 else float(exact)
    return Decoded(value=value, si_value=si_value if plausible else None, is_plausible=plausible)


def exact_value(point: DataPoint, field: bytes) -> Fraction | None:
    """The number in ``field`` in the unit of the point; None where a digit is none."""
    top, sign = field[-1], 1
    if point.is_signed and top & _SIGN_BIT:
        top, sign = top & ~_SIGN_BIT, -1
    digits = bytes([top]).hex() + field[-2::-1].hex() if len(field) > 1 else bytes([top]).hex()
    return sign * int(digits) * point.scale if digits.isdecimal() else None


def encode_data_point(point: DataPoint, si_value: float | None) -> bytes:
    """The bytes for a value in SI units, rounded to the point's resolution; None or NaN gives FF.

    The time of a value with one is left 0: "never", which is what a meter says that was just cleared.

    Raises:
        ValueError: the value does not fit, or the point is a text.
    """
    if point.coding == TEXT_LE:
        raise ValueError(f"{point.key}: texts are not encoded from numbers")
    if si_value is None or math.isnan(si_value):
        return b"\xff" * point.size
    if math.isinf(si_value):
        raise ValueError(f"{point.key}: {si_value} is no value of a meter")
    if point.coding == BITS:
        return _word(point, si_value)
    steps = round(Fraction(repr(float(si_value))) / (point.si_factor * point.scale))
    digits = f"{abs(steps):0{2 * point.byte_count}d}"
    field = bytearray(bytes.fromhex(digits)[::-1]) if len(digits) == 2 * point.byte_count else bytearray()
    is_too_large = not field or (point.is_signed and bool(field[-1] & _SIGN_BIT))
    if is_too_large or (steps < 0 and not point.is_signed):
        raise ValueError(f"{point.key}: {si_value} does not fit {point.byte_count} bytes with scale {point.scale} {point.unit}")
    if steps < 0:
        field[-1] |= _SIGN_BIT
    return bytes(field) + (_NO_TIME if point.coding == BCD_WITH_TIME else b"")


def _word(point: DataPoint, value: float) -> bytes:
    try:
        return int(value).to_bytes(point.byte_count, "little")
    except OverflowError as exc:
        raise ValueError(f"{point.key}: {value} does not fit {point.byte_count} bytes") from exc
