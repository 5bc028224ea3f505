"""Requests that read: what each says, for the master that builds it and the meter that gets it.

Identifiers are text in natural order, as the standard prints them. Source: DL/T 645-2007 sections 7.1, 7.2, 7.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from edge_agent.wire.dlt645.clock import datetime_from_wire, datetime_to_wire
from edge_agent.wire.dlt645.digits import text_from_wire, text_to_wire
from edge_agent.wire.dlt645.functions import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Function 11H. ``records`` and ``since`` (to the minute) choose load records."""

    FUNCTION: ClassVar[Function] = Function.READ
    LENGTHS: ClassVar[tuple[int, ...]] = (4, 5, 10)
    di: str
    records: int | None = None
    since: datetime | None = None

    def to_data(self) -> bytes:
        if self.records is None:
            if self.since is not None:
                raise ValueError("load records since a time need their number")
            return text_to_wire(self.di, 4)
        since = b"" if self.since is None else datetime_to_wire(self.since)[1:]
        return text_to_wire(self.di, 4) + bytes([self.records]) + since

    @classmethod
    def from_data(cls, data: bytes) -> Read:
        records = data[4] if len(data) > 4 else None
        since = datetime_from_wire(b"\x00" + data[5:]) if len(data) > 5 else None
        return cls(di=text_from_wire(data[:4]), records=records, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMore:
    """Function 12H. ``seq`` counts follow-up frames from 1 to 255."""

    FUNCTION: ClassVar[Function] = Function.READ_MORE
    LENGTHS: ClassVar[tuple[int, ...]] = (5,)
    di: str
    seq: int

    def to_data(self) -> bytes:
        return text_to_wire(self.di, 4) + bytes([self.seq])

    @classmethod
    def from_data(cls, data: bytes) -> ReadMore:
        return cls(di=text_from_wire(data[:4]), seq=data[4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Read1997:
    """Function 01H of DL/T 645-1997: an identifier of four digits."""

    FUNCTION: ClassVar[Function] = Function.READ_1997
    LENGTHS: ClassVar[tuple[int, ...]] = (2,)
    di: str

    def to_data(self) -> bytes:
        return text_to_wire(self.di, 2)

    @classmethod
    def from_data(cls, data: bytes) -> Read1997:
        return cls(di=text_from_wire(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMore1997(Read1997):
    """Function 02H of DL/T 645-1997."""

    FUNCTION: ClassVar[Function] = Function.READ_MORE_1997


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAddress:
    """Function 13H."""

    FUNCTION: ClassVar[Function] = Function.READ_ADDRESS
    LENGTHS: ClassVar[tuple[int, ...]] = (0,)

    def to_data(self) -> bytes:
        return b""

    @classmethod
    def from_data(cls, data: bytes) -> ReadAddress:
        return cls()
