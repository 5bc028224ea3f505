"""What the concentrator's own mains say about the supply of the area: in, out, or unknown."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any


class Mains(enum.Enum):
    UNKNOWN = "unknown"
    IN = "in"
    OUT = "out"


@dataclass(slots=True)
class MainsState:
    """The terminal's power-down rule: out when all measured phases are low, in when any is high, else as before.

    ``out_v`` and ``in_v`` are the limits, ``out_delay_ms`` how long out must last; ``since_ms`` is when what ``now`` says began.
    Source: DL/T 698.45 object 3106, defaults 60 % and 80 % of nominal (outage.md 1.2).
    """

    out_v: float
    in_v: float
    out_delay_ms: int
    now: Mains = Mains.UNKNOWN
    since_ms: int = 0
    low_since_ms: int | None = None

    def judge(self, supply_v: list[float], now_ms: int) -> None:
        """Take the volts of the phases, NaN = not measured; where nothing is measured nothing is known, least of all an outage."""
        measured_v = [volts for volts in supply_v if not math.isnan(volts)]
        self.since_ms = min(self.since_ms, now_ms)  # the clock may have been set back
        if self.low_since_ms is not None:
            self.low_since_ms = min(self.low_since_ms, now_ms)
        if not measured_v:
            self._become(Mains.UNKNOWN, now_ms)
        elif max(measured_v) >= self.in_v:
            self._become(Mains.IN, now_ms)
        elif max(measured_v) < self.out_v:
            if self.low_since_ms is None:
                self.low_since_ms = now_ms
            if now_ms - self.low_since_ms >= self.out_delay_ms and self.now is not Mains.OUT:
                self.now, self.since_ms = Mains.OUT, self.low_since_ms

    def save(self) -> list[Any]:
        return [self.now.value, self.since_ms, self.low_since_ms]

    def load(self, saved: list[Any]) -> None:
        """Raises ValueError or TypeError for what ``save`` did not give; nothing is changed then."""
        now, since_ms, low_since_ms = saved
        mains, since_ms, low_since_ms = Mains(now), int(since_ms), None if low_since_ms is None else int(low_since_ms)
        self.now, self.since_ms, self.low_since_ms = mains, since_ms, low_since_ms

    def _become(self, mains: Mains, now_ms: int) -> None:
        self.low_since_ms = None
        if self.now is not mains:
            self.now, self.since_ms = mains, now_ms
