"""Terminal temperature: above a setpoint, rising too fast, too warm for its current, warmer than its neighbours.

Registers ``terminal_temperature_cel.{a,b,c,n}`` and ``ambient_temperature_cel``. What compares with the current or the ambient needs those
of the same meter: without ambient neither ``rise above ambient`` nor the slope is judged, without currents also not ``uneven``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType
from edge_agent.detect.setpoint import ENDED, Setpoint, check_delays
from edge_agent.detect.sparse_state import load_rows, save_rows
from edge_agent.detect.terminal_heat import FIRST, PLAUSIBLE_CEL, TERMINALS, TerminalHeat
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER
from edge_agent.model.finding import Severity

_VERSION = 1
_WINDOW_MS = 30_000
_JUDGED_EVERY_MS = 10_000            # the setpoint is looked at each tick; what compares is judged for many meters at once
_SEVERITIES: tuple[Severity, ...] = ("info", "warning", "alarm")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureSettings:
    """Defaults: detection.md section 4 (GB 14287.3: setpoint 45..140 degC, +-10 %, alarm within 40 s; thermography practice of NETA)."""

    setpoint_cel: float = 70.0           # what PVC insulation bears for ever (IEC 60364-5-52)
    alarm_ratio: float = 1.0
    release_ratio: float = 0.9
    begin_s: float = 20.0
    end_s: float = 60.0
    is_latched: bool = True              # ends only when somebody has looked: hplc-edge relearn
    fast_k_per_min: float = 5.0          # for a minute
    rise_k: float = 45.0                 # above ambient, at less than half the rated current
    uneven_warn_k: float = 15.0
    uneven_alarm_k: float = 30.0
    slope_growth: float = 1.5            # rise for the same current squared, over its baseline
    slope_sigmas: float = 4.0
    max_gap_s: float = 2000.0

    def __post_init__(self) -> None:
        if not 45.0 <= self.setpoint_cel <= 140.0:
            raise ValueError(f"setpoint_cel = {self.setpoint_cel}: 45 to 140 degC is the range of GB 14287.3")
        if not 0.9 <= self.alarm_ratio <= 1.1:
            raise ValueError(f"alarm_ratio = {self.alarm_ratio}: GB 14287.3 allows an error of 10 % of the setpoint: 0.9 to 1.1")
        if not 0.5 <= self.release_ratio < self.alarm_ratio:
            raise ValueError(f"release_ratio = {self.release_ratio}: 0.5 to below alarm_ratio = {self.alarm_ratio}, or it would flap")
        check_delays(begin_s=self.begin_s, end_s=self.end_s, max_gap_s=self.max_gap_s, longest_begin_s=40.0, source="GB 14287.3")
        if not 1.0 <= self.fast_k_per_min <= 60.0:
            raise ValueError(f"fast_k_per_min = {self.fast_k_per_min}: 1 to 60 K/min; a load that is switched on makes less than 1")
        if not 10.0 <= self.rise_k <= 70.0:
            raise ValueError(f"rise_k = {self.rise_k}: 10 to 70 K; IEC 61439-1 allows 70 K at full load")
        if not 5.0 <= self.uneven_warn_k < self.uneven_alarm_k <= 70.0:
            raise ValueError("5 <= uneven_warn_k < uneven_alarm_k <= 70 K must hold")
        if not 1.1 <= self.slope_growth <= 10.0 or not 3.0 <= self.slope_sigmas <= 20.0:
            raise ValueError("1.1 <= slope_growth <= 10 and 3 <= slope_sigmas <= 20 must hold")


class TemperatureDetector:
    """Findings ``temperature.level``, ``temperature.rise`` and ``temperature.uneven``, each at a terminal."""

    def __init__(self, archive: Archive, settings: TemperatureSettings) -> None:
        self._archive, self._settings = archive, settings
        self._n = n = len(archive.meters)
        self._level = Setpoint(
            4 * n, begin_s=settings.begin_s, end_s=settings.end_s, max_gap_s=settings.max_gap_s, is_latched=settings.is_latched
        )
        setpoint_cel = np.full(4 * n, settings.setpoint_cel)
        self._level.set_limits(setpoint_cel * settings.alarm_ratio, setpoint_cel * settings.release_ratio)
        self._heat = TerminalHeat(
            archive, fast_k_per_min=settings.fast_k_per_min, rise_k=settings.rise_k, uneven_warn_k=settings.uneven_warn_k,
            uneven_alarm_k=settings.uneven_alarm_k, max_gap_s=settings.max_gap_s, slopes=(settings.slope_growth, settings.slope_sigmas),
        )
        # what was told, as index into _SEVERITIES, and since when
        self._told: dict[str, npt.NDArray[Any]] = {name: np.zeros((n, 4), dtype=np.int8) for name in ("rise", "uneven")}
        self._told["released"], self._told["slot"] = np.zeros(n, dtype=np.int8), np.full(n, NEVER, dtype=np.int64)
        self._slot = NEVER
        self._told |= {f"{name}_ms": np.full((n, 4), NEVER, dtype=np.int64) for name in ("rise", "uneven")}
        self._cel, self._has_sensors = np.full(4 * n, np.nan), False

    def update(self, frame: AreaFrame) -> list[Finding]:
        taken_ms = frame.taken_utc_ms[FIRST : FIRST + 4]
        if not self._has_sensors:
            self._has_sensors = bool(np.isfinite(frame.values[FIRST : FIRST + 4]).any())
            if not self._has_sensors:
                return []
        np.copyto(self._cel, frame.values[FIRST : FIRST + 4].reshape(-1))
        self._cel[~((self._cel >= PLAUSIBLE_CEL[0]) & (self._cel <= PLAUSIBLE_CEL[1]))] = np.nan
        found = self._take_released(frame.now_utc_ms)
        if self._level.update(self._cel, taken_ms.reshape(-1)):
            times = taken_ms.reshape(-1)
            found += [self._level_finding(int(place), int(times[place])) for place in np.flatnonzero(self._level.code)]
        slot = frame.now_utc_ms // _JUDGED_EVERY_MS
        if slot == self._slot:
            return found
        self._slot = self._told["slot"][:] = slot
        newest_ms = taken_ms.max(axis=0)
        passed_ms = newest_ms - self._heat.last["taken_ms"]
        meters = np.flatnonzero((newest_ms != NEVER) & ((passed_ms >= _WINDOW_MS) | (passed_ms < 0)))
        if len(meters):
            self._heat.update(frame, self._cel.reshape(4, -1), meters, newest_ms[meters])
            found += self._changes(meters, newest_ms[meters])
        return found

    def conditions(self) -> set[Condition]:
        on = np.flatnonzero(self._level.state["side"]).tolist()
        found = {("temperature.level", self._place(*divmod(place, self._n))) for place in on}
        for kind in ("rise", "uneven"):
            meters, terminals = np.nonzero(self._told[kind])
            found |= {(f"temperature.{kind}", self._place(t, m)) for m, t in zip(meters.tolist(), terminals.tolist(), strict=True)}
        return found

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget how warm these meters get for their current; what is on of theirs, latched or not, ends at the next update."""
        places = np.asarray(meters, dtype=np.intp)
        self._level.release((places[:, None] + self._n * np.arange(4)).reshape(-1))
        self._heat.forget(places)
        self._told["released"][places] = 1

    def save(self) -> bytes:
        used = (self._level.state["seen_ms"].reshape(4, -1) != NEVER).any(axis=0) | (self._told["released"] != 0)
        return json.dumps(save_rows(_VERSION, self._archive, self._rows(), used).decode()).encode()

    def load(self, data: bytes) -> None:
        try:
            inner = json.loads(data).encode()
        except (ValueError, TypeError, AttributeError) as exc:
            raise ValueError(f"saved state is damaged: {exc}") from exc
        load_rows(_VERSION, self._archive, self._rows(), TemperatureDetector(self._archive, self._settings)._rows(), inner)
        self._has_sensors = bool((self._level.state["seen_ms"] != NEVER).any())
        self._slot = int(self._told["slot"].max(initial=NEVER))

    def _rows(self) -> dict[str, npt.NDArray[Any]]:
        """All state with a row for each meter; views, so that what is loaded into them counts."""
        level = {name: array.reshape(4, -1).T for name, array in self._level.state.items()}
        parts = {"level": level, "told": self._told, **self._heat.state()}
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def _changes(self, meters: npt.NDArray[np.intp], taken_ms: npt.NDArray[np.int64]) -> list[Finding]:
        """Where what is on differs from what was told."""
        found = []
        for kind, wanted in (("rise", self._heat.rise_severity(meters)), ("uneven", self._heat.uneven_severity(meters))):
            for row, terminal in zip(*(part.tolist() for part in np.nonzero(wanted != self._told[kind][meters])), strict=True):
                found.append(self._change(kind, int(meters[row]), terminal, int(wanted[row, terminal]), int(taken_ms[row])))
        return found

    def _take_released(self, now_ms: int) -> list[Finding]:
        """What a person has reset ends now."""
        found = [self._level_finding(place, now_ms, is_end=True) for place in self._level.take_released()]
        if self._told["released"].any():
            meters = np.flatnonzero(self._told["released"])
            self._told["released"][:] = 0
            for kind in ("rise", "uneven"):
                rows, terminals = np.nonzero(self._told[kind][meters])
                on = zip(rows.tolist(), terminals.tolist(), strict=True)
                found += [self._change(kind, int(meters[row]), terminal, 0, now_ms) for row, terminal in on]
        return found

    def _change(self, kind: str, meter: int, terminal: int, wanted: int, taken_ms: int) -> Finding:
        told = int(self._told[kind][meter, terminal])
        if not told:
            since = self._heat.since_ms(kind, meter, terminal)
            self._told[f"{kind}_ms"][meter, terminal] = min([taken_ms, *since])
        begun_ms = int(self._told[f"{kind}_ms"][meter, terminal])
        self._told[kind][meter, terminal] = wanted
        stage = Stage.BEGIN if not told else Stage.CHANGE if wanted else Stage.END
        settings, heat, at = self._settings, self._heat, (meter, terminal)
        if kind == "uneven":
            observed, threshold, unit = float(heat.last["apart"][at]), settings.uneven_warn_k, "K"
            evidence = [("warmer_than_beside_k", observed)]
            others: tuple[str, ...] = ("loads that have just changed places", "a sensor that has come off")
        else:
            rate, rise, ratio = (float(array[at]) for array in (heat.last["rate"], heat.last["rise"], heat.slopes.state["ratio"]))
            evidence = [("rate_k_per_min", rate), ("above_ambient_k", rise), ("warmth_for_same_current_ratio", ratio)]
            observed, threshold, unit = rate, settings.fast_k_per_min, "K/min"
            if heat.warm.state["on"][at] and not heat.fast.state["on"][at]:
                observed, threshold, unit = rise, settings.rise_k, "K"
            elif heat.slopes.state["on"][at] and not heat.fast.state["on"][at]:
                observed, threshold, unit = ratio, settings.slope_growth, ""
            others = ("a load that was switched on", "sun on the box", "a heat source beside it")
        return self._finding(
            f"temperature.{kind}", meter, terminal, stage, at_ms=begun_ms if stage is Stage.BEGIN else taken_ms, from_ms=begun_ms,
            to_ms=taken_ms, observed=observed, threshold=threshold, unit=unit, severity=_SEVERITIES[wanted], confidence=0.8,
            evidence=[*evidence, ("temperature_cel", float(heat.last["cel"][at]))], alternatives=others,
        )

    def _level_finding(self, place: int, taken_ms: int, *, is_end: bool = False) -> Finding:
        terminal, meter = divmod(place, self._n)
        is_by_hand, is_end = is_end, is_end or self._level.code[place] == ENDED
        begun_ms = int(self._level.state["begun_ms"][place])
        at_ms = begun_ms if not is_end else taken_ms if is_by_hand else int(self._level.state["since_ms"][place])
        cel = float(self._cel[place])
        return self._finding(
            "temperature.level", meter, terminal, Stage.END if is_end else Stage.BEGIN, at_ms=at_ms, from_ms=begun_ms, to_ms=taken_ms,
            observed=cel, threshold=float(self._level.alarm_at[place]), unit="degC", severity="alarm", confidence=0.9,
            evidence=[("temperature_cel", cel)], alternatives=("sun on the box", "a load above the rating", "a broken sensor"),
        )

    def _place(self, terminal: int, meter: int) -> Place:
        return Place(kind="meter", id=self._archive.meters[meter].id, phases=TERMINALS[terminal])

    def _finding(
        self, kind: str, meter: int, terminal: int, stage: Stage, *, at_ms: int, from_ms: int, to_ms: int, observed: float,
        threshold: float, evidence: list[tuple[str, float]], **said: Any,
    ) -> Finding:
        is_known = math.isfinite(observed)       # what was reset by hand may have no value any more
        return Finding(
            kind=kind, stage=stage, place=self._place(terminal, meter), at_utc_ms=at_ms,
            evidence_from_utc_ms=min(from_ms, at_ms),       # the clock may have been set back
            evidence_to_utc_ms=to_ms, observed=observed if is_known else None, threshold=threshold,
            score=observed / threshold if is_known else 0.0, meters=(self._archive.meters[meter].id,),
            evidence=tuple((name, value) for name, value in evidence if math.isfinite(value)), **said,
        )


DETECTOR = DetectorType(name="temperature", settings=TemperatureSettings, build=TemperatureDetector)
