"""A box of which no module is heard and that nobody reads: one of its meters is asked now and then whether it lives."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame

_LOOK_EVERY_MS = 5000


class Witnesses:
    """``every_s``: how long a box may be without an answer before one of its meters is asked, 0 = never; ``at_once``: of how many boxes."""

    def __init__(self, archive: Archive, *, every_s: float, at_once: int) -> None:
        self._every_ms, self._at_once = round(1000 * every_s), max(1, at_once)
        boxes = sorted({meter.node for meter in archive.meters})
        self._box = np.array([boxes.index(meter.node) for meter in archive.meters], np.intp)
        self._asked_ms = np.full(len(boxes), np.iinfo(np.int64).min // 2, np.int64)
        self._looked_ms = np.iinfo(np.int64).min // 2

    def due(self, frame: AreaFrame, may_be_asked: npt.NDArray[np.bool_]) -> list[int]:
        """Archive indices, of each box who answered longest ago. ``may_be_asked``: shape (n,), of whom nothing bad is known."""
        now_ms = frame.now_utc_ms
        if not self._every_ms or 0 <= now_ms - self._looked_ms < _LOOK_EVERY_MS:
            return []
        self._looked_ms = now_ms
        np.minimum(self._asked_ms, now_ms, out=self._asked_ms)           # the clock may have been set back
        heard_ms = self._asked_ms.copy()
        np.maximum.at(heard_ms, self._box, np.where(may_be_asked, frame.answered_utc_ms, self._asked_ms[self._box]))
        order = np.flatnonzero(may_be_asked & (now_ms - heard_ms[self._box] >= self._every_ms))
        order = order[np.argsort(frame.answered_utc_ms[order], kind="stable")]
        _, first = np.unique(self._box[order], return_index=True)
        chosen: list[int] = order[np.sort(first)][: self._at_once].tolist()
        self._asked_ms[self._box[chosen]] = now_ms
        return chosen
