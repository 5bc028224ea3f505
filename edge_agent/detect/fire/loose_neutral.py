"""A neutral that grows a joint, and one that opens and closes: from how far currents move the neutral point, not from where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.neutral_impedance import SUM, NeutralImpedance
from edge_agent.detect.neutral_places import Real
from edge_agent.detect.neutral_steps import NeutralSteps, Steps
from edge_agent.model import Archive, AreaFrame, Finding, Stage
from edge_agent.model.area_frame import NEVER

_LOOSE, _INTERMITTENT = "neutral.loose", "neutral.intermittent"
_VERSION = 1
_MINUTE_MS = 60_000
_JUMPS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseNeutralSettings:
    """Rise 0.12 ohm with z > 4 and s0 = 0.008 ohm: detection.md 2 and 1. Steps kept: its windows of 6 h held 9 to 53."""

    rise_ohm: float = 0.12
    z: float = 4.0
    error_ohm: float = 0.008  # what a healthy impedance wanders from day to day
    steps_kept: float = 24.0
    kept_s: float = 86_400.0  # a step counts less with time as well, so that a phase without steps does not speak for ever
    least_step_a: float = 1.0
    learn_s: float = 172_800.0  # two clean days, detection.md 1
    first_s: float = 21_600.0  # judged from then on, as soon as the usual impedance is known well enough
    usual_error_ohm: float = 0.03  # largest healthy standard error, detection.md 2
    jump_v: float = 3.0  # unexplained, in one step; healthy residuals are 0.1 V (median)
    jump_noise: float = 6.0  # and so many times what is usual here
    jump_ohm: float = 0.6  # and more than currents of others on the same feeder could do
    window_s: float = 21_600.0  # this many: six jumps, three openings
    quiet_s: float = 86_400.0

    def __post_init__(self) -> None:
        if not 0.02 <= self.rise_ohm <= 4.0:
            raise ValueError("rise_ohm must be from 0.02 (below it a step is lost in the resolution of voltages) to 4 (an electrode)")
        if min(self.z, self.error_ohm, self.least_step_a, self.usual_error_ohm, self.jump_v, self.jump_noise, self.jump_ohm) <= 0:
            raise ValueError("z, error_ohm, least_step_a, usual_error_ohm, jump_v, jump_noise and jump_ohm must be above 0")
        if self.steps_kept < 15:
            raise ValueError("steps_kept must be at least 15: fewer give no standard error worth the name")
        if self.kept_s <= 0 or not 0 < self.first_s <= self.learn_s or self.window_s <= 0 or self.quiet_s <= 0:
            raise ValueError("0 < first_s <= learn_s must hold, kept_s, window_s and quiet_s must be above 0")


class LooseNeutralDetector:
    """Findings ``neutral.loose`` and ``neutral.intermittent`` of a three-phase meter or a node with single-phase meters, once a minute."""

    def __init__(self, archive: Archive, settings: LooseNeutralSettings) -> None:
        self._archive, self._settings = archive, settings
        self._steps = NeutralSteps(archive)
        self._places = self._steps.places
        n = len(self._places)
        self._ohm = NeutralImpedance(n, steps_kept=settings.steps_kept, least_step_a=settings.least_step_a)
        self._own: dict[str, npt.NDArray[Any]] = {
            "minute": np.full(1, NEVER, dtype=np.int64),
            "first_ms": np.full(n, NEVER, dtype=np.int64),
            "noise": np.zeros((2, n)),  # sum of squares and number of all residuals while learning
            "jump_ms": np.full((_JUMPS, n), NEVER, dtype=np.int64),  # the last ones, the oldest first
            "loose_ms": np.full(n, NEVER, dtype=np.int64),
            "intermittent_ms": np.full(n, NEVER, dtype=np.int64),
            "is_ending": np.zeros(n, dtype=np.int8),
        }
        self._state = self._own | self._ohm.state | self._steps.state

    def update(self, frame: AreaFrame) -> list[Finding]:
        minute = frame.now_utc_ms // _MINUTE_MS
        if minute == self._own["minute"][0] and not self._own["is_ending"].any():
            return []
        self._own["minute"][0] = minute
        return self._forgotten(frame) + self._look(frame)

    def conditions(self) -> set[Condition]:
        return {
            (kind, self._places.chains[place][0].place)
            for kind, field in ((_LOOSE, "loose_ms"), (_INTERMITTENT, "intermittent_ms"))
            for place in np.flatnonzero(self._own[field] != NEVER).tolist()
        }

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget what is usual at the places of these meters; what is told of them ends at the next update."""
        places = self._places.holding(set(meters))
        self._ohm.forget(places)
        self._steps.forget(places)
        self._own["first_ms"][places], self._own["noise"][:, places], self._own["jump_ms"][:, places] = NEVER, 0.0, NEVER
        self._own["is_ending"][places] = 1

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state)

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state, data)

    def _look(self, frame: AreaFrame) -> list[Finding]:
        own, settings = self._own, self._settings
        steps = self._steps.take(frame)
        if steps is None or not steps.is_new.any():
            return []
        taken = steps.taken_ms
        np.copyto(own["first_ms"], taken, where=steps.is_new & (own["first_ms"] == NEVER))
        age_ms = taken - own["first_ms"]
        usual_ohm = self._ohm.state["usual_ohm"][SUM]
        is_known = (self._ohm.usual_error() < settings.usual_error_ohm) & (age_ms >= 1000 * settings.first_s)
        residual_v = np.abs(steps.shift_step_v - usual_ohm * steps.vector_step_a)
        rise, error = self._ohm.rises(settings.error_ohm)
        is_suspect = is_known & (rise[SUM] > settings.rise_ohm / 2) & np.isfinite(error[SUM])
        is_learning = steps.is_new & (age_ms < 1000 * settings.learn_s) & ~is_suspect & (own["loose_ms"] == NEVER)
        is_learning &= own["intermittent_ms"] == NEVER
        closed = np.where(steps.is_closed, steps.shift_step_v, np.nan)
        self._ohm.take(closed, steps.current_step_a, is_learning)
        self._ohm.age(steps.is_new, steps.since_last_ms / (1000 * settings.kept_s))
        findings = self._jumps(steps, residual_v, is_known) + self._rises(steps, is_known)
        counted = is_learning & ~np.isnan(residual_v) & np.isfinite(self._ohm.usual_error())
        own["noise"][0, counted] += residual_v[counted] ** 2
        own["noise"][1, counted] += 1.0
        return findings

    def _rises(self, steps: Steps, is_known: npt.NDArray[np.bool_]) -> list[Finding]:
        settings, loose_ms = self._settings, self._own["loose_ms"]
        rise, error = self._ohm.rises(settings.error_ohm)
        phases, usable = rise[:SUM], error[:SUM] < settings.rise_ohm / 2
        # a joint in one phase raises the sum as well (by 2/9) but leaves the steps of the other phases as they were
        in_every_phase = np.where(usable, phases, np.inf).min(axis=0) > settings.rise_ohm / 2
        is_up = (rise[SUM] > settings.rise_ohm) & (rise[SUM] > settings.z * error[SUM]) & in_every_phase & (usable.sum(axis=0) >= 2)
        begins = steps.is_new & is_known & is_up & (loose_ms == NEVER)
        ends = steps.is_new & (loose_ms != NEVER) & (rise[SUM] < settings.rise_ohm / 2) & np.isfinite(error[SUM])
        findings = []
        for place in np.flatnonzero(begins | ends).tolist():
            at_ms = int(steps.taken_ms[place])
            began_ms = at_ms if begins[place] else int(loose_ms[place])
            loose_ms[place] = at_ms if begins[place] else NEVER
            usual_ohm, now_ohm = float(self._ohm.state["usual_ohm"][SUM, place].real), float(self._ohm.state["ohm"][SUM, place].real)
            evidence = (
                ("neutral_ohm", now_ohm), ("usual_ohm", usual_ohm), ("rise_ohm", float(rise[SUM, place])),
                ("standard_error_ohm", float(error[SUM, place])),
                *((f"rise_{phase}_ohm", float(phases[row, place])) for row, phase in enumerate("abc") if usable[row, place]),
            )  # fmt: skip
            findings.append(self._finding(
                _LOOSE, place, Stage.BEGIN if begins[place] else Stage.END, (began_ms, at_ms),
                observed=now_ohm, threshold=usual_ohm + settings.rise_ohm, unit="ohm",
                score=float(rise[SUM, place]) / settings.rise_ohm, evidence=evidence,
                alternatives=("joints in all phases of the supply", "supply switched to a longer way", "meter exchanged"),
            ))
        return findings

    def _jumps(self, steps: Steps, residual_v: Real, is_known: npt.NDArray[np.bool_]) -> list[Finding]:
        own, settings = self._own, self._settings
        # squares of a jump while learning count as usual: a place that is restless by nature is judged by that
        usual_v = np.sqrt(own["noise"][0] / np.maximum(own["noise"][1], 1.0))
        limit_v = np.maximum(settings.jump_v, settings.jump_noise * usual_v)
        changed = np.nan_to_num(np.abs(steps.current_step_a)).max(axis=0) > 0.0      # else the register of the currents may be stuck
        jumped = is_known & changed & ~steps.stays_open & (residual_v > limit_v)     # a neutral that stays open is another finding
        findings = []
        for place in np.flatnonzero(jumped).tolist():
            if residual_v[place] <= settings.jump_ohm * self._steps.others_a(place, steps):
                continue
            at_ms, ring = int(steps.taken_ms[place]), own["jump_ms"][:, place]
            ring[:-1], ring[-1] = ring[1:].copy(), at_ms
            is_dense = ring[0] != NEVER and at_ms - ring[0] <= 1000 * settings.window_s
            if is_dense and own["intermittent_ms"][place] == NEVER:
                own["intermittent_ms"][place] = int(ring[0])
                window_ms = (int(ring[0]), at_ms)
                findings.append(self._intermittent(place, Stage.BEGIN, window_ms, float(residual_v[place]), float(limit_v[place])))
        quiet = steps.is_new & (own["intermittent_ms"] != NEVER) & (steps.taken_ms - own["jump_ms"][-1] > 1000 * settings.quiet_s)
        for place in np.flatnonzero(quiet).tolist():
            began_ms, at_ms = int(own["intermittent_ms"][place]), int(steps.taken_ms[place])
            own["intermittent_ms"][place] = NEVER
            findings.append(self._intermittent(place, Stage.END, (began_ms, at_ms), float("nan"), float(limit_v[place])))
        return findings

    def _intermittent(self, place: int, stage: Stage, window_ms: tuple[int, int], jump_v: float, limit_v: float) -> Finding:
        ring = self._own["jump_ms"][:, place]
        evidence = (("jumps", float((ring != NEVER).sum())), ("usual_jump_v", limit_v / self._settings.jump_noise))
        return self._finding(
            _INTERMITTENT, place, stage, window_ms, observed=None if np.isnan(jump_v) else jump_v, threshold=limit_v, unit="V",
            score=1.0 if np.isnan(jump_v) else jump_v / limit_v, evidence=evidence,
            alternatives=("unmetered load switched on one phase", "uneven sags from the medium voltage"),
        )  # fmt: skip

    def _forgotten(self, frame: AreaFrame) -> list[Finding]:
        own, findings = self._own, []
        for place in np.flatnonzero(own["is_ending"]).tolist():
            own["is_ending"][place] = 0
            for kind, field in ((_LOOSE, "loose_ms"), (_INTERMITTENT, "intermittent_ms")):
                if own[field][place] != NEVER:
                    began_ms, own[field][place] = int(own[field][place]), NEVER
                    window_ms = (began_ms, frame.now_utc_ms)
                    findings.append(self._finding(kind, place, Stage.END, window_ms, observed=None, threshold=None, unit="", score=0.0))
        return findings

    def _finding(
        self, kind: str, place: int, stage: Stage, window_ms: tuple[int, int], *, observed: float | None, threshold: float | None,
        unit: str, score: float, evidence: tuple[tuple[str, float], ...] = (), alternatives: tuple[str, ...] = (),
    ) -> Finding:
        link = self._places.chains[place][0]
        return Finding(
            kind=kind,
            stage=stage,
            place=link.place,
            at_utc_ms=window_ms[1],
            evidence_from_utc_ms=min(window_ms),
            evidence_to_utc_ms=window_ms[1],
            score=score,
            confidence=0.8,
            observed=observed,
            threshold=threshold,
            unit=unit,
            severity="warning",
            meters=tuple(self._archive.meters[index].id for index in self._places.meters[place].tolist()),
            evidence=evidence,
            alternatives=alternatives,
        )


DETECTOR = DetectorType(name="loose_neutral", settings=LooseNeutralSettings, build=LooseNeutralDetector)
