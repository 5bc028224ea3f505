"""Voltage outside the permitted band, per phase and meter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.band import BEGAN_LOW, DEAD, DEEPENED, ENDED, update_band
from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER

_PHASES = "abc"
_COLUMNS = [COLUMN_INDEX[f"voltage_v.{phase}"] for phase in _PHASES]
_FIRST = _COLUMNS[0]
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageSettings:
    """Ratios of the meter's nominal voltage. Defaults: GB/T 12325, 220 V: 198.0 .. 235.4 V; delays outage.md 4.1 (3 x 1 min)."""

    low_ratio: float = 0.90
    high_ratio: float = 1.07
    hysteresis_ratio: float = 2.0 / 220.0  # low ends at 200 V of 220 V
    begin_s: float = 180.0
    end_s: float = 180.0
    max_gap_s: float = 900.0  # a delay does not count across a longer pause in the readings
    dead_ratio: float = 0.5  # below it the phase is dead rather than low: severity alarm

    def __post_init__(self) -> None:
        if not 0 < self.dead_ratio <= self.low_ratio < 1 < self.high_ratio:
            raise ValueError("dead_ratio <= low_ratio < 1 < high_ratio must hold, all above 0")
        if self.hysteresis_ratio < 0 or self.low_ratio + self.hysteresis_ratio > self.high_ratio - self.hysteresis_ratio:
            raise ValueError("hysteresis_ratio must not be negative and must leave room between the limits")
        if min(self.begin_s, self.end_s, self.max_gap_s) < 0:
            raise ValueError("begin_s, end_s and max_gap_s must not be negative")


class VoltageDetector:
    """Findings ``voltage.low`` and ``voltage.high``; a value on the limit is inside. A low voltage that turns dead is a change."""

    def __init__(self, archive: Archive, settings: VoltageSettings) -> None:
        self._archive, self._settings = archive, settings
        n = len(archive.meters)
        nominal_v = np.array([meter.nominal_voltage_v for meter in archive.meters])
        judged = np.array([[phase in meter.phases for meter in archive.meters] for phase in _PHASES], dtype=bool).reshape(3 * n)
        ratios = (
            settings.low_ratio,
            settings.high_ratio,
            settings.low_ratio + settings.hysteresis_ratio,
            settings.high_ratio - settings.hysteresis_ratio,
            settings.dead_ratio,
        )
        # rounded to a microvolt, so that 0.9 x 220 V is the 198.0 V of the standard and not 198.00000000000003
        self._limits_v = np.array([np.round(np.tile(nominal_v * ratio, 3), 6) for ratio in ratios])
        self._limits_v[:, ~judged] = np.nan
        self._state: dict[str, npt.NDArray[Any]] = {
            "seen_ms": np.full(3 * n, NEVER, dtype=np.int64),
            "since_ms": np.full(3 * n, NEVER, dtype=np.int64),
            "begun_ms": np.full(3 * n, NEVER, dtype=np.int64),
            "side": np.zeros(3 * n, dtype=np.int8),
            "pending": np.zeros(3 * n, dtype=np.int8),
        }
        self._told_side = np.zeros(3 * n, dtype=np.int8)  # which side the last BEGIN of a phase was: what an END ends
        self._code = np.zeros(3 * n, dtype=np.int8)
        self._delays_ms = (round(1000 * settings.begin_s), round(1000 * settings.end_s), round(1000 * settings.max_gap_s))

    def update(self, frame: AreaFrame) -> list[Finding]:
        # the three phase columns follow each other in the frame: one contiguous stretch, no copy
        value_v = frame.values[_FIRST : _FIRST + 3].reshape(-1)
        taken_ms = frame.taken_utc_ms[_FIRST : _FIRST + 3].reshape(-1)
        changed = update_band(
            value_v,
            taken_ms,
            self._limits_v,
            self._state["seen_ms"],
            self._state["since_ms"],
            self._state["begun_ms"],
            self._state["side"],
            self._state["pending"],
            self._code,
            *self._delays_ms,
        )
        if not changed:
            return []
        return [self._finding(int(place), float(value_v[place]), int(taken_ms[place])) for place in np.flatnonzero(self._code)]

    def conditions(self) -> set[Condition]:
        return {(self._kind(place), self._place(place)) for place in np.flatnonzero(self._state["side"]).tolist()}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state | {"told_side": self._told_side})

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state | {"told_side": self._told_side}, data)

    def _kind(self, place: int) -> str:
        return "voltage.low" if self._told_side[place] < 0 else "voltage.high"

    def _place(self, place: int) -> Place:
        phase, index = divmod(place, len(self._archive.meters))
        return Place(kind="meter", id=self._archive.meters[index].id, phases=_PHASES[phase])

    def _finding(self, place: int, value_v: float, taken_ms: int) -> Finding:
        meter, code = self._archive.meters[place % len(self._archive.meters)], self._code[place]
        if code not in (ENDED, DEEPENED):
            self._told_side[place] = -1 if code == BEGAN_LOW else 1
        is_low = self._told_side[place] < 0
        limit_v = float(self._limits_v[0 if is_low else 1, place])
        is_dead = self._state["side"][place] == DEAD
        stage = Stage.END if code == ENDED else Stage.CHANGE if code == DEEPENED else Stage.BEGIN
        began_ms = int(self._state["begun_ms"][place])
        # the end is when the voltage came back, the delay only makes sure of it
        at_ms = began_ms if stage is Stage.BEGIN else taken_ms if stage is Stage.CHANGE else int(self._state["since_ms"][place])
        return Finding(
            kind=self._kind(place),
            stage=stage,
            place=self._place(place),
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(began_ms, at_ms),  # the clock may have been set back
            evidence_to_utc_ms=taken_ms,
            score=abs(value_v - meter.nominal_voltage_v) / meter.nominal_voltage_v,
            confidence=0.9,
            observed=value_v,
            threshold=limit_v,
            unit="V",
            severity="alarm" if is_dead else "warning",
            meters=(meter.id,),
            alternatives=("phase lost", "neutral fault") if is_dead else ("neutral fault", "wrong nominal voltage in the configuration"),
        )


DETECTOR = DetectorType(name="voltage", settings=VoltageSettings, build=VoltageDetector)
