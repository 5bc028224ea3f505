"""Register bytes <-> numbers, exactly.

Integers times an exact fraction are rounded once, so that 2201 x 1/10 is 220.1. A float32 becomes the shortest decimal that gives
the same 32 bits (230.20001, not 230.2000122), and that decimal is scaled exactly: 4.216 kW is 4216.0 W.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from firmware_profiles.quantities import QUANTITIES
from firmware_profiles.schema import FOUR_QUADRANT_POWER_FACTOR, TEXT, Point

_INTEGERS = {"u16": (16, False), "i16": (16, True), "u32": (32, False), "i32": (32, True), "u64": (64, False), "i64": (64, True)}
_F32 = struct.Struct(">f")
_F64 = struct.Struct(">d")
_LARGEST_INTEGER = 1 << 64
_MANTISSA_DIGITS = 6       # six decimal digits fit the 24-bit mantissa of t5 and the 23 bits and sign of t6
_LOWEST_EXPONENT = -128
_MANTISSA_LIMIT = 10**_MANTISSA_DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """``value`` in the meter's unit (text for text points), None = not available or infinite; ``si_value`` None also when implausible."""

    value: float | int | str | None
    si_value: float | None = None
    is_not_available: bool = False
    is_plausible: bool = True


def shortest_f32(value: float) -> str:
    """The shortest decimal whose float32 is ``value`` (itself a finite float32)."""
    return str(np.float32(value))       # numpy prints the shortest that is unique, in half a microsecond


def decode_point(point: Point, data: bytes) -> Decoded:
    """Decode the bytes of one point, high byte first in each register.

    Raises:
        ValueError: ``data`` is not ``2 * point.words`` long.
    """
    if len(data) != 2 * point.words:
        raise ValueError(f"{point.key}: {len(data)} bytes, expected {2 * point.words}")
    if point.type == TEXT:
        # some makers spread a name over the words with zero bytes between
        text = data.translate(None, b"\0\xff").decode("ascii", errors="replace").strip()
        return Decoded(value=text or None, is_not_available=not text)
    exact = _exact(point, data)
    if exact is None:
        return Decoded(value=None, is_not_available=True)
    if isinstance(exact, float):
        return Decoded(value=None, is_plausible=False)  # infinite: answered, but no number
    value = exact * point.scale
    si_value = _float(_physical(point, value) * point.si_factor)
    plausible = is_plausible(point.quantity, si_value)
    return Decoded(value=_number(value), si_value=si_value if plausible else None, is_plausible=plausible)


def encode_point(point: Point, si_value: float | None) -> bytes:
    """Register bytes for a value in SI units, rounded to the point's resolution; None or NaN gives the no-value marker.

    Raises:
        ValueError: the value does not fit or would read as "not available", or there is no marker for None, or the point is text.
    """
    if point.type == TEXT:
        raise ValueError(f"{point.key}: text points are not encoded from numbers")
    if si_value is None or math.isnan(si_value):
        return _ordered(point, _no_value_bytes(point))
    if math.isinf(si_value):
        raise ValueError(f"{point.key}: {si_value} is no value of a meter")
    try:
        data = _encode_exact(point, Fraction(repr(float(si_value))) / (point.si_factor * point.scale))
    except OverflowError as exc:
        raise ValueError(f"{point.key}: {si_value} does not fit {point.type} with scale {point.scale} {point.unit}") from exc
    if int.from_bytes(data, "big") in point.no_value:
        raise ValueError(f"{point.key}: {si_value} would read as the marker for a value that is not available")
    return _ordered(point, data)


def is_plausible(quantity: str, si_value: float) -> bool:
    """Whether ``si_value`` is finite and within the plausible range of ``quantity``."""
    known = QUANTITIES[quantity]
    return (known.low is None or si_value >= known.low) and (known.high is None or si_value <= known.high) and math.isfinite(si_value)


def _exact(point: Point, data: bytes) -> Fraction | float | None:
    """The number on the wire before scaling; None = not available, a float only when it is infinite."""
    ordered = _ordered(point, data)
    raw = int.from_bytes(ordered, "big")
    if raw in point.no_value:
        return None
    if point.type in ("f32", "f64"):
        value: float = (_F32 if point.type == "f32" else _F64).unpack(ordered)[0]
        if math.isinf(value):
            return value
        if math.isnan(value):
            return None
        return Fraction(shortest_f32(value) if point.type == "f32" else repr(value))
    if point.type in ("t5", "t6"):
        exponent = int.from_bytes(ordered[:1], "big", signed=True)
        mantissa = int.from_bytes(ordered[1:], "big", signed=point.type == "t6")
        return mantissa * Fraction(10) ** exponent
    return Fraction(int.from_bytes(ordered, "big", signed=_INTEGERS[point.type][1]))


def _physical(point: Point, value: Fraction) -> Fraction:
    if point.coding == FOUR_QUADRANT_POWER_FACTOR and abs(value) > 1:
        # leading: factor 2 - raw, on the negative side -2 - raw
        return 2 - value if value > 0 else -2 - value
    return value


def _encode_exact(point: Point, exact: Fraction) -> bytes:
    """High word first. Raises OverflowError when ``exact`` does not fit."""
    if point.type == "f32":
        return _F32.pack(float(exact))
    if point.type == "f64":
        return _F64.pack(float(exact))
    if point.type in ("t5", "t6"):
        return _encode_mantissa(exact, signed=point.type == "t6")
    bits, signed = _INTEGERS[point.type]
    return round(exact).to_bytes(bits // 8, "big", signed=signed)


def _encode_mantissa(exact: Fraction, *, signed: bool) -> bytes:
    exponent = max(_LOWEST_EXPONENT, math.floor(math.log10(abs(exact))) + 1 - _MANTISSA_DIGITS) if exact else 0
    mantissa = round(exact / Fraction(10) ** exponent)
    if abs(mantissa) >= _MANTISSA_LIMIT:  # rounded up to the next power of ten
        exponent, mantissa = exponent + 1, mantissa // 10
    return exponent.to_bytes(1, "big", signed=True) + mantissa.to_bytes(3, "big", signed=signed)


def _no_value_bytes(point: Point) -> bytes:
    """High word first."""
    if point.no_value:
        return point.no_value[0].to_bytes(2 * point.words, "big")
    if point.type == "f32":
        return bytes.fromhex("7fc00000")
    if point.type == "f64":
        return bytes.fromhex("7ff8000000000000")
    raise ValueError(f"{point.key}: this meter has no marker for a value that is not available")


def _number(value: Fraction) -> float | int:
    return value.numerator if value.denominator == 1 and abs(value) < _LARGEST_INTEGER else _float(value)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _ordered(point: Point, data: bytes) -> bytes:
    return data if point.high_word_first else _swapped(data)


def _swapped(data: bytes) -> bytes:
    """Register order reversed: low word first <-> high word first."""
    return b"".join(data[index : index + 2] for index in range(len(data) - 2, -1, -2))
