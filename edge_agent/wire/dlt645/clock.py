"""Times of a meter's clock on the wire: BCD, low part first, two-digit years of this century, no zone."""

from __future__ import annotations

from datetime import date, datetime, time

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645.digits import bcd_numbers, to_bcd

_CENTURY = 2000


def datetime_to_wire(at: datetime) -> bytes:
    """ss mm hh DD MM YY."""
    return to_bcd(at.second, at.minute, at.hour, at.day, at.month, at.year % 100)


def datetime_from_wire(field: bytes) -> datetime:
    """From ss mm hh DD MM YY. Raises FrameError where that is no date and time."""
    try:
        second, minute, hour, day, month, year = bcd_numbers(field)
        return datetime(_CENTURY + year, month, day, hour, minute, second)
    except ValueError as exc:
        raise FrameError(f"{field.hex(' ')} is no time ss mm hh DD MM YY") from exc


def date_to_wire(day: date) -> bytes:
    """WW DD MM YY, WW 0 = Sunday."""
    return to_bcd(day.isoweekday() % 7, day.day, day.month, day.year % 100)


def date_from_wire(field: bytes) -> date:
    """From WW DD MM YY; the weekday is not used. Raises FrameError where that is no date."""
    try:
        _, day, month, year = bcd_numbers(field)
        return date(_CENTURY + year, month, day)
    except ValueError as exc:
        raise FrameError(f"{field.hex(' ')} is no date WW DD MM YY") from exc


def time_to_wire(at: time) -> bytes:
    """ss mm hh."""
    return to_bcd(at.second, at.minute, at.hour)


def time_from_wire(field: bytes) -> time:
    """From ss mm hh. Raises FrameError where that is no time."""
    try:
        second, minute, hour = bcd_numbers(field)
        return time(hour, minute, second)
    except ValueError as exc:
        raise FrameError(f"{field.hex(' ')} is no time ss mm hh") from exc
