"""The clock that schedules, labels and detectors are given; never read in the middle of the logic."""

from __future__ import annotations

from typing import Protocol

from edge_agent.model.sample import TimeSource


class Clock(Protocol):
    """May run faster than real time, as in the demo; wire and broker time-outs do not use it."""

    @property
    def time_source(self) -> TimeSource: ...

    @property
    def speed(self) -> float:
        """Seconds of this clock in one real second."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never step; only differences mean something."""
        ...

    def utc_ms(self) -> int:
        """Wall clock in milliseconds since 1970; may step."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait this many seconds of this clock."""
        ...
