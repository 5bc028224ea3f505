"""Reads and writes the fields of application data; every length is checked, every complaint is one line.

Numbers are low byte first.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TypeVar

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.addresses import ADDRESS_BYTES, address_text
from edge_agent.wire.gdw10376_2.codes import Code

T = TypeVar("T")

_CENTURY = 2000


class Reader:
    """Takes one field after another off the data of a frame. Raises FrameError where the data is shorter or longer than its layout."""

    __slots__ = ("_at", "_code", "_data")

    def __init__(self, code: Code, data: bytes) -> None:
        self._code, self._data, self._at = code, data, 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise self.wrong(f"needs {count} bytes at byte {self._at}, {self.left} are left")
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def flag(self) -> bool:
        value = self.number(1)
        if value > 1:
            raise self.wrong(f"flag at byte {self._at - 1} is {value}, not 0 or 1")
        return bool(value)

    def address(self) -> str:
        return address_text(self.take(ADDRESS_BYTES))

    def count(self, at_most: int = 255) -> range:
        """As many turns as the next byte says."""
        count = self.number(1)
        if count > at_most:
            raise self.wrong(f"{count} entries, at most {at_most} are allowed")
        return range(count)

    def block(self, length_bytes: int = 1) -> bytes:
        """A length and as many bytes."""
        return self.take(self.number(length_bytes))

    def time(self) -> datetime.datetime | None:
        """ss mm hh DD MM YY in BCD, local time of the area; None when all six bytes are 0."""
        wire = self.take(6)
        if not any(wire):
            return None
        digits = wire[::-1].hex()
        try:
            return datetime.datetime.strptime(f"{_CENTURY // 100}{digits}", "%Y%m%d%H%M%S")
        except ValueError as error:
            raise self.wrong(f"{digits} is no time (YYMMDDhhmmss)") from error

    def finished(self, unit: T) -> T:
        """``unit``, provided that nothing is left."""
        if self.left:
            raise self.wrong(f"{self.left} bytes are left over at byte {self._at}")
        return unit

    def wrong(self, what: str) -> FrameError:
        return FrameError(f"{self._code}: {what}")


def number(value: int, size: int) -> bytes:
    """``value`` in ``size`` bytes. Raises ValueError when it does not fit."""
    if not 0 <= value < 1 << 8 * size:
        raise ValueError(f"{value} does not fit {size} bytes")
    return value.to_bytes(size, "little")


def block(content: bytes, length_bytes: int = 1) -> bytes:
    """The length of ``content`` and ``content``."""
    return number(len(content), length_bytes) + content


def counted(entries: Sequence[bytes], at_most: int = 255) -> bytes:
    """The number of entries and the entries. Raises ValueError for more than ``at_most``."""
    if len(entries) > at_most:
        raise ValueError(f"{len(entries)} entries, at most {at_most} are allowed")
    return number(len(entries), 1) + b"".join(entries)


def time_bytes(time: datetime.datetime | None) -> bytes:
    """ss mm hh DD MM YY in BCD; None gives six zero bytes. Raises ValueError outside 2000..2099."""
    if time is None:
        return bytes(6)
    if not _CENTURY <= time.year < _CENTURY + 100:
        raise ValueError(f"year {time.year} has no two-digit form")
    return bytes.fromhex(time.strftime("%S%M%H%d%m%y"))


def text(wire: bytes) -> str:
    """ASCII of a field that is sent low byte first: "SE" on the wire is ES. Any byte passes: a blank module sends FF or 00."""
    return wire[::-1].decode("latin-1")


def text_bytes(value: str, size: int) -> bytes:
    """Wire form of ``text``. Raises ValueError when it is not ``size`` characters."""
    wire = value.encode("latin-1")[::-1]
    if len(wire) != size:
        raise ValueError(f"{value!r} is not {size} characters")
    return wire


def digits(wire: bytes) -> str:
    """Digits of BCD that is sent low byte first."""
    return wire[::-1].hex()


def digits_bytes(value: str, size: int) -> bytes:
    """Wire form of ``digits``. Raises ValueError when it is not ``size`` pairs."""
    wire = bytes.fromhex(value)[::-1]
    if len(wire) != size:
        raise ValueError(f"{value!r} is not {2 * size} digits")
    return wire
