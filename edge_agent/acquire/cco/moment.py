"""What time it is, on the clocks that reading through a coordinator needs."""

from __future__ import annotations

from typing import NamedTuple


class Moment(NamedTuple):
    """``wire_s`` of the event loop, for time-outs; ``clock_s`` of the schedule; ``utc_ms`` labels data; ``speed`` clock over wire."""

    wire_s: float
    clock_s: float
    utc_ms: int
    speed: float = 1.0

    def clock_after(self, wire_seconds: float) -> float:
        """The clock of the schedule, so many wire seconds from now."""
        return self.clock_s + wire_seconds * self.speed
