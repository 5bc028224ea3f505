"""Conductors at the limit of their insulation where the air around them is measured: a hot cabinet leaves less room for the current.

``overload`` judges each meter with a rating at the air that the rating was made for; this one adds what that cannot see and so judges only
meters that give an ambient temperature.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.conductor import ALARMED, COOLED, update_conductor
from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER

_KIND, _PHASES, _VERSION = "conductor.hot", "abc", 1
_CURRENT, _AMBIENT = COLUMN_INDEX["current_a.a"], COLUMN_INDEX["ambient_temperature_cel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConductorSettings:
    """Copper in PVC: 70 degC at the rated current in air of 30 degC (IEC 60364-5-52); 10 to 16 mm2 in conduit 10 to 15 min."""

    rated_cel: float = 70.0  # 90 where the insulation is XLPE: also the limit
    rated_ambient_cel: float = 30.0
    alpha20: float = 0.00393  # 1/K, copper; aluminium 0.00403
    tau_s: float = 600.0
    warn_below_k: float = 4.0  # this far below the limit, as overload warns at 0.9 of the rise
    end_below_k: float = 8.0
    ambient_max_age_s: float = 3600.0
    max_gap_s: float = 900.0  # a current acts at most this long: nobody knows what flowed in a longer pause

    def __post_init__(self) -> None:
        if not 50.0 <= self.rated_cel <= 250.0 or not -20.0 <= self.rated_ambient_cel < self.rated_cel - self.end_below_k:
            raise ValueError("rated_cel must be an insulation's limit, 50 to 250, and rated_ambient_cel the air's, well below it")
        if not 0.0 < self.warn_below_k < self.end_below_k:
            raise ValueError("0 < warn_below_k < end_below_k must hold")
        if not 0.0 <= self.alpha20 <= 0.01:
            raise ValueError("alpha20 must be 0 to 0.01 per kelvin: copper 0.00393, aluminium 0.00403")
        if min(self.tau_s, self.max_gap_s, self.ambient_max_age_s) <= 0:
            raise ValueError("tau_s, max_gap_s and ambient_max_age_s must be above 0")


class ConductorDetector:
    """Findings per meter and phase: a warning, an alarm above the limit of the insulation. A conductor starts at its ambient."""

    def __init__(self, archive: Archive, settings: ConductorSettings) -> None:
        self._archive, self._settings = archive, settings
        n = len(archive.meters)
        rated = [math.nan if meter.rated_current_a is None else meter.rated_current_a for meter in archive.meters]
        self._rated_a = np.array([
            rating if phase in meter.phases else math.nan
            for phase in _PHASES for meter, rating in zip(archive.meters, rated, strict=True)
        ])  # fmt: skip
        self._state: dict[str, npt.NDArray[Any]] = {
            "conductor_cel": np.full(3 * n, np.nan),
            "seen_ms": np.full(3 * n, NEVER, dtype=np.int64),
            "level": np.zeros(3 * n, dtype=np.int8),
            "begun_ms": np.full(3 * n, NEVER, dtype=np.int64),
        }
        self._code, self._ambient_cel = np.zeros(3 * n, dtype=np.int8), np.full((3, n), np.nan)
        limit = settings.rated_cel
        self._thresholds_cel = (limit - settings.end_below_k, limit - settings.warn_below_k, limit)

    def update(self, frame: AreaFrame) -> list[Finding]:
        settings, state = self._settings, self._state
        is_fresh = frame.taken_utc_ms[_AMBIENT] > max(frame.now_utc_ms - 1000 * settings.ambient_max_age_s, NEVER)
        if not is_fresh.any():
            return []
        self._ambient_cel[:] = np.where(is_fresh, frame.values[_AMBIENT], np.nan)
        current_a = frame.values[_CURRENT : _CURRENT + 3].reshape(-1)
        taken_ms = frame.taken_utc_ms[_CURRENT : _CURRENT + 3].reshape(-1)
        changed = update_conductor(
            current_a, self._ambient_cel.reshape(-1), taken_ms, self._rated_a,
            state["conductor_cel"], state["seen_ms"], state["level"], self._code,
            tau_s=settings.tau_s, max_gap_s=settings.max_gap_s, rated_cel=settings.rated_cel, rated_ambient_cel=settings.rated_ambient_cel,
            alpha20=settings.alpha20, thresholds_cel=self._thresholds_cel,
        )
        if not changed:
            return []
        return [self._finding(int(place), float(current_a[place]), int(taken_ms[place])) for place in np.flatnonzero(self._code)]

    def conditions(self) -> set[Condition]:
        return {(_KIND, self._place(place)) for place in np.flatnonzero(self._state["begun_ms"] != NEVER).tolist()}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state)

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state, data)

    def _place(self, place: int) -> Place:
        phase, index = divmod(place, len(self._archive.meters))
        return Place(kind="meter", id=self._archive.meters[index].id, phases=_PHASES[phase])

    def _finding(self, place: int, current_a: float, taken_ms: int) -> Finding:
        code, begun_ms, cel = self._code[place], self._state["begun_ms"], float(self._state["conductor_cel"][place])
        stage = Stage.END if code == COOLED else Stage.BEGIN if begun_ms[place] == NEVER else Stage.CHANGE
        if stage is Stage.BEGIN:
            begun_ms[place] = taken_ms
        began_ms = min(int(begun_ms[place]), taken_ms)  # the clock may have been set back
        if stage is Stage.END:
            begun_ms[place] = NEVER
        ambient_cel = float(self._ambient_cel.reshape(-1)[place])
        return Finding(
            kind=_KIND,
            stage=stage,
            place=self._place(place),
            at_utc_ms=taken_ms,
            evidence_from_utc_ms=began_ms,
            evidence_to_utc_ms=taken_ms,
            score=max(cel, 0.0) / self._settings.rated_cel,
            confidence=0.8,
            observed=cel,
            threshold=self._settings.rated_cel,
            unit="Cel",
            severity="alarm" if code == ALARMED else "warning",
            meters=(self._archive.meters[place % len(self._archive.meters)].id,),
            evidence=(
                ("conductor_cel", cel), ("ambient_cel", ambient_cel), ("current_a", current_a), ("rated_a", float(self._rated_a[place])),
            ),
            alternatives=("wrong rating in the configuration", "a sensor that does not measure the air around the conductor"),
        )  # fmt: skip


DETECTOR = DetectorType(name="conductor", settings=ConductorSettings, build=ConductorDetector)
