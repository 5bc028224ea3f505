"""Where a simulated meter takes its numbers from: a recording by the clock, by read, or several added up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from simulator.clock import ElapsedClock
from simulator.load.recording import Recording, Row

AT_END = ("loop", "hold", "silent")


class Source(Protocol):
    """What one phase of a meter sees now."""

    @property
    def step_s(self) -> float: ...

    def position(self) -> int | None:
        """Number of the current row, rising; None when the recording is over and the meter is to fall silent."""
        ...

    def version(self) -> object:
        """Differs whenever ``row`` does."""
        ...

    def row(self) -> Row: ...

    def full_read_done(self) -> None:
        """The meter has answered a full read."""
        ...


class ClockedSource:
    """The row follows the clock; the recording repeats."""

    def __init__(self, recording: Recording, clock: ElapsedClock, *, offset_rows: int = 0) -> None:
        self._recording, self._clock, self._offset_rows = recording, clock, offset_rows
        self.step_s = recording.step_s

    def position(self) -> int | None:
        return int(max(0.0, self._clock.elapsed_s()) // self.step_s) + self._offset_rows

    def version(self) -> object:
        return self.position()

    def row(self) -> Row:
        return self._recording.rows[(self.position() or 0) % len(self._recording.rows)]

    def full_read_done(self) -> None:
        """Time moves this source, not reads."""


class SteppedSource:
    """The row follows the reads: after each full read the next one. ``at_end``: "loop", "hold" or "silent"."""

    def __init__(self, recording: Recording, *, offset_rows: int = 0, at_end: str = "loop") -> None:
        self._recording, self._at_end = recording, at_end
        self._position = offset_rows
        self.step_s = recording.step_s

    def position(self) -> int | None:
        over = self._position >= len(self._recording.rows)
        return None if over and self._at_end == "silent" else self._position

    def version(self) -> object:
        return self._position

    def row(self) -> Row:
        count = len(self._recording.rows)
        return self._recording.rows[min(self._position, count - 1) if self._at_end == "hold" else self._position % count]

    def full_read_done(self) -> None:
        self._position += 1


@dataclass(slots=True)
class SummedSource:
    """A house with recorded appliances added while ``is_on``: powers add up, the current follows from them and the voltage."""

    house: Source
    appliances: Sequence[Source]
    is_on: bool = False

    @property
    def step_s(self) -> float:
        return self.house.step_s

    def position(self) -> int | None:
        return self.house.position()

    def version(self) -> object:
        return self.house.version(), self.is_on and tuple(source.version() for source in self.appliances)

    def row(self) -> Row:
        house = self.house.row()
        if not self.is_on or house.voltage_v is None or house.active_power_w is None or house.reactive_power_var is None:
            return house
        added = [source.row() for source in self.appliances]
        active_power_w = house.active_power_w + sum(row.active_power_w or 0.0 for row in added)
        reactive_power_var = house.reactive_power_var + sum(row.reactive_power_var or 0.0 for row in added)
        return Row(
            voltage_v=house.voltage_v, current_a=math.hypot(active_power_w, reactive_power_var) / house.voltage_v,
            active_power_w=active_power_w, reactive_power_var=reactive_power_var,
        )

    def full_read_done(self) -> None:
        self.house.full_read_done()
