"""The current of the whole area at the transformer: what fails takes its load along, what is only not heard does not."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Role

_COLUMNS = [COLUMN_INDEX[f"current_a.{phase}"] for phase in "abc"]
_KEPT = 60               # readings: an hour at one a minute
_FEWEST = 8              # before them nothing is known of how the load usually moves
_LEVEL = 3               # readings whose median is the level
_FLOOR = 0.01            # of the level: resolution and class of the meter
_MAD_TO_SD = 1.4826
_Drop = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


class AreaLoad:
    """The last currents of the area meter; nothing where there is none."""

    def __init__(self, archive: Archive) -> None:
        self._meter = next((meter.index for meter in archive.meters if meter.role is Role.AREA), None)
        self._readings: deque[tuple[int, tuple[float, float, float]]] = deque(maxlen=_KEPT)

    def look(self, frame: AreaFrame) -> None:
        """Keep a reading that is new and complete."""
        if self._meter is None:
            return
        taken_ms = int(frame.taken_utc_ms[_COLUMNS[0], self._meter])
        if taken_ms < 0 or (self._readings and taken_ms <= self._readings[-1][0] <= frame.now_utc_ms):
            return
        if self._readings and self._readings[-1][0] > frame.now_utc_ms:
            self._readings.clear()             # the clock was set back
        amperes = frame.values[_COLUMNS, self._meter]
        if np.isfinite(amperes).all():
            first, second, third = amperes.tolist()
            self._readings.append((taken_ms, (first, second, third)))

    def drop_since(self, at_ms: int) -> _Drop:
        """By how much each phase fell at ``at_ms``, A, and the standard deviation of such a difference at other times; NaN = not known.

        The level before is the median of the last readings, the level after that of the first ones: both moments are seconds or minutes
        apart, in which loads come and go.
        """
        unknown = np.full(3, np.nan)
        before = [amperes for taken_ms, amperes in self._readings if taken_ms < at_ms]
        after = [amperes for taken_ms, amperes in self._readings if taken_ms > at_ms]
        if len(before) < _FEWEST or not after:
            return unknown, unknown
        history = np.array(before)
        level = np.median(history[-_LEVEL:], axis=0)
        drop = level - np.median(np.array(after[:_LEVEL]), axis=0)
        changes = history[_LEVEL:] - np.array([np.median(history[end - _LEVEL:end], axis=0) for end in range(_LEVEL, len(history))])
        spread = _MAD_TO_SD * np.median(np.abs(changes - np.median(changes, axis=0)), axis=0)
        return drop, np.maximum(spread, _FLOOR * np.abs(level))
