"""The simulation's clock: real time, or a multiple of it."""

from __future__ import annotations

import time
from typing import Protocol


class ElapsedClock(Protocol):
    """The part of a simulation clock that sources and meters need."""

    def elapsed_s(self) -> float: ...


class SimClock:
    """Simulated time runs ``speed`` times real time from ``epoch_utc_ms`` (default: now) on."""

    def __init__(self, *, speed: float = 1.0, epoch_utc_ms: int | None = None) -> None:
        self.speed = speed
        self.epoch_utc_ms = time.time_ns() // 1_000_000 if epoch_utc_ms is None else epoch_utc_ms

    def elapsed_s(self) -> float:
        """Simulated seconds since the epoch."""
        return (time.time() - self.epoch_utc_ms / 1000.0) * self.speed


class ManualClock:
    """A clock that a test moves."""

    speed = 1.0

    def __init__(self) -> None:
        self.now_s = 0.0

    def elapsed_s(self) -> float:
        return self.now_s
