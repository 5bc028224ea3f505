"""When each meter is due: spread over the period, earliest first, missed slots skipped and counted. Pure: the time is given."""

from __future__ import annotations

import enum
import heapq
from dataclasses import dataclass


class Reading(enum.Enum):
    FULL = "full"
    PRESENCE = "presence"


@dataclass(slots=True)
class _Slots:
    index: int
    full_s: float
    presence_s: float | None
    next_full_s: float = 0.0
    next_presence_s: float = float("inf")
    is_out: bool = False

    @property
    def due_s(self) -> float:
        return min(self.next_full_s, self.next_presence_s)


class Schedule:
    """Deadlines of the meters of one bus, on the clock that the caller uses.

    The meter that has been due longest comes first, so under overload every meter is read equally seldom and none starves.
    ``full_s = 0`` means again as soon as the bus allows.
    """

    def __init__(self) -> None:
        self._slots: dict[int, _Slots] = {}
        self._heap: list[tuple[float, int, int]] = []     # due, tie-breaker, meter
        self._ticket = 0
        self.skipped_slots = 0

    def add(self, meter: int, *, full_s: float, presence_s: float | None) -> None:
        self._slots[meter] = _Slots(len(self._slots), full_s, presence_s)

    def start(self, now_s: float) -> None:
        """Read everybody once at the start, in order; from then on each meter has its own phase of the period."""
        for slots in self._slots.values():
            slots.next_full_s = now_s
        self._heap = []
        for meter in self._slots:
            self._push(meter)

    def next_due_s(self) -> float:
        """When the next read is due; infinity when nothing is scheduled."""
        while self._heap:
            due_s, _, meter = self._heap[0]
            slots = self._slots[meter]
            if slots.is_out or due_s != slots.due_s:
                heapq.heappop(self._heap)  # an old entry of a meter that was moved or taken out
                continue
            return due_s
        return float("inf")

    def take(self) -> tuple[int, Reading]:
        """The meter that is due first and what to read of it. It stays due until ``done``: the link may break in between.

        Raises:
            IndexError: nothing is scheduled.
        """
        self.next_due_s()
        _, _, meter = self._heap[0]
        slots = self._slots[meter]
        return meter, Reading.FULL if slots.next_full_s <= slots.next_presence_s else Reading.PRESENCE

    def done(self, meter: int, reading: Reading, now_s: float) -> None:
        """The poll is over, answered or not: set the next slots. A full read is a presence read as well."""
        slots = self._slots[meter]
        if reading is Reading.FULL:
            slots.next_full_s = self._next_slot(slots, now_s)
        if slots.presence_s is not None:
            slots.next_presence_s = now_s + slots.presence_s
            if slots.next_presence_s > slots.next_full_s - slots.presence_s / 2:
                slots.next_presence_s = slots.next_full_s + slots.presence_s / 2   # the full read stands in for it
        else:
            slots.next_presence_s = float("inf")                                   # one that was asked for in between is done
        if not slots.is_out:
            self._push(meter)

    def take_out(self, meter: int) -> None:
        """No more slots: the meter is in quarantine."""
        self._slots[meter].is_out = True

    def put_back(self, meter: int, now_s: float) -> None:
        """The meter is back: a full read is due at once."""
        slots = self._slots[meter]
        slots.is_out, slots.next_full_s, slots.next_presence_s = False, now_s, float("inf")
        self._push(meter)

    def hasten(self, meter: int, now_s: float) -> None:
        """A presence read is due at once, beside the usual ones; nothing of a meter in quarantine, which is probed as the bus allows."""
        slots = self._slots[meter]
        if not slots.is_out:
            slots.next_presence_s = min(slots.next_presence_s, now_s)
            self._push(meter)

    def postpone(self, meter: int, until_s: float) -> None:
        """Nothing of this meter is due before ``until_s``; call it instead of ``done``."""
        slots = self._slots[meter]
        slots.next_full_s, slots.next_presence_s = max(slots.next_full_s, until_s), max(slots.next_presence_s, until_s)
        self._push(meter)

    def _next_slot(self, slots: _Slots, now_s: float) -> float:
        """The next slot of the meter's own phase; slots that went by while the bus was busy are skipped, not queued."""
        if slots.full_s <= 0:
            return now_s
        now_s = max(now_s, slots.next_full_s)      # a read that was taken early has used its slot
        self.skipped_slots += max(0, int((now_s - slots.next_full_s) // slots.full_s))
        phase_s = slots.full_s * slots.index / len(self._slots)
        # the small addition: a slot that rounding puts a hair before itself is not due twice
        return (((now_s - phase_s) / slots.full_s + 1e-6) // 1 + 1) * slots.full_s + phase_s

    def _push(self, meter: int) -> None:
        self._ticket += 1
        heapq.heappush(self._heap, (self._slots[meter].due_s, self._ticket, meter))
