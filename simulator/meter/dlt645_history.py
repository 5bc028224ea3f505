"""What a DL/T 645 meter remembers: its clock, outages, frozen values.

Identifiers 05.. are recalled (DL/T 645-2007 table A.5): 05 KK WW NN, KK the kind of freeze, WW what (00 time, 01 forward, 02 reverse
energy), NN the NN-th last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge_agent.wire.dlt645.clock import datetime_to_wire
from edge_agent.wire.dlt645.setting import Freeze
from simulator.meter.body import Record

MOST_OUTAGES = 10
_TIMED, _INSTANT, _HOURLY, _DAILY = "00", "01", "04", "06"
_KEPT = {_TIMED: 12, _INSTANT: 3, _HOURLY: 254, _DAILY: 62}     # recalled, same table
_LARGEST_SHIFT = timedelta(minutes=5)                            # DL/T 645-2007 section 7.5
_NEVER = bytes(6)


@dataclass(slots=True)
class Clock645:
    """A meter's clock: ``offset`` to the true local time changes when it is set."""

    offset: timedelta = timedelta()
    _set_on: object = None

    def shows(self, local: datetime) -> datetime:
        return local + self.offset

    def take_broadcast(self, local: datetime, sent: datetime) -> bool:
        """Whether the meter took the time: a shift of at most 5 minutes, once a day."""
        now = self.shows(local)
        if abs(sent - now) > _LARGEST_SHIFT or self._set_on == now.date():
            return False
        self.offset += sent - now
        self._set_on = now.date()
        return True


@dataclass(slots=True)
class Freezer:
    """Keeps what the registers held when it froze. ``daily`` and others: when, by the meter's clock; None = not set."""

    schedules: dict[str, Freeze] = field(default_factory=lambda: {_DAILY: Freeze(hour=0, minute=0)})
    _kept: dict[str, deque[tuple[datetime, dict[str, bytes]]]] = field(default_factory=dict)
    _looked: datetime | None = None

    def order(self, freeze: Freeze, now: datetime, held: dict[str, bytes]) -> None:
        """Freeze now, or from now on at the times that ``freeze`` names."""
        kind = _kind(freeze)
        if kind == _INSTANT:
            self._keep(kind, now, held)
        else:
            self.schedules[kind] = freeze

    def look(self, now: datetime, held: dict[str, bytes]) -> None:
        """Freeze what became due since the last look; an old due time is frozen once, with what is held now."""
        before, self._looked = self._looked, now
        if before is None or before >= now:
            return
        for kind, freeze in self.schedules.items():
            due = _last_due(freeze, now)
            if due is not None and before < due:
                self._keep(kind, due, held)

    def read(self, identifier: str) -> bytes | None:
        """The payload of ``05KKWWNN``; None where the meter has no such kind or nothing was frozen so often."""
        kind, what, number = identifier[2:4], identifier[4:6], int(identifier[6:8], 16)
        kept = self._kept.get(kind, deque())
        if not 1 <= number <= len(kept):
            return None
        at, held = kept[-number]
        return datetime_to_wire(at)[1:] if what == "00" else held.get(what)

    def _keep(self, kind: str, at: datetime, held: dict[str, bytes]) -> None:
        self._kept.setdefault(kind, deque(maxlen=_KEPT[kind])).append((at, dict(held)))


def outage_payload(records: Sequence[Record], number: int, at_zero: datetime) -> bytes | None:
    """``031100NN``: start and end of the ``number``-th last outage; zeros where there were not so many. ``at_zero``: the time of 0 s."""
    if not 1 <= number <= MOST_OUTAGES:
        return None
    starts = [place for place, record in enumerate(records) if record.kind == "power_down"]
    if number > len(starts):
        return _NEVER + _NEVER
    place = starts[-number]
    end = next((record for record in records[place:] if record.kind == "power_up"), None)
    return _wire(records[place], at_zero) + (_NEVER if end is None else _wire(end, at_zero))


def _wire(record: Record, at_zero: datetime) -> bytes:
    return datetime_to_wire(at_zero + timedelta(seconds=round(record.at_s)))


def _kind(freeze: Freeze) -> str:
    if freeze.minute is None:
        return _INSTANT
    if freeze.hour is None:
        return _HOURLY
    return _DAILY if freeze.day is None else _TIMED


def _last_due(freeze: Freeze, now: datetime) -> datetime | None:
    """The last time not after ``now`` that ``freeze`` names; None where the date does not exist this month."""
    try:
        due = now.replace(
            month=now.month if freeze.month is None else freeze.month, day=now.day if freeze.day is None else freeze.day,
            hour=now.hour if freeze.hour is None else freeze.hour, minute=freeze.minute or 0, second=0, microsecond=0,
        )
    except ValueError:
        return None
    return due if due <= now else None
