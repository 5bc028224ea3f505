"""Polls that failed on a bus while nobody on it answered, found out when somebody answers again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame
from edge_agent.outage.signs import NEVER, Signs

_BESIDE_MS = 90_000      # a coordinator gives a read up after that: who is asked together answers or fails within it


class UnheardBuses:
    """A bus may fail without a sign of its own. What failed on it meanwhile says nothing of single meters: they are asked anew."""

    def __init__(self, archive: Archive) -> None:
        self._buses = sorted({meter.bus for meter in archive.meters})
        self._bus = np.array([self._buses.index(meter.bus) for meter in archive.meters], np.intp)
        self._heard_ms = np.full(len(self._buses), NEVER, np.int64)

    def look(self, frame: AreaFrame, signs: Signs) -> npt.NDArray[np.bool_]:
        """Shape (n,): meters whose polls failed while nobody on their bus answered, now that somebody does.

        None where each of them failed beside an answer: then it was only that nobody else was asked.
        """
        before_ms = self._heard_ms.copy()
        np.maximum.at(self._heard_ms, self._bus, np.minimum(frame.answered_utc_ms, frame.now_utc_ms))
        was_unheard = (before_ms != NEVER) & (self._heard_ms - before_ms > 2 * _BESIDE_MS)
        if not was_unheard.any():
            return np.zeros(self._bus.size, np.bool_)
        first_ms, last_heard_ms = signs.first_failed_ms(frame), before_ms[self._bus]
        since: npt.NDArray[np.bool_] = was_unheard[self._bus] & (signs.polls_failed(frame) > 0) & (first_ms > last_heard_ms)
        amid = since & (first_ms > last_heard_ms + _BESIDE_MS) & (first_ms < self._heard_ms[self._bus] - _BESIDE_MS)
        was_silent = np.bincount(self._bus[amid], minlength=was_unheard.size) > 0
        return since & was_silent[self._bus]

    def forget_the_future(self, now_ms: int) -> None:
        """After the clock was set back nothing has been heard later than now."""
        np.minimum(self._heard_ms, now_ms, out=self._heard_ms)

    def save(self) -> dict[str, int]:
        return dict(zip(self._buses, self._heard_ms.tolist(), strict=True))

    def load(self, saved: Mapping[str, Any]) -> None:
        """Raises ValueError, TypeError or AttributeError for what ``save`` did not give; nothing is changed then."""
        self._heard_ms = np.array([int(saved.get(bus, NEVER)) for bus in self._buses], np.int64)
