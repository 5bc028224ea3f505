"""Polls that failed on a bus while nobody on it answered, found out when somebody answers again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame
from edge_agent.outage.signs import NEVER, Signs

_BESIDE_MS = 90_000      # a coordinator gives a read up after that: who is asked together answers or fails within it


class UnheardBuses:
    """A bus may fail without a sign of its own. What failed on it meanwhile says nothing of single meters: they are asked anew."""

    def __init__(self, archive: Archive) -> None:
        buses = sorted({meter.bus for meter in archive.meters})
        self._bus = np.array([buses.index(meter.bus) for meter in archive.meters], np.intp)
        self._heard_ms = np.full(len(buses), NEVER, np.int64)

    def look(self, frame: AreaFrame, signs: Signs) -> npt.NDArray[np.bool_]:
        """Shape (n,): meters whose polls failed with no answer on the same bus beside them, earlier or later, now that somebody answers."""
        before_ms = self._heard_ms
        self._heard_ms = np.full(before_ms.size, NEVER, np.int64)
        np.maximum.at(self._heard_ms, self._bus, frame.answered_utc_ms)
        was_unheard = (before_ms != NEVER) & (self._heard_ms - before_ms > 2 * _BESIDE_MS)
        if not was_unheard.any():
            return np.zeros(self._bus.size, np.bool_)
        first_ms = signs.first_failed_ms(frame)
        doubtful: npt.NDArray[np.bool_] = was_unheard[self._bus] & (signs.polls_failed(frame) > 0)
        doubtful &= (first_ms > before_ms[self._bus] + _BESIDE_MS) & (first_ms < self._heard_ms[self._bus] - _BESIDE_MS)
        return doubtful
