"""A phase of the transformer above its rating while the transformer as a whole need not be: single-phase customers put on one phase.

Only at the transformer: an archive names no rating of feeders, branches and boxes, so what flows there has nothing to be judged by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.area_load import PHASES, AreaLoad
from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.demand import Demand, Lasting
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER

_KIND, _VERSION = "phase.overload", 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseOverloadSettings:
    """Load of one phase over the rated current of the transformer's phase."""

    limit_pu: float = 1.00
    alarm_pu: float = 1.50  # normal cyclic current of a distribution transformer, IEC 60076-7
    begin_s: float = 1800.0  # ours: two demand intervals, so that one evening peak of an hour is told
    interval_s: float = 900.0
    hysteresis_pu: float = 0.05

    def __post_init__(self) -> None:
        if not 0.3 <= self.limit_pu < self.alarm_pu <= 3.0:
            raise ValueError("0.3 <= limit_pu < alarm_pu <= 3 must hold: ratios to the rated current of a phase")
        if not 0.0 <= self.hysteresis_pu < self.limit_pu:
            raise ValueError("hysteresis_pu must be 0 or more and below limit_pu")
        if not 60.0 <= self.interval_s <= 3600.0 or self.begin_s < self.interval_s:
            raise ValueError("interval_s must be 60 to 3600, begin_s at least one interval")


class PhaseOverloadDetector:
    """Findings per phase of the area: a warning, an alarm from ``alarm_pu`` on. Silent without transformer or area meter."""

    def __init__(self, archive: Archive, settings: PhaseOverloadSettings) -> None:
        self._archive, self._settings = archive, settings
        self._load, self._demand = AreaLoad(archive), Demand(settings.interval_s)
        limits = np.full(3, np.nextafter(settings.limit_pu, 2.0))  # at the rating is no overload
        self._lasting = Lasting(limits, np.full(3, settings.limit_pu - settings.hysteresis_pu), settings.begin_s)
        self._state: dict[str, npt.NDArray[Any]] = {
            **self._load.state,
            "since_ms": self._lasting.since_ms,
            "begun_ms": self._lasting.begun_ms,
            "is_alarm": np.zeros(3, dtype=np.int8),
            **self._demand.state,
        }

    def update(self, frame: AreaFrame) -> list[Finding]:
        if not self._load.take(frame):
            return []
        interval = self._demand.add(self._load.load_pu, self._load.taken_ms)
        if interval is None:
            return []
        found, taken_ms = [], int(self._load.taken_ms.max())
        for phase, value_pu in enumerate(interval.mean_pu.tolist()):
            stage = self._lasting.judge(phase, value_pu, interval)
            is_alarm = value_pu >= self._settings.alarm_pu
            is_on = self._lasting.begun_ms[phase] != NEVER
            if stage is None and is_on and not math.isnan(value_pu) and is_alarm != bool(self._state["is_alarm"][phase]):
                stage = Stage.CHANGE
            if stage is not None:
                self._state["is_alarm"][phase] = is_alarm
                found.append(self._finding(phase, stage, interval.mean_pu, begin_ms=interval.begin_ms, taken_ms=taken_ms))
        return found

    def conditions(self) -> set[Condition]:
        return {(_KIND, self._place(phase)) for phase in np.flatnonzero(self._lasting.begun_ms != NEVER).tolist()}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state)

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state, data)

    def _place(self, phase: int) -> Place:
        return Place(kind="area", id=self._archive.area, phases=PHASES[phase])

    def _finding(self, phase: int, stage: Stage, mean_pu: npt.NDArray[np.float64], *, begin_ms: int, taken_ms: int) -> Finding:
        begun_ms, value_pu = int(self._lasting.begun_ms[phase]), float(mean_pu[phase])
        at_ms = min(begun_ms if stage is Stage.BEGIN else begin_ms, taken_ms)
        if stage is Stage.END:
            self._lasting.forget(phase)
        return Finding(
            kind=_KIND,
            stage=stage,
            place=self._place(phase),
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(begun_ms, at_ms),  # the clock may have been set back
            evidence_to_utc_ms=taken_ms,
            score=value_pu / self._settings.limit_pu,
            confidence=0.9,
            observed=value_pu,
            threshold=self._settings.limit_pu,
            unit="1",
            severity="alarm" if self._state["is_alarm"][phase] else "warning",
            meters=(self._load.meter_id,),
            evidence=tuple((f"load_{name}_pu", load) for name, load in zip(PHASES, mean_pu.tolist(), strict=True) if not math.isnan(load)),
            alternatives=(
                "the transformer as a whole is overloaded", "wrong rated power in the configuration", "wrong current transformer ratio",
            ),
        )  # fmt: skip


DETECTOR = DetectorType(name="phase_overload", settings=PhaseOverloadSettings, build=PhaseOverloadDetector)
