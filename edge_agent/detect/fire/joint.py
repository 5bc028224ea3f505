"""Loose joints in the service of a meter, and bypasses that look like them: the slope of voltage over current, against its own past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.service_baseline import ServiceBaseline
from edge_agent.detect.service_flicker import FlickerWatch
from edge_agent.detect.service_judge import BlockView, Decision, Told, decide
from edge_agent.detect.service_places import ServicePlaces
from edge_agent.detect.service_settings import JointSettings
from edge_agent.detect.service_steps import ServiceSteps, StepReader
from edge_agent.detect.service_verdict import DAY_BLOCKS, Rise, rise_of
from edge_agent.detect.service_windows import N_BLOCKS, SlopeWindows
from edge_agent.model import Archive, AreaFrame, Finding, Stage

_VERSION = 1
_KINDS = ("joint.loose", "joint.intermittent", "bypass.suspected")
_LOOSE, _FLICKER, _BYPASS = range(3)
_SPREAD_OHM, _SPREAD_ALONE_OHM = 0.008, 0.02      # detection.md section 1: s0; of a real house without a reference, from day to day
_SPREAD_SHARE = 0.05          # of R0: part of it is feeder that others share, and their load changes with the days
_SPREAD_LOSS = 0.02
_QUIET_Z = 2.5
_HEAT_S = 600.0               # a joint's power counts over ten minutes (detection.md section 1, method C)
_LEAST_V, _FIRST_V = 0.02, 0.2        # noise of a minute's voltage step: best meters, and a guess before it is learned
_LEAST_A, _FIRST_A = 0.02, 1.0        # the same of the loss
_EPISODES = 1.9               # times of intermittent_s above the ratio, those of a day ago counting a third
_SHARED = 0.1                 # of the neighbours
_LOSS_SHARP, _LOSS_ENOUGH = 0.05, 0.1


class _Forgets(Protocol):
    def forget(self, services: npt.NDArray[np.intp]) -> None: ...


class JointDetector:
    """Findings ``joint.loose`` (a warning, an alarm by power), ``joint.intermittent`` and ``bypass.suspected`` per phase of each customer.

    A service is judged once its baseline is known, after 2 to 7 days. Without a meter at the transformer a bypass looks like a joint: the
    finding then says so.
    """

    def __init__(self, archive: Archive, settings: JointSettings) -> None:
        self._archive, self._settings = archive, settings
        self._places = places = ServicePlaces(archive)
        m = len(places)
        self._block_bins = round(settings.block_s / settings.bin_s)
        blocks = 86_400.0 / settings.block_s
        learn = {
            "least_blocks": max(1, round(settings.learn_days * blocks)), "most_blocks": max(1, round(settings.learn_days_most * blocks)),
        }
        self._reader = StepReader(places, bin_s=settings.bin_s, x_min_a=settings.x_min_a, x_min_alone_a=settings.x_min_alone_a)
        self._drops = SlopeWindows(m, scale=_FIRST_V, scale_min=_LEAST_V)
        self._losses = SlopeWindows(m, scale=_FIRST_A, scale_min=_LEAST_A)
        self._base = ServiceBaseline(m, **learn)
        self._loss_base = ServiceBaseline(m, sharp=_LOSS_SHARP, enough=_LOSS_ENOUGH, **learn)
        self._flicker = FlickerWatch(
            m, places.feeders(), over_bins=settings.intermittent_s / settings.bin_s, day_bins=86_400.0 / settings.bin_s
        )
        self._must_end = False         # whether a condition waits to be ended: asked each tick
        self._told: dict[str, npt.NDArray[Any]] = {
            "level": np.zeros((3, m), dtype=np.int8), "ending": np.zeros((3, m), dtype=np.bool_),
            "rise": np.zeros(m), "age": np.zeros((3, m), dtype=np.int32), "told_age": np.zeros((3, m), dtype=np.int32),
        }
        self._clock: dict[str, npt.NDArray[Any]] = {
            "block": np.full(1, -1, dtype=np.int64), "from_ms": np.zeros(N_BLOCKS + 1, dtype=np.int64),
            "heat": np.zeros(m), "peak": np.zeros((N_BLOCKS + 1, m)),
        }

    # ---- contract

    def update(self, frame: AreaFrame) -> list[Finding]:
        steps = self._reader.take(frame)
        found = self._ended_by_command(frame.now_utc_ms) if self._must_end else []
        for step in steps:
            found += self._take(step)
        return found

    def conditions(self) -> set[Condition]:
        return {(_KINDS[kind], self._places.place(service)) for kind, service in np.argwhere(self._told["level"] > 0).tolist()}

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget what was learned of these meters (archive indices); what is on of theirs ends at the next update."""
        services = self._places.of_meters(np.array(meters, dtype=np.intp))
        parts: tuple[_Forgets, ...] = (self._reader, self._drops, self._losses, self._base, self._loss_base, self._flicker)
        for part in parts:
            part.forget(services)
        self._clock["heat"][services] = self._clock["peak"][:, services] = 0.0
        self._told["ending"][:, services] = self._told["level"][:, services] > 0
        self._must_end = bool(self._told["ending"].any())

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state())

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state(), data)
        self._must_end = bool(self._told["ending"].any())

    def _state(self) -> dict[str, npt.NDArray[Any]]:
        parts = {
            "drops": self._drops.state, "losses": self._losses.state, "base": self._base.state, "loss_base": self._loss_base.state,
            "flicker": self._flicker.state, "told": self._told, "clock": self._clock,
        }
        return self._reader.state | {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    # ---- one minute

    def _take(self, step: ServiceSteps) -> list[Finding]:
        from_ms = step.number * round(1000 * self._settings.bin_s)
        found: list[Finding] = []
        block = step.number // self._block_bins
        before = int(self._clock["block"][0])
        if block != before:
            if before >= 0:
                for _ in range(min(block - before, N_BLOCKS) if block > before else 1):
                    found += self._close_block(from_ms)
            self._clock["block"][0], self._clock["from_ms"][0] = block, from_ms
        slope = self._drops.slope_now()
        at_slope_v = np.abs(step.y_step_v + slope * step.x_step_a)
        at_base_v = np.abs(step.y_step_v + self._base.slope().r * step.x_step_a)
        self._drops.step(step.x_step_a, step.y_step_v, step.x_min_a)
        self._losses.step(step.x_step_a, -step.loss_step_a, step.x_min_a)
        self._heat(step)
        residual_v = np.fmin(at_slope_v, at_base_v)
        settings = self._settings
        ratio = self._flicker.step(residual_v, step.x_a, self._base.is_judged, settings.intermittent_ratio)
        return found + self._flickering(ratio, from_ms + round(1000 * settings.bin_s))

    def _heat(self, step: ServiceSteps) -> None:
        """Mean square of the current over ten minutes, and its peak in the block."""
        heat, peak = self._clock["heat"], self._clock["peak"]
        is_new = np.isfinite(step.x_a)
        share = 1.0 - np.exp(-np.clip(step.gap_bins, 1.0, 16.0) * self._settings.bin_s / _HEAT_S)
        heat += np.where(is_new, (np.nan_to_num(step.x_a) ** 2 - heat) * share, 0.0)
        np.maximum(peak[0], heat, out=peak[0])

    def _flickering(self, ratio: npt.NDArray[np.float64], at_ms: int) -> list[Finding]:
        settings, level = self._settings, self._told["level"]
        begins = (self._flicker.state["episodes"] >= _EPISODES) & (level[_FLICKER] == 0) & (level[_LOOSE] == 0)
        for service in np.flatnonzero(begins).tolist():
            begins[service] = not self._is_shared(service, ratio)
        ends = (self._flicker.state["below_bins"] * settings.bin_s >= 8 * settings.block_s) & (level[_FLICKER] > 0)
        found = []
        for service in np.flatnonzero(begins | ends).tolist():
            since_ms = at_ms - round(1000 * settings.intermittent_s)
            observed = float(ratio[service])
            found.append(self._finding(
                _FLICKER, service, Stage.BEGIN if begins[service] else Stage.END, from_ms=since_ms, at_ms=at_ms,
                observed=observed, threshold=settings.intermittent_ratio, unit="1", score=observed, confidence=0.7,
                evidence=(("variance_ratio", observed), ("r0_ohm", float(self._base.slope().r[service]))),
                alternatives=("a load of a neighbour on the same service line that switches often",),
            ))
        return found

    def _is_shared(self, service: int, ratio: npt.NDArray[np.float64]) -> bool:
        """Whether neighbours at the same node flicker as well: then it is the load of one of them, or a joint further up."""
        others = self._places.beside(service)
        return len(others) > 0 and float((ratio[others] > 0.5 * ratio[service]).mean()) > _SHARED

    # ---- one block

    def _close_block(self, at_ms: int) -> list[Finding]:
        clock = self._clock
        newest, oldest = self._drops.close_block()
        loss_newest, loss_oldest = self._losses.close_block()
        for history in (clock["from_ms"], clock["peak"]):
            history[1:] = history[:-1].copy()
        clock["peak"][0] = clock["heat"]
        clock["from_ms"][0] = at_ms
        self._told["age"] += 1
        self._told["told_age"] += 1
        settings, m = self._settings, len(self._places)
        spread_ohm = np.where(self._reader.reference.is_alone, _SPREAD_ALONE_OHM, _SPREAD_OHM)
        spread_ohm = np.fmax(spread_ohm, _SPREAD_SHARE * self._base.slope().r)
        loss_rule: dict[str, Any] = {"spread": np.full(m, _SPREAD_LOSS), "threshold": settings.bypass_share}
        drop = rise_of(self._drops, self._base.slope(), spread=spread_ohm, threshold=settings.rise_ohm)
        day = rise_of(self._drops, self._base.slope(), spread=spread_ohm, threshold=settings.rise_ohm, blocks=np.full(m, DAY_BLOCKS))
        loss = rise_of(self._losses, self._loss_base.slope(), **loss_rule)
        beside = rise_of(self._losses, self._loss_base.slope(), **loss_rule, blocks=drop.blocks)
        is_quiet = ~((drop.z > _QUIET_Z) & self._base.is_judged) & (self._told["level"] == 0).all(axis=0)
        found = self._judge(drop, day, loss, beside, at_ms) if self._base.is_judged.any() else []
        self._drops.forget_blocks(self._base.take(newest, oldest, is_quiet))
        is_even = is_quiet & ~((loss.z > _QUIET_Z) & self._loss_base.is_judged)
        self._losses.forget_blocks(self._loss_base.take(loss_newest, loss_oldest, is_even))
        return found

    def _judge(self, drop: Rise, day: Rise, loss: Rise, beside: Rise, at_ms: int) -> list[Finding]:
        view = BlockView(
            drop=drop, day=day, loss=loss, loss_beside=beside, is_judged=self._base.is_judged,
            has_loss=self._loss_base.is_judged & np.isfinite(beside.rise), r0_ohm=self._base.slope().r,
            peak_square=self._clock["peak"][: DAY_BLOCKS + 1].max(axis=0), nominal_v=self._places.nominal_v,
        )
        told = self._told
        loose, bypass = (
            Told(level=told["level"][kind], age=told["age"][kind], told_age=told["told_age"][kind]) for kind in (_LOOSE, _BYPASS)
        )
        said = decide(view, self._settings, loose=loose, bypass=bypass, told_rise=told["rise"])
        found: list[Finding] = []
        for service in np.flatnonzero(said.begins | said.changes | said.ends).tolist():
            found.append(self._joint(service, view, said, at_ms))
        for service in np.flatnonzero(said.bypass_begins | said.bypass_ends).tolist():
            found.append(self._bypass(service, view, said, at_ms))
        return found

    # ---- findings

    def _joint(self, service: int, view: BlockView, said: Decision, at_ms: int) -> Finding:
        drop, told = view.drop, self._told
        stage = Stage.END if said.ends[service] else Stage.BEGIN if said.begins[service] else Stage.CHANGE
        is_alarm = bool(said.is_alarm[service]) or told["level"][_LOOSE, service] > 1
        told["rise"][service] = drop.rise_now[service]
        return self._finding(
            _LOOSE, service, stage, from_ms=self._window_from_ms(int(drop.blocks[service])), at_ms=at_ms, is_alarm=is_alarm,
            observed=float(drop.rise_now[service]), threshold=self._settings.rise_ohm, unit="ohm",
            score=float(drop.z[service]), confidence=0.95 if is_alarm else 0.8,
            evidence=(*self._impedance(service, view), ("joint_power_w", float(view.power_w[service]))),
            alternatives=("bypass",) if said.is_open[service] else ("another cable or length of the service",),
        )

    def _bypass(self, service: int, view: BlockView, said: Decision, at_ms: int) -> Finding:
        loss = view.loss
        stage = Stage.BEGIN if said.bypass_begins[service] else Stage.END
        blocks = max(int(loss.blocks[service]), int(view.drop.blocks[service]))
        return self._finding(
            _BYPASS, service, stage, from_ms=self._window_from_ms(blocks), at_ms=at_ms,
            observed=float(loss.rise[service]), threshold=self._settings.bypass_share, unit="1",
            score=float(loss.z[service]), confidence=0.8,
            evidence=(
                *self._impedance(service, view), ("unmetered_per_metered", float(loss.rise[service])), ("loss_se", float(loss.se[service])),
            ),
            alternatives=("an unmetered load that switches together with this user's", "joint"),
        )

    def _impedance(self, service: int, view: BlockView) -> tuple[tuple[str, float], ...]:
        drop, r0_ohm = view.drop, float(view.r0_ohm[service])
        return (
            ("r_ohm", r0_ohm + float(drop.rise_now[service])), ("r0_ohm", r0_ohm), ("se_ohm", float(drop.se[service])),
            ("z", float(drop.z[service])), ("steps", float(drop.steps[service])),
        )

    def _window_from_ms(self, blocks: int) -> int:
        return int(self._clock["from_ms"][max(1, min(blocks, N_BLOCKS))])

    def _ended_by_command(self, now_ms: int) -> list[Finding]:
        found = [
            self._finding(
                kind, service, Stage.END, from_ms=now_ms, at_ms=now_ms, score=0.0, confidence=1.0, evidence=(("relearned", 1.0),),
            )
            for kind, service in np.argwhere(self._told["ending"]).tolist()
        ]
        self._told["ending"][:] = False
        self._must_end = False
        return found

    def _finding(
        self, kind: int, service: int, stage: Stage, *, from_ms: int, at_ms: int, is_alarm: bool = False, **said: Any
    ) -> Finding:
        self._told["told_age"][kind, service] = 0
        if stage is Stage.BEGIN:
            self._told["age"][kind, service] = 0
        self._told["level"][kind, service] = 0 if stage is Stage.END else 2 if is_alarm else 1
        place = self._places.place(service)
        return Finding(
            kind=_KINDS[kind], stage=stage, place=place,
            at_utc_ms=at_ms, evidence_from_utc_ms=min(from_ms, at_ms), evidence_to_utc_ms=at_ms,
            severity="alarm" if is_alarm else "warning", meters=(place.id,), **said,
        )


DETECTOR = DetectorType(name="joint", settings=JointSettings, build=JointDetector)
