"""Overload of a meter's rating: what past currents have left in a thermal image, not a single high reading."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.thermal import ALARMED, COOLED, WARNED, update_thermal
from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER

_PHASES = "abc"
_FIRST = COLUMN_INDEX["current_a.a"]
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadSettings:
    """Thermal image, IEC 60255-149; thresholds detection.md section 5."""

    tau_s: float = 600.0  # 10-16 mm2 in conduit 10-15 min (detection.md 5.1): the shorter is the safer
    warn_heat: float = 0.9
    alarm_heat: float = 1.0  # the steady state at the rating
    end_heat: float = 0.85  # below the warning, so that a load near it does not flap
    max_gap_s: float = 900.0  # a current acts at most this long: nobody knows what flowed in a longer pause

    def __post_init__(self) -> None:
        if not 0 < self.end_heat < self.warn_heat < self.alarm_heat or self.tau_s <= 0 or self.max_gap_s <= 0:
            raise ValueError("0 < end_heat < warn_heat < alarm_heat must hold, tau_s and max_gap_s must be above 0")


class OverloadDetector:
    """Findings ``overload`` per phase: a warning, an alarm once the image passes the rating. The image starts cold."""

    def __init__(self, archive: Archive, settings: OverloadSettings) -> None:
        self._archive, self._settings = archive, settings
        n = len(archive.meters)
        rating_a = [math.nan if meter.rated_current_a is None else meter.rated_current_a for meter in archive.meters]
        self._reference_a = np.array(
            [
                rating if phase in meter.phases else math.nan
                for phase in _PHASES
                for meter, rating in zip(archive.meters, rating_a, strict=True)
            ]
        )
        self._state: dict[str, npt.NDArray[Any]] = {
            "heat": np.zeros(3 * n),
            "seen_ms": np.full(3 * n, NEVER, dtype=np.int64),
            "level": np.zeros(3 * n, dtype=np.int8),
        }
        self._begun_ms = np.full(3 * n, NEVER, dtype=np.int64)
        self._code = np.zeros(3 * n, dtype=np.int8)
        self._thresholds = (settings.end_heat, settings.warn_heat, settings.alarm_heat)

    def update(self, frame: AreaFrame) -> list[Finding]:
        current_a = frame.values[_FIRST : _FIRST + 3].reshape(-1)
        taken_ms = frame.taken_utc_ms[_FIRST : _FIRST + 3].reshape(-1)
        changed = update_thermal(
            current_a,
            taken_ms,
            self._reference_a,
            self._state["heat"],
            self._state["seen_ms"],
            self._state["level"],
            self._code,
            self._settings.tau_s,
            self._settings.max_gap_s,
            self._thresholds,
        )
        if not changed:
            return []
        return [self._finding(int(place), float(current_a[place]), int(taken_ms[place])) for place in np.flatnonzero(self._code)]

    def conditions(self) -> set[Condition]:
        return {("overload", self._place(place)) for place in np.flatnonzero(self._begun_ms != NEVER).tolist()}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state | {"begun_ms": self._begun_ms})

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state | {"begun_ms": self._begun_ms}, data)

    def _place(self, place: int) -> Place:
        phase, index = divmod(place, len(self._archive.meters))
        return Place(kind="meter", id=self._archive.meters[index].id, phases=_PHASES[phase])

    def _finding(self, place: int, current_a: float, taken_ms: int) -> Finding:
        meter, code = self._archive.meters[place % len(self._archive.meters)], self._code[place]
        heat, rating_a = float(self._state["heat"][place]), float(self._reference_a[place])
        if code == COOLED:
            stage = Stage.END
        elif self._begun_ms[place] == NEVER:
            stage = Stage.BEGIN
            self._begun_ms[place] = taken_ms
        else:
            stage = Stage.CHANGE
        began_ms = min(int(self._begun_ms[place]), taken_ms)  # the clock may have been set back
        if stage is Stage.END:
            self._begun_ms[place] = NEVER
        evidence = [("heat", heat), ("current_to_rating", abs(current_a) / rating_a)]
        if code == WARNED and (minutes := self._minutes_to_alarm(heat, current_a / rating_a)) is not None:
            evidence.append(("minutes_to_alarm", minutes))
        return Finding(
            kind="overload",
            stage=stage,
            place=self._place(place),
            at_utc_ms=began_ms if stage is Stage.BEGIN else taken_ms,
            evidence_from_utc_ms=began_ms,
            evidence_to_utc_ms=taken_ms,
            score=heat,
            confidence=0.9,
            observed=current_a,
            threshold=rating_a,
            unit="A",
            severity="alarm" if code == ALARMED else "warning",
            meters=(meter.id,),
            evidence=tuple(evidence),
            alternatives=("wrong rating in the configuration", "wrong transformer ratio"),
        )

    def _minutes_to_alarm(self, heat: float, ratio: float) -> float | None:
        """Until the image reaches the alarm if the current stays: tau ln((x - H) / (x - alarm)); None where it never does."""
        steady, alarm = ratio * ratio, self._settings.alarm_heat
        if steady <= alarm or heat >= alarm:
            return None
        return self._settings.tau_s * math.log((steady - heat) / (steady - alarm)) / 60.0


DETECTOR = DetectorType(name="overload", settings=OverloadSettings, build=OverloadDetector)
