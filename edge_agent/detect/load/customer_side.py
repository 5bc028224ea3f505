"""Load lost at a meter that is alive: a breaker behind the meter burned and a running process stands (needs.md 1.23, the tobacco barn).

Customers switch all the time, so only processes are watched: loads that for hours were above a least power, nearly constant, never nearly
nothing. A heated home and a charger look so too; what tells a process from them is the archive (its tag), else three phases that are
loaded alike, and a day without a stop. What ran for hours only is told as information. A process that is ended in order sheds its heat
first and its fan later: what is already far below its own level is no longer watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Finding, Place, Role, Stage
from edge_agent.model.area_frame import NEVER
from edge_agent.model.finding import Severity

_KIND, _VERSION = "customer.side_loss", 1
_PHASES = "abc"
_TOTAL_W, _PHASE_W, _PHASE_V = COLUMN_INDEX["active_power_w"], COLUMN_INDEX["active_power_w.a"], COLUMN_INDEX["voltage_v.a"]
_WHOLE_V = COLUMN_INDEX["voltage_v"]
# an hour without power costs a harvest, a pond, a cold store, or a life
TIME_CRITICAL = frozenset(("tobacco", "aquaculture", "cold_chain", "medical"))
_LOOK_EVERY_MS = 10_000      # a 180th of the time constant of level and deviation
_CONFIDENCE: dict[Severity, float] = {"alarm": 0.8, "warning": 0.6, "info": 0.3}      # ours: how much is known of the process
_Meters = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSideSettings:
    """What is a running process, and when it has been lost. needs.md 1.23: more than 80 %, at least two samples."""

    least_w: float = 1000.0        # ours: a barn's fan alone takes 2 kW; below it a household's base load begins
    nothing_w: float = 200.0       # ours: controls and a lamp before the breaker that burned
    lost_share: float = 0.80
    lost_s: float = 60.0           # from the first sample without load to the one that tells: fans that turn round stop for seconds
    learn_s: float = 7200.0        # a run of this length, where the archive names a process or no stop was ever seen
    learn_again_s: float = 86_400.0    # any other: no charger and no pump runs for a day on end
    least_samples: int = 8
    most_variation: float = 0.15   # mean deviation over the level; a barn's is 0.02, a household's 0.5
    least_balance: float = 0.70    # least loaded phase over the mean of the three; motors and kiln heaters are at 1, homes below 0.5
    tau_s: float = 1800.0          # of level and deviation
    max_gap_s: float = 3600.0      # what happened in a longer pause is not known
    alive_ratio: float = 0.80      # of the nominal voltage: supply is present, DL/T 698.45 object 3106
    give_up_s: float = 86_400.0    # who does not come back within it has ended the process

    def __post_init__(self) -> None:
        if not 0 < self.lost_share < 1 or not 0 <= self.nothing_w < self.least_w or not 0 < self.most_variation < 1:
            raise ValueError("0 < lost_share < 1, 0 <= nothing_w < least_w and 0 < most_variation < 1 must hold")
        if not 0 <= self.least_balance <= 1:
            raise ValueError("least_balance must be 0 to 1")
        if not 0 < self.learn_s <= self.learn_again_s or self.least_samples < 1 or self.lost_s < 0:
            raise ValueError("0 < learn_s <= learn_again_s, least_samples >= 1 and lost_s >= 0 must hold")
        if min(self.tau_s, self.max_gap_s, self.give_up_s, self.alive_ratio) <= 0:
            raise ValueError("tau_s, max_gap_s, give_up_s and alive_ratio must be above 0")


class CustomerSideDetector:
    """Findings ``customer.side_loss`` per meter: an alarm where an hour without power is costly. Silent where no active power is read."""

    def __init__(self, archive: Archive, settings: CustomerSideSettings) -> None:
        self._archive, self._settings, n = archive, settings, len(archive.meters)
        self._has_phase = np.array([[phase in meter.phases for meter in archive.meters] for phase in _PHASES], dtype=bool).reshape(3, n)
        self._is_customer = np.array([meter.role is Role.CUSTOMER for meter in archive.meters], dtype=bool)
        self._is_critical = np.array([bool(TIME_CRITICAL & set(meter.tags)) for meter in archive.meters], dtype=bool)
        self._has_three: npt.NDArray[np.bool_] = np.logical_and.reduce(self._has_phase)
        self._alive_v = settings.alive_ratio * np.array([meter.nominal_voltage_v for meter in archive.meters])
        self._learn_ms, self._again_ms, self._lost_ms, self._give_up_ms, self._max_gap_ms = (
            round(1000 * seconds)
            for seconds in (settings.learn_s, settings.learn_again_s, settings.lost_s, settings.give_up_s, settings.max_gap_s)
        )
        times = ("seen_ms", "since_ms", "running_ms", "low_since_ms", "begun_ms")
        self._state: dict[str, npt.NDArray[Any]] = {
            **{name: np.full(n, NEVER, dtype=np.int64) for name in times},
            **{name: np.zeros(n) for name in ("level_w", "deviation_w", "peak_w", "balance")},
            **{name: np.zeros(n, dtype=np.int32) for name in ("samples", "lows")},
            **{name: np.zeros(n, dtype=np.int8) for name in ("has_stopped", "was_watched")},
        }

    def update(self, frame: AreaFrame) -> list[Finding]:
        load_w, taken_ms = self._load(frame)
        state, new = self._state, self._to_look_at(load_w, taken_ms)
        found = self._give_up(frame)
        if not new.size:
            return found
        w, on = load_w[new], state["begun_ms"][new] != NEVER
        # most meters are far below: for them it is enough to know that they have been off
        is_small = (w < self._settings.least_w) & (state["level_w"][new] < self._settings.least_w) & ~on
        small, large = new[is_small], new[~is_small]
        self._start_run(small, load_w, taken_ms)
        state["has_stopped"][small[load_w[small] <= self._settings.nothing_w]] = 1
        if large.size:
            found += self._judge(frame, large, load_w, taken_ms)
        state["seen_ms"][new] = taken_ms[new]
        return found

    def conditions(self) -> set[Condition]:
        return {(_KIND, self._place(index)) for index in np.flatnonzero(self._state["begun_ms"] != NEVER).tolist()}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state)

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state, data)

    def _load(self, frame: AreaFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        """Watts of each meter and when they were taken: of the whole meter where it says so, else the sum of the phases that it has."""
        total_w, total_ms = frame.values[_TOTAL_W], frame.taken_utc_ms[_TOTAL_W]
        if not np.isnan(total_w).any():
            return total_w, total_ms
        phases_w, phases_ms = frame.values[_PHASE_W : _PHASE_W + 3], frame.taken_utc_ms[_PHASE_W : _PHASE_W + 3]
        summed_w = np.where(self._has_phase, phases_w, 0.0).sum(axis=0)
        summed_ms = np.where(self._has_phase, phases_ms, np.iinfo(np.int64).max).min(axis=0)
        has_total = ~np.isnan(total_w)
        return np.where(has_total, total_w, summed_w), np.where(has_total, total_ms, summed_ms)

    def _to_look_at(self, load_w: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64]) -> _Meters:
        """Of a run that goes on one sample in some seconds is enough; where it may have been lost, every one counts."""
        state, settings = self._state, self._settings
        passed_ms = taken_ms - state["seen_ms"]
        is_due = (passed_ms >= _LOOK_EVERY_MS) | (passed_ms < 0)      # below 0: the clock was set back
        may_be_lost = (load_w <= settings.nothing_w) & (state["level_w"] >= settings.least_w)
        may_be_lost |= (state["low_since_ms"] != NEVER) | (state["begun_ms"] != NEVER)
        is_due |= may_be_lost & (passed_ms != 0)
        return np.flatnonzero(is_due & self._is_customer & ~np.isnan(load_w))

    def _judge(
        self, frame: AreaFrame, meters: _Meters, load_w: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64]
    ) -> list[Finding]:
        """New samples of meters whose load is or was large."""
        settings, state = self._settings, self._state
        self._follow_clock(meters, taken_ms)
        is_new = state["seen_ms"][meters] == NEVER
        on = state["begun_ms"][meters] != NEVER
        is_gap = ~is_new & ~on & (taken_ms[meters] - state["seen_ms"][meters] > self._max_gap_ms)
        self._start_run(meters[is_new | is_gap], load_w, taken_ms)
        state["has_stopped"][meters[is_gap]] = 1
        w, level_w = load_w[meters], state["level_w"][meters]
        is_low = (w <= settings.nothing_w) & (w <= (1.0 - settings.lost_share) * level_w)
        running = meters[~is_low & ~on]
        self._run_on(running, load_w, taken_ms)
        state["balance"][running] = self._balance(frame, running)
        # it is back: above what counts as lost, with some room
        returned = meters[on & (w > settings.nothing_w) & (w > 1.5 * (1.0 - settings.lost_share) * level_w)]
        found = [self._end(index, float(load_w[index]), int(taken_ms[index])) for index in returned.tolist()]
        self._start_run(returned, load_w, taken_ms)
        lows = meters[is_low & ~on]
        return found + (self._lose(frame, lows, load_w, taken_ms) if lows.size else [])

    def _balance(self, frame: AreaFrame, meters: _Meters) -> npt.NDArray[np.float64]:
        """Least loaded phase over the mean of the three; 1 where a meter of three phases does not say, 0 with fewer phases."""
        phases_w = frame.values[_PHASE_W : _PHASE_W + 3, meters]
        mean_w: npt.NDArray[np.float64] = phases_w.mean(axis=0)
        share = np.zeros(len(meters))
        np.divide(phases_w.min(axis=0), mean_w, out=share, where=mean_w > 0)
        share[np.isnan(mean_w)] = 1.0
        share[~self._has_three[meters]] = 0.0
        return share

    def _start_run(self, meters: _Meters, load_w: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64]) -> None:
        state = self._state
        state["since_ms"][meters] = state["running_ms"][meters] = taken_ms[meters]
        state["level_w"][meters] = state["peak_w"][meters] = load_w[meters]
        state["low_since_ms"][meters] = NEVER
        for name in ("deviation_w", "lows"):
            state[name][meters] = 0
        state["samples"][meters] = 1

    def _run_on(self, meters: _Meters, load_w: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64]) -> None:
        state = self._state
        w, level_w, t = load_w[meters], state["level_w"][meters], taken_ms[meters]
        gain = -np.expm1(-(t - state["running_ms"][meters]) / (1000.0 * self._settings.tau_s))
        state["deviation_w"][meters] += gain * (np.abs(w - level_w) - state["deviation_w"][meters])
        state["level_w"][meters] = level_w = level_w + gain * (w - level_w)
        state["peak_w"][meters] = np.maximum(state["peak_w"][meters], level_w)
        state["running_ms"][meters] = t
        state["low_since_ms"][meters] = NEVER
        state["lows"][meters] = 0
        state["samples"][meters] += state["samples"][meters] < self._settings.least_samples

    def _lose(
        self, frame: AreaFrame, meters: _Meters, load_w: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64]
    ) -> list[Finding]:
        """Next to nothing flows: the second sample tells whether a process was lost or somebody has switched off."""
        state, found = self._state, []
        first = meters[state["low_since_ms"][meters] == NEVER]
        state["low_since_ms"][first] = taken_ms[first]
        state["was_watched"][first] = self._is_watched(first)
        state["lows"][meters] += state["lows"][meters] < 2
        lasting = meters[(state["lows"][meters] >= 2) & (taken_ms[meters] - state["low_since_ms"][meters] >= self._lost_ms)]
        watched = state["was_watched"][lasting] != 0
        stopped = lasting[~watched]
        self._start_run(stopped, load_w, taken_ms)
        state["has_stopped"][stopped] = 1
        for index in lasting[watched].tolist():
            if self._is_alive(frame, index):
                state["begun_ms"][index] = state["low_since_ms"][index]
                found.append(self._finding(index, Stage.BEGIN, float(load_w[index]), int(taken_ms[index])))
        return found

    def _is_watched(self, meters: _Meters) -> npt.NDArray[np.bool_]:
        """Whether the run that these meters were in was that of a process, and long enough."""
        settings, state = self._settings, self._state
        level_w, ran_ms = state["level_w"][meters], state["running_ms"][meters] - state["since_ms"][meters]
        needed_ms = np.where((state["has_stopped"][meters] != 0) & ~self._is_critical[meters], self._again_ms, self._learn_ms)
        watched: npt.NDArray[np.bool_] = (
            (level_w >= settings.least_w) & (2.0 * level_w >= state["peak_w"][meters]) & (ran_ms >= needed_ms)
            & (state["samples"][meters] >= settings.least_samples)
            & (self._is_critical[meters] | (state["balance"][meters] >= settings.least_balance))
            & (state["deviation_w"][meters] <= settings.most_variation * level_w)
        )  # fmt: skip
        return watched

    def _is_alive(self, frame: AreaFrame, index: int) -> bool:
        """Whether it has shown normal voltage on all its phases with or since the first sample without load."""
        columns = [_PHASE_V + place for place in np.flatnonzero(self._has_phase[:, index]).tolist()]
        if np.isnan(frame.values[columns, index]).all():
            columns = [_WHOLE_V]
        volts, taken_ms = frame.values[columns, index], frame.taken_utc_ms[columns, index]
        return bool((volts >= self._alive_v[index]).all() and (taken_ms >= self._state["low_since_ms"][index]).all())

    def _follow_clock(self, meters: _Meters, taken_ms: npt.NDArray[np.int64]) -> None:
        """Where the clock was set back the past moves with it, so that what lasts goes on."""
        back_ms = np.minimum(taken_ms[meters] - self._state["seen_ms"][meters], 0)
        set_back = meters[back_ms < 0]
        for name in ("since_ms", "running_ms", "low_since_ms", "begun_ms") if set_back.size else ():
            times = self._state[name]
            known = set_back[times[set_back] != NEVER]
            times[known] += back_ms[back_ms < 0][times[set_back] != NEVER]

    def _give_up(self, frame: AreaFrame) -> list[Finding]:
        begun_ms = self._state["begun_ms"]
        if begun_ms.max(initial=NEVER) == NEVER:
            return []
        late = np.flatnonzero((begun_ms != NEVER) & (frame.now_utc_ms - begun_ms > self._give_up_ms))
        found = [self._end(index, None, frame.now_utc_ms) for index in late.tolist()]
        self._state["level_w"][late] = 0.0
        self._state["since_ms"][late] = frame.now_utc_ms
        return found

    def _place(self, index: int) -> Place:
        return Place(kind="meter", id=self._archive.meters[index].id)

    def _end(self, index: int, load_w: float | None, at_ms: int) -> Finding:
        finding = self._finding(index, Stage.END, load_w, at_ms)
        self._state["begun_ms"][index] = NEVER
        self._state["has_stopped"][index] = 1
        return finding

    def _finding(self, index: int, stage: Stage, observed_w: float | None, taken_ms: int) -> Finding:
        meter, state, level_w = self._archive.meters[index], self._state, float(self._state["level_w"][index])
        begun_ms, is_critical = min(int(state["begun_ms"][index]), taken_ms), bool(self._is_critical[index])
        ran_ms = int(state["running_ms"][index]) - int(state["since_ms"][index])
        severity: Severity = "alarm" if is_critical else "warning" if ran_ms >= self._again_ms else "info"
        return Finding(
            kind=_KIND,
            stage=stage,
            place=self._place(index),
            at_utc_ms=begun_ms if stage is Stage.BEGIN else taken_ms,
            evidence_from_utc_ms=min(int(state["running_ms"][index]), begun_ms),
            evidence_to_utc_ms=taken_ms,
            score=1.0 if observed_w is None else max(0.0, 1.0 - observed_w / level_w),
            confidence=_CONFIDENCE[severity],
            observed=observed_w,
            threshold=(1.0 - self._settings.lost_share) * level_w,
            unit="W",
            severity=severity,
            meters=(meter.id,),
            evidence=(
                ("load_before_w", level_w), ("hours_running", round(ran_ms / 3.6e6, 3)), ("time_critical", float(is_critical)),
                ("variation", round(float(state["deviation_w"][index]) / level_w, 4)),
            ),
            alternatives=("the customer has ended the process", "the relay was opened by command"),
        )  # fmt: skip


DETECTOR = DetectorType(name="customer_side", settings=CustomerSideSettings, build=CustomerSideDetector)
