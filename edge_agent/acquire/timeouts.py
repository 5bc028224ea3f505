"""The time-out of each meter, from its measured turnaround: smoothed mean plus four times the deviation (RFC 6298)."""

from __future__ import annotations

from dataclasses import dataclass

_GAIN_MEAN, _GAIN_DEVIATION, _DEVIATIONS = 1 / 8, 1 / 4, 4.0   # RFC 6298 section 2


@dataclass(slots=True)
class ReplyTimeout:
    """``seconds()`` waits for the first byte of a reply; doubles with each unanswered request up to the ceiling."""

    floor_s: float
    ceiling_s: float
    _mean_s: float | None = None
    _deviation_s: float = 0.0
    _factor: float = 1.0

    def seconds(self) -> float:
        if self._mean_s is None:
            return self.ceiling_s
        return min(self.ceiling_s, max(self.floor_s, self._mean_s + _DEVIATIONS * self._deviation_s) * self._factor)

    def typical_s(self) -> float:
        return self.floor_s if self._mean_s is None else self._mean_s

    def answered(self, turnaround_s: float) -> None:
        self._factor = 1.0
        if self._mean_s is None:
            self._mean_s, self._deviation_s = turnaround_s, turnaround_s / 2
            return
        self._deviation_s += _GAIN_DEVIATION * (abs(turnaround_s - self._mean_s) - self._deviation_s)
        self._mean_s += _GAIN_MEAN * (turnaround_s - self._mean_s)

    def timed_out(self) -> None:
        self._factor = min(self._factor * 2.0, 64.0)
