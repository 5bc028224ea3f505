"""Reads that are under way through the coordinator: which answer belongs to which, and which comes too late. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from edge_agent.wire.gdw10376_2 import Frame10376, SequenceNumbers

_MOST_RETIRED = 128       # of 256 numbers; the rest is for reads under way and commands


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """One request for one meter. ``frames``: how many DL/T 645 requests it carries."""

    meter: int
    address: str
    sequence: int
    frames: int
    is_concurrent: bool
    sent_s: float
    deadline_s: float


class Flights:
    """Numbers the requests. The number of one that was given up is not used again while its answer may still come."""

    def __init__(self, *, late_s: float) -> None:
        self._late_s = late_s
        self._numbers = SequenceNumbers()
        self._open: dict[int, Flight] = {}
        self._retired: dict[int, Flight] = {}          # sequence -> flight that was given up, oldest first
        self._retired_until_s: dict[int, float] = {}
        self.busy_since_s = 0.0                        # when the first of those under way was sent

    def __len__(self) -> int:
        return len(self._open)

    @property
    def is_any(self) -> bool:
        return bool(self._open)

    def __iter__(self) -> Iterator[Flight]:
        return iter(tuple(self._open.values()))

    def next_sequence(self, now_s: float, others: Collection[int] = ()) -> int:
        """A number that no read under way has, none that was given up a short while ago, and none of ``others``."""
        self._forget_old(now_s)
        return self._numbers.take({*self._open, *self._retired, *others})

    def add(self, flight: Flight) -> None:
        if not self._open:
            self.busy_since_s = flight.sent_s
        self._open[flight.sequence] = flight

    def close(self, flight: Flight) -> None:
        """It was answered."""
        self._open.pop(flight.sequence, None)

    def give_up(self, flight: Flight, now_s: float) -> None:
        """It timed out, or the module lost it: an answer to its number is late."""
        self.close(flight)
        self._retired.pop(flight.sequence, None)
        self._retired[flight.sequence] = flight
        self._retired_until_s[flight.sequence] = now_s + self._late_s
        while len(self._retired) > _MOST_RETIRED:
            self._forget(next(iter(self._retired)))

    def of(self, frame: Frame10376) -> Flight | None:
        """The read under way that ``frame`` answers by its number and by the meter it names; the module itself names none."""
        flight = self._open.get(frame.sequence)
        if flight is None or (frame.addresses is not None and frame.addresses.source != flight.address):
            return None
        return flight

    def is_late(self, frame: Frame10376) -> bool:
        """Whether it answers a read that was given up."""
        flight = self._retired.get(frame.sequence)
        return flight is not None and frame.addresses is not None and frame.addresses.source == flight.address

    def overdue(self, now_s: float) -> list[Flight]:
        return [flight for flight in self._open.values() if flight.deadline_s <= now_s]

    def next_deadline_s(self) -> float:
        return min((flight.deadline_s for flight in self._open.values()), default=float("inf"))

    def _forget_old(self, now_s: float) -> None:
        for sequence in [sequence for sequence, until_s in self._retired_until_s.items() if until_s <= now_s]:
            self._forget(sequence)

    def _forget(self, sequence: int) -> None:
        self._retired.pop(sequence, None)
        self._retired_until_s.pop(sequence, None)
