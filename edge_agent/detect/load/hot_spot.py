"""The hottest place of the transformer's windings: how hot it is, and when it will reach its limit.

Each phase has a model of its own (IEC 60076-7) and the worst one speaks: burnt units had one phase far above the others. With oil of its
own a phase that is far above is told hotter than it is where the tank mixes the oil (``shared_oil``); a unit of vector group Yyn0 heats in
the tank as well when its phases differ, which no model here knows, so the pessimistic form is the default.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.hot_spot import AGED_NORMAL_MIN, AGED_UPGRADED_MIN, TOP_OIL_CEL
from edge_agent.detect.area_load import PHASES, AreaLoad
from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.load_forecast import LoadForecast
from edge_agent.detect.transformer_model import Span, TransformerModel
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER
from edge_agent.model.transformer import ThermalConstants

_KIND, _VERSION = "transformer.hot_spot", 1
_PREDICT_MS = 60_000  # the time to the limit moves slowly beside it
_QUIET, _WARNING, _ALARM = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSpotSettings:
    """Limits: IEC 60076-7, distribution units: 120 degC normal cyclic load, 140 degC long emergency, above it bubbles in the oil."""

    warn_cel: float = 120.0
    alarm_cel: float = 140.0
    hysteresis_k: float = 5.0
    alarm_lead_min: float = 60.0  # an alarm when alarm_cel is that near: at -2 degC 2.2 pu leave 44.5 min of which a crew needs 30
    warn_lead_min: float = 240.0
    confirm_s: float = 300.0  # a time to the limit must hold that long: starting motors do not
    end_s: float = 900.0
    ambient_cel: float = 20.0  # where the meter at the transformer gives none: IEC 60076-2 mean of the year
    ambient_max_age_s: float = 3600.0
    forecast_from_cel: float = 25.0  # ambient from which the load to come counts as well (outage.md 4.4: summer)
    forecast_min_days: int = 3
    start_load_pu: float = 0.6  # what an agent that has just started assumes of the days before (outage.md 4.4)
    max_gap_s: float = 3600.0  # a load acts at most this long: nobody knows what flowed in a longer pause
    shared_oil: bool = False  # True: the oil is heated by the root mean square of the phases

    def __post_init__(self) -> None:
        if not 80.0 <= self.warn_cel < self.alarm_cel <= 180.0:
            raise ValueError("80 <= warn_cel < alarm_cel <= 180 must hold: paper ages as rated at 98 degC, bubbles form above 140 degC")
        if not 0.0 <= self.hysteresis_k < self.warn_cel - 78.0:
            raise ValueError("hysteresis_k must not be negative nor reach down to what a unit at rated load has")
        if not 0.0 < self.alarm_lead_min <= self.warn_lead_min <= 720.0:
            raise ValueError("0 < alarm_lead_min <= warn_lead_min <= 720 must hold: the oil forgets within half a day")
        if min(self.confirm_s, self.end_s, self.ambient_max_age_s) < 0 or self.max_gap_s <= 0:
            raise ValueError("confirm_s, end_s and ambient_max_age_s must not be negative, max_gap_s must be above 0")
        if not -50.0 <= self.ambient_cel <= 60.0 or not -50.0 <= self.forecast_from_cel <= 60.0:
            raise ValueError("ambient_cel and forecast_from_cel must be air temperatures, -50 to 60")
        if not 0.0 <= self.start_load_pu <= 1.5 or not 1 <= self.forecast_min_days <= 6:
            raise ValueError("start_load_pu must be 0 to 1.5, forecast_min_days 1 to 6")


class HotSpotDetector:
    """One condition for the area: a warning, an alarm from 140 degC on or when it is near; silent without transformer or area meter."""

    def __init__(self, archive: Archive, settings: HotSpotSettings) -> None:
        self._archive, self._settings = archive, settings
        self._load = AreaLoad(archive)
        constants = archive.transformer.thermal if archive.transformer else ThermalConstants()
        self._model, self._forecast = TransformerModel(constants, 3), LoadForecast()
        self._place = Place(kind="area", id=archive.area)
        self._leads_min = {_WARNING: settings.warn_lead_min, _ALARM: settings.alarm_lead_min}
        self._state: dict[str, npt.NDArray[Any]] = {
            **self._load.state,
            "thermal": self._model.state,
            "seen_ms": self._model.seen_ms,
            "level": np.zeros(1, dtype=np.int8),
            "begun_ms": np.full(1, NEVER, dtype=np.int64),
            "last_ms": np.full(1, NEVER, dtype=np.int64),
            "near_since_ms": np.full(3, NEVER, dtype=np.int64),  # by level: since when the limit is that near
            "calm_since_ms": np.full(1, NEVER, dtype=np.int64),
            "predicted_ms": np.full(1, NEVER, dtype=np.int64),
            "minutes_left": np.full(2, np.nan),  # with the load as it is, with the load to come
            "is_relearned": np.zeros(1, dtype=np.int8),
            **self._forecast.state,
        }

    def update(self, frame: AreaFrame) -> list[Finding]:
        if not self._load.take(frame):
            return self._end_of_relearned(frame.now_utc_ms)
        settings, load = self._settings, self._load
        taken_ms = int(load.taken_ms.max())
        ambient_cel, is_measured = load.ambient_cel(frame, usual_cel=settings.ambient_cel, max_age_s=settings.ambient_max_age_s)
        for place in np.flatnonzero(np.isnan(self._model.hot_spot_cel) & ~np.isnan(load.load_pu)).tolist():
            self._model.start(place, load_pu=settings.start_load_pu, ambient_cel=ambient_cel)
        oil_pu = np.full(3, _root_mean_square(load.load_pu)) if settings.shared_oil else None
        self._model.update(load.load_pu, np.full(3, ambient_cel), load.taken_ms, max_gap_s=settings.max_gap_s, oil_load_pu=oil_pu)
        self._forecast.add(load.load_pu, taken_ms)
        self._forget_what_time_made_void(taken_ms)
        if self._state["is_relearned"][0]:
            return self._end_of_relearned(taken_ms)
        if np.isnan(self._model.hot_spot_cel).all():
            return []
        self._predict(taken_ms, ambient_cel)
        return self._judge(taken_ms, ambient_cel, is_measured)

    def conditions(self) -> set[Condition]:
        return {(_KIND, self._place)} if self._state["level"][0] else set()

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget the load of past days, what the winding is thought to be and what is on."""
        if self._load.is_of(meters):
            self._forecast.forget()
            self._model.state[:] = np.nan
            self._model.seen_ms[:] = NEVER
            self._state["is_relearned"][:] = self._state["level"] > 0

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state)

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state, data)

    def _forget_what_time_made_void(self, taken_ms: int) -> None:
        """After a long pause or a clock set back no delay has run."""
        state = self._state
        if not 0 <= taken_ms - int(state["last_ms"][0]) <= 1000 * self._settings.max_gap_s:
            state["near_since_ms"][:] = state["calm_since_ms"][:] = state["predicted_ms"][:] = NEVER
        state["last_ms"][0] = taken_ms

    def _predict(self, taken_ms: int, ambient_cel: float) -> None:
        """Once a minute: the shortest time to the alarm of all phases, now and with the load to come."""
        state, settings = self._state, self._settings
        if state["predicted_ms"][0] != NEVER and taken_ms - state["predicted_ms"][0] < _PREDICT_MS:
            return
        state["predicted_ms"][0] = taken_ms
        now_pu = self._load.load_pu
        horizon_min = 1.25 * settings.warn_lead_min  # as far as a warning that is on is held
        state["minutes_left"][0] = self._shortest_min(ambient_cel, [now_pu], [horizon_min])
        state["minutes_left"][1] = math.nan
        if ambient_cel >= settings.forecast_from_cel:
            hour_left_min = 60.0 - taken_ms % 3_600_000 / 60_000
            ahead = self._forecast.ahead(taken_ms, math.ceil(horizon_min / 60.0), settings.forecast_min_days)
            if ahead is not None:
                state["minutes_left"][1] = self._shortest_min(ambient_cel, [now_pu, *ahead], [hour_left_min] + [60.0] * len(ahead))
        near_min = np.nanmin(np.append(state["minutes_left"], np.inf))
        for level, lead_min in self._leads_min.items():
            if near_min > lead_min * (1.25 if state["level"][0] >= level else 1.0):
                state["near_since_ms"][level] = NEVER
            elif state["near_since_ms"][level] == NEVER:
                state["near_since_ms"][level] = taken_ms

    def _shortest_min(self, ambient_cel: float, loads_pu: list[npt.NDArray[np.float64]], minutes: list[float]) -> float:
        shortest = math.inf
        for place in np.flatnonzero(~np.isnan(self._model.hot_spot_cel) & ~np.isnan(loads_pu[0])).tolist():
            spans = [
                Span(
                    load_pu=float(load[place]), minutes=lasts_min,
                    oil_load_pu=_root_mean_square(load) if self._settings.shared_oil else float(load[place]),
                )
                for load, lasts_min in zip(loads_pu, minutes, strict=True)
            ]  # fmt: skip
            left_min = self._model.minutes_to(self._settings.alarm_cel, place, ambient_cel=ambient_cel, spans=spans)
            shortest = min(shortest, math.inf if left_min is None else left_min)
        return shortest if math.isfinite(shortest) else math.nan

    def _judge(self, taken_ms: int, ambient_cel: float, is_measured: bool) -> list[Finding]:
        state, settings = self._state, self._settings
        level, wanted = int(state["level"][0]), self._wanted(taken_ms)
        if wanted >= level:
            state["calm_since_ms"][0] = NEVER
        elif state["calm_since_ms"][0] == NEVER:
            state["calm_since_ms"][0] = taken_ms
        if wanted == level or (wanted < level and taken_ms - state["calm_since_ms"][0] < 1000 * settings.end_s):
            return []
        state["level"][0] = wanted
        state["calm_since_ms"][0] = NEVER
        stage = Stage.BEGIN if level == _QUIET else Stage.END if wanted == _QUIET else Stage.CHANGE
        return [self._finding(stage, taken_ms, self._evidence(ambient_cel, is_measured))]

    def _wanted(self, taken_ms: int) -> int:
        """The highest level that the temperature has reached or that is sure to come."""
        state, hot_cel = self._state, float(np.nanmax(self._model.hot_spot_cel))
        for level, limit_cel in ((_ALARM, self._settings.alarm_cel), (_WARNING, self._settings.warn_cel)):
            is_on, since_ms = state["level"][0] >= level, int(state["near_since_ms"][level])
            if hot_cel >= limit_cel - (self._settings.hysteresis_k if is_on else 0.0):
                return level
            if since_ms != NEVER and (is_on or taken_ms - since_ms >= 1000 * self._settings.confirm_s):
                return level
        return _QUIET

    def _end_of_relearned(self, now_ms: int) -> list[Finding]:
        if not self._state["is_relearned"][0]:
            return []
        self._state["is_relearned"][0] = self._state["level"][0] = 0
        self._state["near_since_ms"][:] = NEVER
        return [self._finding(Stage.END, now_ms, ())]

    def _evidence(self, ambient_cel: float, is_measured: bool) -> tuple[tuple[str, float], ...]:
        thermal, worst = self._model.state, int(np.nanargmax(self._model.hot_spot_cel))
        evidence = [
            (f"{name}_{phase}{unit}", float(row[place]))
            for name, unit, row in (("hot_spot", "_cel", self._model.hot_spot_cel), ("load", "_pu", self._load.load_pu))
            for place, phase in enumerate(PHASES)
            if not math.isnan(row[place])
        ]
        evidence += [("top_oil_cel", float(thermal[TOP_OIL_CEL, worst])), ("ambient_cel", ambient_cel)]
        evidence += [("ambient_is_measured", float(is_measured)), ("limit_cel", self._settings.alarm_cel)]
        names = ("minutes_to_limit_at_this_load", "minutes_to_limit_by_forecast")
        evidence += [(name, left) for name, left in zip(names, self._state["minutes_left"].tolist(), strict=True) if not math.isnan(left)]
        evidence += [("aged_normal_paper_min", float(thermal[AGED_NORMAL_MIN, worst]))]
        return (*evidence, ("aged_upgraded_paper_min", float(thermal[AGED_UPGRADED_MIN, worst])))

    def _finding(self, stage: Stage, at_ms: int, evidence: tuple[tuple[str, float], ...]) -> Finding:
        state, settings = self._state, self._settings
        if stage is Stage.BEGIN:
            state["begun_ms"][0] = at_ms
        began_ms = min(int(state["begun_ms"][0]), at_ms)  # the clock may have been set back
        if stage is Stage.END:
            state["begun_ms"][0] = NEVER
        is_alarm = state["level"][0] == _ALARM
        limit_cel = settings.alarm_cel if is_alarm else settings.warn_cel
        hot_cel = self._model.hot_spot_cel
        observed_cel = None if np.isnan(hot_cel).all() else float(np.nanmax(hot_cel))
        return Finding(
            kind=_KIND,
            stage=stage,
            place=self._place,
            at_utc_ms=at_ms,
            evidence_from_utc_ms=began_ms,
            evidence_to_utc_ms=at_ms,
            score=0.0 if observed_cel is None else max(observed_cel, 0.0) / settings.alarm_cel,
            confidence=0.9 if dict(evidence).get("ambient_is_measured") else 0.7,
            observed=observed_cel,
            threshold=limit_cel,
            unit="Cel",
            severity="alarm" if is_alarm else "warning",
            meters=(self._load.meter_id,),
            evidence=evidence,
            alternatives=("wrong rated power in the configuration", "wrong current transformer ratio", "another ambient than assumed"),
        )


def _root_mean_square(load_pu: npt.NDArray[np.float64]) -> float:
    """Of the phases that are known."""
    known = load_pu[~np.isnan(load_pu)]
    return float(np.sqrt(np.mean(known * known))) if known.size else math.nan


DETECTOR = DetectorType(name="hot_spot", settings=HotSpotSettings, build=HotSpotDetector)
