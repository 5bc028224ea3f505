"""Meters that do not answer and that nothing explains: dead or mute, told as what they are, unknown."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.silence import mark_silent
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage
from edge_agent.outage.settings import OutageSettings

KIND = "meter.silent"
_CONFIDENCE = 0.6           # that it is silent is certain, that it has no supply is not


class SilentMeters:
    """``told``: archive index -> when its silence began."""

    def __init__(self, archive: Archive, settings: OutageSettings) -> None:
        self._archive, self._settings = archive, settings
        self._silent = np.zeros(len(archive.meters), np.int8)
        self._noticed_ms: dict[int, int] = {}
        self.told: dict[int, int] = {}
        boxes: dict[str, list[int]] = {}
        for meter in archive.meters:
            boxes.setdefault(meter.node, []).append(meter.index)
        self._box = [np.array([other for other in boxes[meter.node] if other != meter.index], np.intp) for meter in archive.meters]

    def follow(
        self, frame: AreaFrame, failed: npt.NDArray[np.int32], first_failed_ms: npt.NDArray[np.int64], explained: npt.NDArray[np.bool_],
    ) -> list[Finding]:
        """Tell those that have been silent long enough, and those that answer again. ``explained``: part of something that is told."""
        findings = []
        for index, begun_ms in list(self.told.items()):
            if failed[index] == 0 and frame.answered_utc_ms[index] > begun_ms:
                del self.told[index]
                findings.append(self._finding(frame, failed, index, begun_ms, Stage.END))
        count = mark_silent(
            failed, first_failed_ms, frame.reachable, self._silent, frame.now_utc_ms, self._settings.silent_polls,
            round(1000 * self._settings.silent_s),
        )
        if not count:
            self._noticed_ms.clear()
            return findings
        silent = [index for index in np.flatnonzero(self._silent).tolist() if index not in self.told and not explained[index]]
        self._noticed_ms = {index: self._noticed_ms.get(index, frame.now_utc_ms) for index in silent}
        for index in silent:
            begun_ms = min(int(first_failed_ms[index]), frame.now_utc_ms)
            if self._may_be_more(frame, failed, index, begun_ms):
                continue
            del self._noticed_ms[index]
            self.told[index] = begun_ms
            findings.append(self._finding(frame, failed, index, begun_ms, Stage.BEGIN))
        return findings

    def joined(self, frame: AreaFrame, failed: npt.NDArray[np.int32], index: int, place: str) -> list[Finding]:
        """It is part of something larger, at ``place``."""
        begun_ms = self.told.pop(index, None)
        if begun_ms is None:
            return []
        return [self._finding(frame, failed, index, begun_ms, Stage.END, superseded_by=place)]

    def conditions(self) -> set[tuple[str, Place]]:
        return {(KIND, Place(kind="meter", id=self._archive.meters[index].id)) for index in self.told}

    def forget_the_future(self, now_ms: int) -> None:
        self.told = {index: min(begun_ms, now_ms) for index, begun_ms in self.told.items()}
        self._noticed_ms = {index: min(noticed_ms, now_ms) for index, noticed_ms in self._noticed_ms.items()}

    def save(self) -> list[Any]:
        return [list(self.told.items()), list(self._noticed_ms.items())]

    def load(self, saved: list[Any]) -> None:
        """Raises ValueError or TypeError for what ``save`` did not give for these meters; nothing is changed then."""
        told, noticed = ({int(index): int(at_ms) for index, at_ms in pairs} for pairs in saved)
        if any(not 0 <= index < len(self._archive.meters) for index in (*told, *noticed)):
            raise ValueError("of other meters")
        self.told, self._noticed_ms = told, noticed

    def _may_be_more(self, frame: AreaFrame, failed: npt.NDArray[np.int32], index: int, begun_ms: int) -> bool:
        """Whether its neighbours in the box have not answered since, and there is still time to find out."""
        if frame.now_utc_ms - self._noticed_ms[index] > round(1000 * self._settings.hold_s):
            return False
        others = self._box[index]
        answered = (frame.answered_utc_ms[others] > begun_ms) & (failed[others] == 0)
        return bool(others.size) and not answered.any()

    def _finding(
        self, frame: AreaFrame, failed: npt.NDArray[np.int32], index: int, begun_ms: int, stage: Stage, superseded_by: str = ""
    ) -> Finding:
        name = self._archive.meters[index].id
        at_ms = begun_ms if stage is Stage.BEGIN else frame.now_utc_ms
        return Finding(
            kind=KIND, stage=stage, place=Place(kind="meter", id=name), at_utc_ms=min(at_ms, frame.now_utc_ms),
            evidence_from_utc_ms=min(begun_ms, frame.now_utc_ms), evidence_to_utc_ms=frame.now_utc_ms,
            score=float(failed[index]) / self._settings.silent_polls, confidence=_CONFIDENCE, observed=float(failed[index]),
            threshold=float(self._settings.silent_polls), unit="unanswered polls", severity="info" if stage is Stage.END else "warning",
            meters=(name,), evidence=(("polls_failed", float(failed[index])),),
            alternatives=("loss of supply of this customer", "meter or communication failure"), superseded_by=superseded_by,
        )
