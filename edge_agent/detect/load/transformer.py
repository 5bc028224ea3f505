"""The transformer as a whole: heavy load and overload as operators count them, and the time an emergency overload is permitted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.area_load import PHASES, AreaLoad
from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.demand import Demand, Interval, Lasting
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER

_VERSION = 1
_OVER, _HEAVY = 0, 1
_KINDS = ("transformer.overload", "transformer.heavy_load")
# permitted minutes of an emergency overload, a public operating table (outage.md 4.2, P-43); in between by the logarithm of the time
_EMERGENCY_PU = (1.30, 1.60, 1.75, 2.00)
_PERMITTED_MIN = {"outdoor": (120.0, 30.0, 15.0, 7.5), "indoor": (60.0, 15.0, 8.0, 4.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerSettings:
    """Operating rule: heavy 80 to 100 %, overload above 100 %, each for 2 h (outage.md 4.2); load is the mean of the phases."""

    heavy_pu: float = 0.80
    overload_pu: float = 1.00
    begin_s: float = 7200.0
    interval_s: float = 900.0  # of the means that are judged: the demand interval of the trade
    hysteresis_pu: float = 0.05
    is_indoor: bool = False  # a kiosk or a room: half the time of an emergency overload
    max_gap_s: float = 1800.0  # between two readings that tell of an emergency overload

    def __post_init__(self) -> None:
        if not 0.3 <= self.heavy_pu < self.overload_pu <= 1.3:
            raise ValueError("0.3 <= heavy_pu < overload_pu <= 1.3 must hold: above 1.3 the time permitted is counted in minutes")
        if not 0.0 <= self.hysteresis_pu < self.heavy_pu:
            raise ValueError("hysteresis_pu must be 0 or more and below heavy_pu")
        if not 60.0 <= self.interval_s <= 3600.0 or self.begin_s < self.interval_s:
            raise ValueError("interval_s must be 60 to 3600, begin_s at least one interval")
        if self.max_gap_s <= 0:
            raise ValueError("max_gap_s must be above 0")


class TransformerDetector:
    """Findings ``transformer.heavy_load`` and ``transformer.overload`` of the area; an overload is an alarm once its time is used up."""

    def __init__(self, archive: Archive, settings: TransformerSettings) -> None:
        self._archive, self._settings = archive, settings
        self._load, self._demand = AreaLoad(archive), Demand(settings.interval_s)
        limits = np.array([np.nextafter(settings.overload_pu, 2.0), settings.heavy_pu])  # overload is above 100 %, heavy load from 80 % on
        self._lasting = Lasting(limits, np.array([settings.overload_pu, settings.heavy_pu]) - settings.hysteresis_pu, settings.begin_s)
        self._log_permitted = np.log(_PERMITTED_MIN["indoor" if settings.is_indoor else "outdoor"])
        self._place = Place(kind="area", id=archive.area)
        self._state: dict[str, npt.NDArray[Any]] = {
            **self._load.state,
            "since_ms": self._lasting.since_ms,
            "begun_ms": self._lasting.begun_ms,
            "used_share": np.zeros(1),  # of the time that is permitted
            "used_since_ms": np.full(1, NEVER, dtype=np.int64),
            "last_pu": np.full(1, np.nan),
            "last_ms": np.full(1, NEVER, dtype=np.int64),
            "is_alarm": np.zeros(1, dtype=np.int8),
            **self._demand.state,
        }

    def update(self, frame: AreaFrame) -> list[Finding]:
        if not self._load.take(frame):
            return []
        taken_ms, mean_pu = int(self._load.taken_ms.max()), _mean(self._load.load_pu)
        interval = self._demand.add(self._load.load_pu, self._load.taken_ms)
        found = [] if interval is None else self._judge(interval, taken_ms)
        return found + self._use_up(mean_pu, taken_ms)

    def conditions(self) -> set[Condition]:
        return {(_KINDS[which], self._place) for which in np.flatnonzero(self._lasting.begun_ms != NEVER).tolist()}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state)

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state, data)

    def _judge(self, interval: Interval, taken_ms: int) -> list[Finding]:
        found, value_pu = [], _mean(interval.mean_pu)
        if value_pu <= self._settings.overload_pu:
            self._state["used_share"][0], self._state["used_since_ms"][0] = 0.0, NEVER
        if (stage := self._lasting.judge(_OVER, value_pu, interval)) is not None:
            if stage is Stage.BEGIN:
                found += self._supersede_heavy(taken_ms, value_pu)
            found.append(self._finding(_OVER, stage, taken_ms, value_pu, at_ms=interval.begin_ms))
        if self._lasting.begun_ms[_OVER] == NEVER and (stage := self._lasting.judge(_HEAVY, value_pu, interval)) is not None:
            found.append(self._finding(_HEAVY, stage, taken_ms, value_pu, at_ms=interval.begin_ms))
        return found

    def _use_up(self, load_pu: float, taken_ms: int) -> list[Finding]:
        """Between two readings the lower one counts: a single one that is wrong uses up nothing."""
        state = self._state
        lower_pu, step_s = min(load_pu, float(state["last_pu"][0])), (taken_ms - int(state["last_ms"][0])) / 1000
        state["last_pu"][0], state["last_ms"][0] = load_pu, taken_ms
        if not lower_pu >= _EMERGENCY_PU[0] or not 0 < step_s <= self._settings.max_gap_s:
            return []
        if state["used_since_ms"][0] == NEVER:
            state["used_since_ms"][0] = taken_ms - round(1000 * step_s)
        state["used_share"] += step_s / 60.0 / self._permitted_min(lower_pu)
        if state["used_share"][0] < 1.0 or state["is_alarm"][0]:
            return []
        found = []
        state["is_alarm"][0] = 1
        stage = Stage.CHANGE
        if self._lasting.begun_ms[_OVER] == NEVER:
            stage = Stage.BEGIN
            self._lasting.begun_ms[_OVER] = state["used_since_ms"][0]
            found += self._supersede_heavy(taken_ms, load_pu)
        return [*found, self._finding(_OVER, stage, taken_ms, load_pu, at_ms=taken_ms)]

    def _permitted_min(self, load_pu: float) -> float:
        return math.exp(float(np.interp(load_pu, _EMERGENCY_PU, self._log_permitted)))

    def _supersede_heavy(self, taken_ms: int, value_pu: float) -> list[Finding]:
        if self._lasting.begun_ms[_HEAVY] == NEVER:
            self._lasting.forget(_HEAVY)
            return []
        return [self._finding(_HEAVY, Stage.END, taken_ms, value_pu, at_ms=taken_ms, superseded_by=self._place.id)]

    def _finding(self, which: int, stage: Stage, taken_ms: int, value_pu: float, *, at_ms: int, superseded_by: str = "") -> Finding:
        state, settings = self._state, self._settings
        begun_ms = int(self._lasting.begun_ms[which])
        is_alarm = which == _OVER and bool(state["is_alarm"][0])
        if stage is Stage.BEGIN:
            at_ms = begun_ms
        if stage is Stage.END:
            self._lasting.forget(which)
            if which == _OVER:
                state["is_alarm"][0] = 0
        at_ms = min(at_ms, taken_ms)
        phases = zip(PHASES, self._load.load_pu.tolist(), strict=True)
        evidence = [("load_pu", value_pu), *((f"load_{phase}_pu", load) for phase, load in phases if not math.isnan(load))]
        if value_pu >= _EMERGENCY_PU[0]:
            evidence += [("permitted_min", self._permitted_min(value_pu)), ("share_of_permitted_time_used", float(state["used_share"][0]))]
        limit_pu = settings.overload_pu if which == _OVER else settings.heavy_pu
        return Finding(
            kind=_KINDS[which],
            stage=stage,
            place=self._place,
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(begun_ms, at_ms),  # the clock may have been set back
            evidence_to_utc_ms=taken_ms,
            score=value_pu / limit_pu,
            confidence=0.9,
            observed=value_pu,
            threshold=limit_pu,
            unit="1",
            severity="alarm" if is_alarm else "warning",
            meters=(self._load.meter_id,),
            evidence=tuple(evidence),
            alternatives=("wrong rated power in the configuration", "wrong current transformer ratio"),
            superseded_by=superseded_by,
        )


def _mean(load_pu: npt.NDArray[np.float64]) -> float:
    """Of the phases that are known."""
    known = load_pu[load_pu == load_pu]
    return float(known.mean()) if known.size else math.nan


DETECTOR = DetectorType(name="transformer", settings=TransformerSettings, build=TransformerDetector)
