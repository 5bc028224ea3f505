"""Requests that set without a password: clock, freeze, speed, address.

Times are those of the meter's clock, without zone; its two-digit years are 2000..2099.
Source: DL/T 645-2007 sections 7.5 to 7.8, annex C.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645.address import ADDRESS_BYTES, address_from_wire, address_to_wire, check_address
from edge_agent.wire.dlt645.clock import datetime_from_wire, datetime_to_wire
from edge_agent.wire.dlt645.digits import bcd_numbers, to_bcd
from edge_agent.wire.dlt645.functions import BAUD_CODES, Function

_ANY = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastTime:
    """Function 08H: set the clock; a meter takes shifts of at most 5 minutes, once a day, and does not answer."""

    FUNCTION: ClassVar[Function] = Function.BROADCAST_TIME
    LENGTHS: ClassVar[tuple[int, ...]] = (6,)
    time: datetime

    def to_data(self) -> bytes:
        return datetime_to_wire(self.time)

    @classmethod
    def from_data(cls, data: bytes) -> BroadcastTime:
        return cls(time=datetime_from_wire(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Function 16H. None means "every" (99 on the wire), from the month downwards; all None is "now"."""

    FUNCTION: ClassVar[Function] = Function.FREEZE
    LENGTHS: ClassVar[tuple[int, ...]] = (4,)
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None

    def to_data(self) -> bytes:
        fields = (self.minute, self.hour, self.day, self.month)
        return to_bcd(*(_ANY if number is None else number for number in fields))

    @classmethod
    def from_data(cls, data: bytes) -> Freeze:
        minute, hour, day, month = (None if number == _ANY else number for number in bcd_numbers(data))
        given = [number is not None for number in (month, day, hour, minute)]
        if given != sorted(given):
            raise FrameError(f"freeze time {data.hex(' ')}: 99 is only allowed from the month downwards")
        return cls(month=month, day=day, hour=hour, minute=minute)

    @property
    def cycle(self) -> str:
        """In words, as the vectors say it: "monthly, day 01 00:00"."""
        if self.minute is None:
            return "instant"
        if self.hour is None:
            return f"hourly at minute {self.minute:02}"
        at = f"{self.hour:02}:{self.minute:02}"
        if self.day is None:
            return f"daily {at}"
        return f"monthly, day {self.day:02} {at}" if self.month is None else f"once, month {self.month:02} day {self.day:02} {at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBaud:
    """Function 17H. ``baud`` is one of 600, 1200, 2400, 4800, 9600, 19200."""

    FUNCTION: ClassVar[Function] = Function.CHANGE_BAUD
    LENGTHS: ClassVar[tuple[int, ...]] = (1,)
    baud: int

    def to_data(self) -> bytes:
        codes = [code for code, baud in BAUD_CODES.items() if baud == self.baud]
        if not codes:
            raise ValueError(f"{self.baud} baud is none of {', '.join(map(str, BAUD_CODES.values()))}")
        return bytes(codes)

    @classmethod
    def from_data(cls, data: bytes) -> ChangeBaud:
        if data[0] not in BAUD_CODES:
            raise FrameError(f"baud code {data[0]:02X} is none of {', '.join(f'{code:02X}' for code in BAUD_CODES)}")
        return cls(baud=BAUD_CODES[data[0]])


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAddress:
    """Function 15H."""

    FUNCTION: ClassVar[Function] = Function.WRITE_ADDRESS
    LENGTHS: ClassVar[tuple[int, ...]] = (ADDRESS_BYTES,)
    new_address: str

    def to_data(self) -> bytes:
        return address_to_wire(check_address(self.new_address))

    @classmethod
    def from_data(cls, data: bytes) -> WriteAddress:
        return cls(new_address=address_from_wire(data))
