"""The answer to one block read -> columns of a sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge_agent.acquire.poll import Doubts
from edge_agent.model import COLUMN_INDEX, N_COLUMNS
from edge_agent.wire.registers import IMPLAUSIBLE, NOT_AVAILABLE, NumberField, register_fields
from firmware_profiles.coding import decode_point
from firmware_profiles.quantities import QUANTITIES
from firmware_profiles.schema import FOUR_QUADRANT_POWER_FACTOR, Point

_NO_DOUBT = Doubts()


class BlockDecoder:
    """Built once for a profile, called for each answer: integers and float32 in one kernel call, rarer codings one by one.

    Raises:
        ValueError: a point lies outside the block.
    """

    def __init__(self, points: Sequence[Point], address: int, count: int) -> None:
        self._size = 2 * count
        numbers: list[NumberField] = []
        self._others: list[tuple[int, int, int, Point]] = []     # first byte, end, column, point
        for point in points:
            if point.column is None:
                continue
            start = 2 * (point.address - address)
            if start < 0 or start + 2 * point.words > self._size:
                raise ValueError(f"{point.key} lies outside the block of {count} words from {address}")
            number = _number_field(point, start)
            if number.is_for_kernel and point.coding != FOUR_QUADRANT_POWER_FACTOR:
                numbers.append(number)
            else:
                self._others.append((start, start + 2 * point.words, number.column, point))
        self._numbers = register_fields(numbers, size_bytes=self._size, n_values=N_COLUMNS)

    def decode(self, data: bytes, values: npt.NDArray[np.float64]) -> Doubts:
        """Put the values of ``data`` into ``values``, shape (N_COLUMNS,), SI units; doubtful values leave it as it is.

        Raises:
            ValueError: ``data`` is not the register bytes of the whole block.
        """
        if len(data) != self._size:
            raise ValueError(f"{len(data)} bytes for a block of {self._size}")
        status = self._numbers.decode(data, values)
        if status is None and not self._others:
            return _NO_DOUBT
        not_available = implausible = 0
        if status is not None:
            not_available, implausible = int((status == NOT_AVAILABLE).sum()), int((status == IMPLAUSIBLE).sum())
        for start, end, column, point in self._others:
            decoded = decode_point(point, data[start:end])
            if decoded.si_value is not None:
                values[column] = decoded.si_value
            elif decoded.is_not_available:
                not_available += 1
            else:
                implausible += 1
        return Doubts(not_available, implausible)


def _number_field(point: Point, offset: int) -> NumberField:
    known = QUANTITIES[point.quantity]
    return NumberField(
        type=point.type, offset=offset, high_word_first=point.high_word_first, factor=point.scale * point.si_factor,
        low=-math.inf if known.low is None else known.low, high=math.inf if known.high is None else known.high,
        no_value=tuple(point.no_value), column=COLUMN_INDEX[point.key],
    )
