"""Requests that a meter obeys only with a password.

Passwords (6 digits) and operators (8) are text in natural order, low byte first on the wire.
Source: DL/T 645-2007 sections 7.3, 7.9 to 7.12; functions 03H and 1CH: see recalled.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from edge_agent.wire.dlt645.clock import datetime_from_wire, datetime_to_wire
from edge_agent.wire.dlt645.digits import text_from_wire, text_to_wire
from edge_agent.wire.dlt645.frame import MAX_DATA_BYTES
from edge_agent.wire.dlt645.functions import Function
from edge_agent.wire.dlt645.recalled import RELAY_DATA_BYTES

ALL_EVENTS = "FFFFFFFF"
_MAX_WRITE_BYTES = 50         # section 5.2.4
_WRITE_HEAD_BYTES = 12        # identifier, level, password, operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """``level`` 0..9 (0 may most), ``password`` 6 digits, ``operator`` 8 digits that the meter notes in its records."""

    level: int
    password: str
    operator: str

    def to_wire(self) -> bytes:
        return bytes([self.level]) + text_to_wire(self.password, 3) + text_to_wire(self.operator, 4)

    @classmethod
    def from_wire(cls, field: bytes) -> Credentials:
        return cls(level=field[0], password=text_from_wire(field[1:4]), operator=text_from_wire(field[4:8]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Function 14H. ``payload`` is the value as the identifier's format wants it, see ``encode_data``."""

    FUNCTION: ClassVar[Function] = Function.WRITE
    LENGTHS: ClassVar[range] = range(_WRITE_HEAD_BYTES, _MAX_WRITE_BYTES + 1)
    di: str
    credentials: Credentials
    payload: bytes

    def to_data(self) -> bytes:
        return text_to_wire(self.di, 4) + self.credentials.to_wire() + self.payload

    @classmethod
    def from_data(cls, data: bytes) -> Write:
        return cls(di=text_from_wire(data[:4]), credentials=Credentials.from_wire(data[4:12]), payload=data[12:])


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """Function 18H; the meter answers with the new level and password."""

    FUNCTION: ClassVar[Function] = Function.CHANGE_PASSWORD
    LENGTHS: ClassVar[tuple[int, ...]] = (12,)
    di: str
    level: int
    password: str
    new_level: int
    new_password: str

    def to_data(self) -> bytes:
        old = bytes([self.level]) + text_to_wire(self.password, 3)
        return text_to_wire(self.di, 4) + old + bytes([self.new_level]) + text_to_wire(self.new_password, 3)

    @classmethod
    def from_data(cls, data: bytes) -> ChangePassword:
        return cls(
            di=text_from_wire(data[:4]), level=data[4], password=text_from_wire(data[5:8]),
            new_level=data[8], new_password=text_from_wire(data[9:12]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearDemand:
    """Function 19H: maximum demands and their times."""

    FUNCTION: ClassVar[Function] = Function.CLEAR_DEMAND
    LENGTHS: ClassVar[tuple[int, ...]] = (8,)
    credentials: Credentials

    def to_data(self) -> bytes:
        return self.credentials.to_wire()

    @classmethod
    def from_data(cls, data: bytes) -> ClearDemand:
        return cls(credentials=Credentials.from_wire(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearMeter:
    """Function 1AH: energies, demands, frozen values, records."""

    FUNCTION: ClassVar[Function] = Function.CLEAR_METER
    LENGTHS: ClassVar[tuple[int, ...]] = (8,)
    credentials: Credentials

    def to_data(self) -> bytes:
        return self.credentials.to_wire()

    @classmethod
    def from_data(cls, data: bytes) -> ClearMeter:
        return cls(credentials=Credentials.from_wire(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearEvents:
    """Function 1BH. ``di``: the events to clear, DI0 = FF; FFFFFFFF all."""

    FUNCTION: ClassVar[Function] = Function.CLEAR_EVENTS
    LENGTHS: ClassVar[tuple[int, ...]] = (12,)
    credentials: Credentials
    di: str = ALL_EVENTS

    def to_data(self) -> bytes:
        return self.credentials.to_wire() + text_to_wire(self.di, 4)

    @classmethod
    def from_data(cls, data: bytes) -> ClearEvents:
        return cls(credentials=Credentials.from_wire(data[:8]), di=text_from_wire(data[8:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Function 03H: keys and challenges that only a security module can make; carried, not understood."""

    FUNCTION: ClassVar[Function] = Function.SECURITY
    LENGTHS: ClassVar[range] = range(MAX_DATA_BYTES + 1)
    content: bytes

    def to_data(self) -> bytes:
        return self.content

    @classmethod
    def from_data(cls, data: bytes) -> Security:
        return cls(content=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Function 1CH: ``action`` is a code of ``recalled.RELAY_ACTIONS``; obeyed until ``valid_until`` only."""

    FUNCTION: ClassVar[Function] = Function.RELAY
    LENGTHS: ClassVar[tuple[int, ...]] = (RELAY_DATA_BYTES,)
    credentials: Credentials
    action: int
    valid_until: datetime
    reserved: int = 0

    def to_data(self) -> bytes:
        return self.credentials.to_wire() + bytes([self.action, self.reserved]) + datetime_to_wire(self.valid_until)

    @classmethod
    def from_data(cls, data: bytes) -> Relay:
        return cls(
            credentials=Credentials.from_wire(data[:8]), action=data[8], reserved=data[9], valid_until=datetime_from_wire(data[10:])
        )
