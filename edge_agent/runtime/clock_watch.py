"""Notices that somebody set the wall clock, which only labels; schedules run on the monotonic one and do not feel it."""

from __future__ import annotations

from edge_agent.model import Clock

# Two looks apart by a slow moment of the machine differ by milliseconds, and NTP slews by half a millisecond a second: neither is a step.
_STEP_S = 1.0


class ClockWatch:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._least_ms = 1000.0 * _STEP_S * max(1.0, clock.speed)
        self._offset_ms = self._offset()

    def take_step_ms(self) -> int:
        """How far the wall clock was set forward (negative: back) since the last call; 0 when it was not."""
        before_ms, self._offset_ms = self._offset_ms, self._offset()
        step_ms = self._offset_ms - before_ms
        return round(step_ms) if abs(step_ms) >= self._least_ms else 0

    def _offset(self) -> float:
        return self._clock.utc_ms() - 1000.0 * self._clock.monotonic_s()
