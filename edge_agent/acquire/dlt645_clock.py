"""Sets the clocks of the meters on a line once a day. Pure: clock and line are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from edge_agent.model import Clock, TimeSource
from edge_agent.wire.dlt645 import BROADCAST, Frame645, request_frame
from edge_agent.wire.dlt645.requests import BroadcastTime

_EVERY_S = 86_400.0
# a meter takes shifts of up to 5 minutes: across midnight that would give a day two ends or none, as of daily freezes
_AWAY_FROM_MIDNIGHT = timedelta(minutes=10)
_DAY = timedelta(days=1)


class ClockSetter:
    """Tells when the local time is to be sent to everybody: once a day, only while our own clock is known to be right."""

    def __init__(self, utc_offset_h: float) -> None:
        self._offset = timedelta(hours=utc_offset_h)
        self._next_s = float("-inf")

    def frame_if_due(self, clock: Clock) -> Frame645 | None:
        """The frame to send now, or None. The caller sends it: the next one is due a day later."""
        if clock.monotonic_s() < self._next_s or clock.time_source is not TimeSource.NTP:
            return None
        local = datetime.fromtimestamp(clock.utc_ms() / 1000, UTC).replace(tzinfo=None) + self._offset
        since_midnight = local - local.replace(hour=0, minute=0, second=0, microsecond=0)
        if not _AWAY_FROM_MIDNIGHT <= since_midnight <= _DAY - _AWAY_FROM_MIDNIGHT:
            return None
        self._next_s = clock.monotonic_s() + _EVERY_S
        return request_frame(BROADCAST, BroadcastTime(time=local.replace(microsecond=0)))
