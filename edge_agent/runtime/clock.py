"""The agent's clocks: the machine's own, and one that runs in step with an accelerated simulation."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from edge_agent.model import TimeSource

# systemd-timesyncd touches this file when it has set the clock; chrony and ntpd users may create it (systemd-timesyncd.service(8))
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")


class SystemClock:
    """Real time. ``time_source`` is NTP once the system says that its clock was set, else NONE."""

    speed = 1.0

    def __init__(self, synchronised: Path = _SYNCHRONISED) -> None:
        self._synchronised = synchronised
        self._checked_s = float("-inf")
        self._time_source = TimeSource.NONE

    @property
    def time_source(self) -> TimeSource:
        now_s = self.monotonic_s()
        if now_s - self._checked_s > 60.0:  # a file look-up for each sample would cost more than it tells
            self._checked_s = now_s
            self._time_source = TimeSource.NTP if self._synchronised.exists() else TimeSource.NONE
        return self._time_source

    def monotonic_s(self) -> float:
        return time.monotonic()

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class AcceleratedClock:
    """Runs ``speed`` times real time from ``epoch_utc_ms`` on, as the simulation does that serves the meters."""

    time_source = TimeSource.NONE

    def __init__(self, *, speed: float, epoch_utc_ms: int) -> None:
        self.speed = speed
        self._epoch_utc_ms = epoch_utc_ms

    def monotonic_s(self) -> float:
        return time.monotonic() * self.speed

    def utc_ms(self) -> int:
        return int(self._epoch_utc_ms + (time.time() * 1000.0 - self._epoch_utc_ms) * self.speed)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)
