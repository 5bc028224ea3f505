"""Plain twin of the register loop, with exact arithmetic."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

import numpy as np
import numpy.typing as npt

GIVEN, NOT_AVAILABLE, IMPLAUSIBLE = 0, 1, 2
FIELD_BYTES = 64
_BITS_SIGNED = ((16, False), (16, True), (32, False), (32, True), (64, False), (64, True), (32, False))
_F32 = 6


def decode_field(data: bytes, field: np.void) -> tuple[int, float]:
    """Status and value of one field."""
    bits, signed = _BITS_SIGNED[field["kind"]]
    ordered = data[field["offset"] : field["offset"] + bits // 8]
    if not field["high_word_first"]:
        ordered = b"".join(ordered[at : at + 2] for at in range(len(ordered) - 2, -1, -2))
    raw = int.from_bytes(ordered, "big")
    if raw in [int(marker) for marker in field["markers"][: field["n_markers"]]]:
        return NOT_AVAILABLE, math.nan
    if field["kind"] == _F32:
        value = struct.unpack(">f", ordered)[0]
        if math.isnan(value):
            return NOT_AVAILABLE, math.nan
        if math.isinf(value):
            return IMPLAUSIBLE, math.nan
        exact = Fraction(str(np.float32(value))) * Fraction(10) ** int(field["shift"])    # numpy prints the shortest that is unique
    else:
        exact = int.from_bytes(ordered, "big", signed=signed) * Fraction(field["numerator"]) / Fraction(field["denominator"])
    try:
        si = float(exact)
    except OverflowError:
        return IMPLAUSIBLE, math.nan
    return (GIVEN, si) if field["low"] <= si <= field["high"] else (IMPLAUSIBLE, math.nan)


def decode_registers(data: bytes, fields: npt.NDArray[np.uint8], values: npt.NDArray[np.float64], status: npt.NDArray[np.int8]) -> int:
    from cython_ext.registers import FIELD

    for i, field in enumerate(fields.view(FIELD)):
        status[i], si = decode_field(data, field)
        if status[i] == GIVEN:
            values[field["column"]] = si
    return int(np.count_nonzero(status))
