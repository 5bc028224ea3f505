"""The time-out of each meter, from its measured turnaround: smoothed mean plus four times the deviation (RFC 6298)."""

from __future__ import annotations

from dataclasses import dataclass, field

_GAIN_MEAN, _GAIN_DEVIATION, _DEVIATIONS = 1 / 8, 1 / 4, 4.0   # RFC 6298 section 2
_LARGEST_FACTOR = 64.0


@dataclass(slots=True)
class _Estimate:
    mean_s: float
    deviation_s: float
    factor: float = 1.0


@dataclass(slots=True)
class ReplyTimeout:
    """How long to wait for a reply of so many words; doubles with each unanswered request up to the ceiling.

    Each length is measured for itself: behind a gateway the wait contains the slow serial line, and a time-out learned from short
    presence reads would cut every full read off.
    """

    floor_s: float
    ceiling_s: float
    _estimates: dict[int, _Estimate] = field(default_factory=dict)

    def seconds(self, words: int) -> float:
        estimate = self._for(words)
        return self.ceiling_s if estimate is None else min(self.ceiling_s, self._undoubled_s(estimate) * estimate.factor)

    def least_s(self, words: int) -> float:
        """What the measured replies need: without the doubling, and the floor where nothing was measured."""
        estimate = self._for(words)
        return self.floor_s if estimate is None else min(self.ceiling_s, self._undoubled_s(estimate))

    def typical_s(self, words: int) -> float | None:
        """The smoothed turnaround; None before the first reply."""
        estimate = self._for(words)
        return None if estimate is None else estimate.mean_s

    def answered(self, words: int, turnaround_s: float) -> None:
        estimate = self._estimates.get(words)
        if estimate is None:
            self._estimates[words] = _Estimate(turnaround_s, turnaround_s / 2)
            return
        estimate.factor = 1.0
        estimate.deviation_s += _GAIN_DEVIATION * (abs(turnaround_s - estimate.mean_s) - estimate.deviation_s)
        estimate.mean_s += _GAIN_MEAN * (turnaround_s - estimate.mean_s)

    def timed_out(self, words: int) -> None:
        estimate = self._for(words)
        if estimate is not None:
            estimate.factor = min(estimate.factor * 2.0, _LARGEST_FACTOR)

    def _undoubled_s(self, estimate: _Estimate) -> float:
        return max(self.floor_s, estimate.mean_s + _DEVIATIONS * estimate.deviation_s)

    def _for(self, words: int) -> _Estimate | None:
        """What was measured at this length, or at the next longer one."""
        found = self._estimates.get(words)
        if found is not None or not self._estimates:
            return found
        longer = [length for length in self._estimates if length > words]
        return self._estimates[min(longer)] if longer else None
