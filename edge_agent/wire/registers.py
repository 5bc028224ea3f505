"""Which numbers of a block of registers the kernel decodes, and how they are described to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cython_ext.registers import FIELD, IMPLAUSIBLE, KINDS, MOST_MARKERS, NOT_AVAILABLE, RegisterFields

__all__ = ["IMPLAUSIBLE", "NOT_AVAILABLE", "NumberField", "RegisterFields", "register_fields"]

_LARGEST_FACTOR = 2**53        # doubles hold whole numbers up to here
_LARGEST_SHIFT = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField:
    """One number in a block: where it lies, how it is coded, which values of it are believed."""

    type: str                        # one of KINDS where the kernel is to decode it
    offset: int                      # of its first byte
    high_word_first: bool
    factor: Fraction                 # value in SI units = number on the wire x factor
    low: float
    high: float
    no_value: tuple[int, ...]        # words in order, unsigned: "not available"
    column: int

    @property
    def is_for_kernel(self) -> bool:
        """Whether the kernel gives exactly what exact arithmetic would."""
        if self.type not in KINDS or len(self.no_value) > MOST_MARKERS:
            return False
        if self.type == "f32":
            return self._shift is not None
        return max(abs(self.factor.numerator), self.factor.denominator) < _LARGEST_FACTOR

    @property
    def _shift(self) -> int | None:
        """The power of ten that the factor is."""
        shift = round(math.log10(self.factor)) if self.factor > 0 else None
        return shift if shift is not None and abs(shift) <= _LARGEST_SHIFT and Fraction(10) ** shift == self.factor else None


def register_fields(fields: Sequence[NumberField], *, size_bytes: int, n_values: int) -> RegisterFields:
    """The fields as the kernel takes them. Raises ValueError where one is not ``is_for_kernel`` or lies outside the block."""
    rows = np.zeros(len(fields), dtype=FIELD)
    for row, field in zip(rows, fields, strict=True):
        if not field.is_for_kernel:
            raise ValueError(f"{field.type} times {field.factor} is none of the kernel's")
        row["kind"], row["offset"], row["high_word_first"], row["column"] = (
            KINDS.index(field.type), field.offset, field.high_word_first, field.column,
        )
        row["numerator"], row["denominator"], row["low"], row["high"] = 1.0, 1.0, field.low, field.high
        if field.type == "f32":
            row["shift"] = field._shift or 0
        else:
            row["numerator"], row["denominator"] = field.factor.numerator, field.factor.denominator
        row["n_markers"] = len(field.no_value)
        row["markers"][: len(field.no_value)] = field.no_value
    return RegisterFields(rows, size_bytes=size_bytes, n_values=n_values)
