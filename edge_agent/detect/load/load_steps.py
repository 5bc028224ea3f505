"""Loads that switch on and off: steps with their reactive power, on and off paired, and a class as far as the sample period permits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.step_class import not_told_apart, step_class
from edge_agent.detect.step_elements import Elements
from edge_agent.detect.step_ledger import SLOTS, Ledger, Load
from edge_agent.detect.step_source import Step, StepSource
from edge_agent.model import Archive, AreaFrame, Finding, Stage
from edge_agent.model.area_frame import NEVER

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadStepsSettings:
    """What is a step: detection.md 6.1 (w = 3, 30 W, 3 sigma, 1.5 %). What is told: ``told_from_w``."""

    told_from_w: float = 3500.0     # more than a 16 A socket gives; 0 tells every step: thousands a day in an area
    least_w: float = 30.0
    share: float = 0.015            # of the power
    spreads: float = 2.7            # mean distances of neighbouring samples: 3 sigma (sigma = 0.89 of it) of a normal noise
    pair_w: float = 20.0            # on and off of one load differ by less than this,
    pair_share: float = 0.05        # or than this share (Hart)

    def __post_init__(self) -> None:
        if self.told_from_w < 0 or not 1.0 <= self.least_w <= 10_000.0:
            raise ValueError("told_from_w must not be negative; least_w must be 1 W (a register's step) to 10 kW (a whole service)")
        if not 0 <= self.share < 1 or self.spreads < 0:
            raise ValueError("share must be 0 to below 1 (of the power), spreads must not be negative")
        if self.pair_w < 0 or not 0 <= self.pair_share < 0.5:
            raise ValueError("pair_w must not be negative; pair_share must be 0 to below 0.5, or unlike loads are paired")


class LoadStepsDetector:
    """Findings ``load.on`` for each place: it begins with the first load told, changes with each further on and off, ends with the last.

    ``last_steps``: every step of the last update, told or not, with the loads that it switched off.
    """

    def __init__(self, archive: Archive, settings: LoadStepsSettings) -> None:
        self._archive, self._settings = archive, settings
        self._elements = elements = Elements(archive)
        self._source = StepSource(elements, least_w=settings.least_w, share=settings.share, spreads=settings.spreads)
        self._ledger = Ledger(elements.count, pair_w=settings.pair_w, pair_share=settings.pair_share)
        self._state: dict[str, npt.NDArray[Any]] = {
            "is_told": np.zeros((elements.count, SLOTS), dtype=np.int8),
            "begun_ms": np.full(elements.count, NEVER, dtype=np.int64),
            "forget": np.zeros(elements.count, dtype=np.int8),
        }
        self._nominal_v = np.tile([meter.nominal_voltage_v for meter in archive.meters], elements.count // max(1, len(archive.meters)))
        self.last_steps: list[tuple[Step, list[Load]]] = []

    def update(self, frame: AreaFrame) -> list[Finding]:
        self.last_steps = []
        found = self._forgotten(frame) if self._state["forget"].any() else []
        for step in self._source.update(frame):
            found += self._rise(step) if step.change_w > 0 else self._fall(step)
        return found

    def relearn(self, meters: Sequence[int]) -> None:
        """Loads that are on at these meters are no longer known; what was told of them ends at the next update."""
        for index in meters:
            for element in self._elements.of_meter(index):
                self._ledger.remove(element, self._ledger.loads(element))
                self._state["is_told"][element] = 0
                self._state["forget"][element] = self._state["begun_ms"][element] != NEVER

    def conditions(self) -> set[Condition]:
        return {("load.on", self._elements.place(element)) for element in np.flatnonzero(self._state["begun_ms"] != NEVER).tolist()}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._arrays())

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._arrays(), data)

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        return self._state | self._source.state | self._ledger.state

    def _rise(self, step: Step) -> list[Finding]:
        load, gone = self._ledger.rise(step.element, step.change_w, step.change_var, step.at_ms)
        self.last_steps.append((step, []))
        found = self._off(step, gone)
        if step.change_w < self._settings.told_from_w:
            return found
        self._state["is_told"][step.element, load.slot] = 1
        stage = Stage.CHANGE
        if self._state["begun_ms"][step.element] == NEVER:
            stage = Stage.BEGIN
            self._state["begun_ms"][step.element] = step.at_ms
        return [*found, self._finding(step, stage, load)]

    def _fall(self, step: Step) -> list[Finding]:
        off = self._ledger.fall(step.element, step.change_w)
        self.last_steps.append((step, off))
        found = self._off(step, off)
        if step.after_w >= 0:       # where a roof feeds in, what the meter shows is less than what is on
            found += self._off(step, self._ledger.settle(step.element, step.after_w))
        return found

    def _off(self, step: Step, loads: list[Load]) -> list[Finding]:
        told, found = self._state["is_told"][step.element], []
        for load in loads:
            if not told[load.slot]:
                continue
            told[load.slot] = 0
            found.append(self._finding(step, Stage.CHANGE if told.any() else Stage.END, load))
            if not told.any():
                self._state["begun_ms"][step.element] = NEVER
        return found

    def _finding(self, step: Step, stage: Stage, load: Load) -> Finding:
        nominal_v = float(self._nominal_v[step.element])
        volts = step.voltage_v if step.voltage_v > 0 else nominal_v
        begun_ms = int(self._state["begun_ms"][step.element])
        evidence = [
            ("change_w", step.change_w), ("change_at_nominal_voltage_w", step.change_w * (nominal_v / volts) ** 2),
            ("sample_period_s", step.period_s), ("load_w", load.power_w),
        ]  # fmt: skip
        if not math.isnan(step.change_var):
            evidence += [("change_var", step.change_var), ("power_factor", step.power_factor)]
        if step.change_w < 0:
            evidence.append(("on_for_s", max(0, step.at_ms - load.since_ms) / 1000.0))
        return Finding(
            kind="load.on",
            stage=stage,
            place=self._elements.place(step.element),
            at_utc_ms=step.at_ms,
            evidence_from_utc_ms=min(begun_ms, step.at_ms),
            evidence_to_utc_ms=step.to_ms,
            score=abs(step.change_w) / max(self._settings.least_w, self._settings.told_from_w),
            confidence=0.9,
            observed=step.change_w,
            threshold=self._settings.told_from_w,
            unit="W",
            severity="info",
            meters=(self._elements.meter(step.element).id,),
            evidence=tuple(evidence),
            alternatives=(step_class(load.power_w, load.reactive_var, step.period_s), not_told_apart(step.period_s)),
        )

    def _forgotten(self, frame: AreaFrame) -> list[Finding]:
        found = []
        for element in np.flatnonzero(self._state["forget"]).tolist():
            begun_ms = min(int(self._state["begun_ms"][element]), frame.now_utc_ms)
            self._state["begun_ms"][element], self._state["forget"][element] = NEVER, 0
            found.append(Finding(
                kind="load.on", stage=Stage.END, place=self._elements.place(element), at_utc_ms=frame.now_utc_ms,
                evidence_from_utc_ms=begun_ms, evidence_to_utc_ms=frame.now_utc_ms, score=0.0, confidence=0.5, severity="info",
                meters=(self._elements.meter(element).id,), alternatives=("meter changed: what was on is not known",),
            ))  # fmt: skip
        return found


DETECTOR = DetectorType(name="load_steps", settings=LoadStepsSettings, build=LoadStepsDetector)
"""Tells by default only loads above a socket's; ``last_steps`` has them all."""
