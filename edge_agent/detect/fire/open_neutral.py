"""Broken neutral: the star point of what hangs behind it moves inside the line voltages, and no current flows that could have moved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.neutral_evidence import Break, Evidence, Limits
from edge_agent.detect.neutral_places import NeutralPlaces, Readings
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.area_frame import NEVER

_KIND = "neutral.open"
_VERSION = 3
_SLOT_MS = 10_000      # nodes are looked at once in it, and a place is judged once: a weak line with 20 V for hours must not cost more
_PLAUSIBLE = 0.15  # no line voltage further from nominal is taken for usual
_ALIKE = 2  # readings in a row that show a break: one may be compared with what was read before a large load was switched
_BASELINE_SHARE = 0.02  # of a new reading in the usual line voltage: about an hour of minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNeutralSettings:
    """Shift and band of the line voltage: detection.md 2 (12 V at 220 to 240 V; 0.9 to 1.1); the normal shift reaches 17 V with 70 A.

    ``link_ohm``: a healthy supply has at most 0.8 ohm of loop, of which its own vector sum sees Z_N + 2/3 Z_phase; a neutral behind an
    electrode of 4 ohm and more sees that electrode.
    """

    shift_v: float = 12.0
    end_shift_v: float = 8.0
    blind_shift_v: float = 25.0  # where no current is known: 11 % of the voltage
    link_ohm: float = 1.0
    shared_ohm: float = 0.3  # a trunk section or a spur that is shared with what is beside
    line_band: float = 0.10
    line_band_alone: float = 0.05  # with nothing to compare with, an uneven sag would pass the wider band
    begin_s: float = 10.0  # and two readings: a motor that starts lasts seconds
    end_s: float = 60.0

    def __post_init__(self) -> None:
        if not 0 < self.end_shift_v < self.shift_v <= self.blind_shift_v < 220.0:
            raise ValueError("0 < end_shift_v < shift_v <= blind_shift_v < 220 must hold: no neutral moves further than a phase voltage")
        if not (0 < self.link_ohm <= 4.0 and 0 <= self.shared_ohm <= self.link_ohm):
            raise ValueError("link_ohm must be above 0 and at most 4 (an electrode's), shared_ohm from 0 to link_ohm")
        if not 0 < self.line_band_alone <= self.line_band < 0.3:
            raise ValueError("0 < line_band_alone <= line_band < 0.3 must hold: a lost phase leaves 0.58 of the line voltage")
        if self.begin_s < 0 or self.end_s < 0:
            raise ValueError("begin_s and end_s must not be negative")


class OpenNeutralDetector:
    """Findings ``neutral.open`` of the lowest link behind the break: a meter, a node or the area."""

    def __init__(self, archive: Archive, settings: OpenNeutralSettings) -> None:
        self._archive, self._settings, self._places = archive, settings, NeutralPlaces(archive)
        n = len(self._places)
        self._ids = [chain[0].place.id for chain in self._places.chains]
        self._limits = Limits(
            shift_v=settings.shift_v, blind_v=settings.blind_shift_v, link_ohm=settings.link_ohm, shared_ohm=settings.shared_ohm
        )
        self._nominal_line_v = np.sqrt(3.0) * self._places.nominal_v
        self._state: dict[str, npt.NDArray[Any]] = {
            "line_v": self._nominal_line_v.copy(),
            "seen_ms": np.full(n, NEVER, dtype=np.int64),
            "since_ms": np.full(n, NEVER, dtype=np.int64),  # of the shift; while told, of the shift being gone
            "readings": np.zeros(n, dtype=np.int32),  # in a row, of what since_ms is about
            "found": np.zeros(n, dtype=np.int8),  # judgements in a row that found a break
            "told": np.full(n, -1, dtype=np.int8),  # the link of the chain
            "begun_ms": np.full(n, NEVER, dtype=np.int64),
            "judged_slot": np.full(n, NEVER, dtype=np.int64),
            "is_ending": np.zeros(n, dtype=np.int8),  # on an operator's command
        }
        self._slot = np.full(1, NEVER, dtype=np.int64)
        self._now = Readings(n)
        self._is_busy = False

    def update(self, frame: AreaFrame) -> list[Finding]:
        state, settings = self._state, self._settings
        findings: list[Finding] = []
        now, slot = self._now, frame.now_utc_ms // _SLOT_MS
        alerts = self._places.read_three_phase_meters(frame, now, state["line_v"], settings.end_shift_v)
        if not alerts and not self._is_busy and slot == self._slot[0]:
            return findings
        for place in np.flatnonzero(state["is_ending"]).tolist():
            findings += self._end(place, frame, frame.now_utc_ms)
        state["is_ending"][:] = 0
        if slot != self._slot[0]:
            self._slot[0] = slot
            self._places.read_nodes(frame, now, state["line_v"], state["seen_ms"])
        findings += self._look(frame)
        self._is_busy = bool((state["told"] >= 0).any() or state["readings"].any())
        return findings

    def _look(self, frame: AreaFrame) -> list[Finding]:
        state, settings, now = self._state, self._settings, self._now
        findings: list[Finding] = []
        taken = now.taken_ms
        is_new = (taken != state["seen_ms"]) & (taken <= frame.now_utc_ms) & ~np.isnan(now.line_v)
        if not is_new.any():
            return []
        is_back = is_new & (taken < state["seen_ms"])  # the clock was set back or a reading came late: count anew
        state["readings"][is_back] = 0
        before_ms = np.where(is_back, taken - 1, state["seen_ms"])
        state["seen_ms"][is_new] = taken[is_new]
        shift_v = np.abs(now.shift_v)
        is_whole = np.abs(now.line_v - state["line_v"]) <= settings.line_band * state["line_v"]
        is_near = np.abs(now.line_v - self._nominal_line_v) < _PLAUSIBLE * self._nominal_line_v
        is_calm = is_new & is_near & (shift_v < settings.end_shift_v / 2)
        state["line_v"][is_calm] += _BASELINE_SHARE * (now.line_v - state["line_v"])[is_calm]
        is_told = state["told"] >= 0
        counts = np.where(is_told, shift_v < settings.end_shift_v, (shift_v > settings.shift_v) & is_whole)
        starts = is_new & counts & (state["readings"] == 0)
        state["since_ms"][starts] = taken[starts]
        state["readings"][is_new] = np.where(counts, np.minimum(state["readings"] + 1, 1000), 0)[is_new]
        state["found"][is_new & ~counts] = 0
        has_lasted = (state["readings"] >= 2) & (taken - state["since_ms"] >= 1000 * settings.end_s)
        due = is_new & np.where(is_told, has_lasted, counts & (self._slot[0] != state["judged_slot"]))
        if due.any():
            state["judged_slot"][due] = self._slot[0]
            evidence = Evidence(self._places, frame, now, self._limits)
            for place in sorted(np.flatnonzero(due).tolist(), key=self._ids.__getitem__):     # not by their order in the archive
                if is_told[place]:
                    findings += self._end(place, frame, int(state["since_ms"][place]))
                else:
                    findings += self._judge(place, frame, evidence, int(before_ms[place]))
        return findings

    def conditions(self) -> set[Condition]:
        return {(_KIND, self._told_place(place)) for place in np.flatnonzero(self._state["told"] >= 0).tolist()}

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget the usual line voltage of these meters' places; what is told of them ends at the next update."""
        places = self._places.holding(set(meters))
        self._state["line_v"][places] = self._nominal_line_v[places]
        self._state["readings"][places] = self._state["found"][places] = 0
        self._state["is_ending"][places] = self._state["told"][places] >= 0
        self._is_busy = True

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state | {"slot": self._slot})

    def load(self, data: bytes) -> None:
        load_arrays(_VERSION, self._archive, self._state | {"slot": self._slot}, data)
        self._is_busy = True

    def _judge(self, place: int, frame: AreaFrame, evidence: Evidence, before_ms: int) -> list[Finding]:
        """``before_ms``: when the place was read before; what others showed up to then is no match for what it shows now."""
        now, state, since_ms = self._now, self._state, int(self._state["since_ms"][place])
        told = self.conditions()
        above = next((number for number, link in enumerate(self._places.chains[place]) if (_KIND, link.place) in told), None)
        if above is not None:      # told already of what feeds this place: that moves its neutral point as well
            state["told"][place], state["begun_ms"][place], state["readings"][place], state["found"][place] = above, since_ms, 0, 0
            return []
        found = evidence.find_break(place, before_ms + 1)
        band_v = self._settings.line_band_alone * state["line_v"][place]
        if found is None or (found.is_alone and abs(now.line_v[place] - state["line_v"][place]) > band_v):
            state["found"][place] = 0
            return []
        state["found"][place] = min(state["found"][place] + 1, _ALIKE)
        if state["found"][place] < _ALIKE or now.taken_ms[place] - since_ms < 1000 * self._settings.begin_s:
            return []
        state["told"][place], state["begun_ms"][place] = found.link, since_ms
        state["readings"][place] = state["found"][place] = 0
        return [self._finding(place, frame, found)]

    def _end(self, place: int, frame: AreaFrame, at_ms: int) -> list[Finding]:
        """Told once the last place behind the break is well."""
        told = self._told_place(place)
        began_ms = int(self._state["begun_ms"][place])
        inside = set(self._places.chains[place][int(self._state["told"][place])].inside.tolist())
        self._state["told"][place], self._state["readings"][place] = -1, 0
        if (_KIND, told) in self.conditions():
            return []
        return [self._made(place, told, Stage.END, at_ms, began_ms, frame, meters=inside)]

    def _told_place(self, place: int) -> Place:
        return self._places.chains[place][int(self._state["told"][place])].place

    def _finding(self, place: int, frame: AreaFrame, found: Break) -> Finding:
        now, since_ms = self._now, int(self._state["since_ms"][place])
        evidence = (
            ("neutral_shift_v", float(abs(now.shift_v[place]))),
            ("shift_against_neighbours_v", found.shift_v),
            ("explained_by_currents_v", found.explained_v),
            ("vector_sum_a", found.current_a),
            ("line_voltage_v", float(now.line_v[place])),
            ("lowest_phase_v", float(now.voltage_v[:, place].min())),
            ("highest_phase_v", float(now.voltage_v[:, place].max())),
        )
        meters = {*found.meters.tolist(), *self._places.meters[place].tolist()}
        return self._made(place, self._told_place(place), Stage.BEGIN, since_ms, since_ms, frame, evidence=evidence, meters=meters)

    def _made(
        self, place: int, told: Place, stage: Stage, at_ms: int, began_ms: int, frame: AreaFrame, *,
        meters: set[int], evidence: tuple[tuple[str, float], ...] = (),
    ) -> Finding:
        shift_v = float(abs(self._now.shift_v[place]))
        return Finding(
            kind=_KIND,
            stage=stage,
            place=told,
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(began_ms, at_ms),
            evidence_to_utc_ms=max(at_ms, min(int(self._state["seen_ms"][place]), frame.now_utc_ms)),
            score=shift_v / self._settings.shift_v,
            confidence=0.9,
            observed=shift_v,
            threshold=self._settings.shift_v,
            unit="V",
            severity="alarm",
            meters=tuple(self._archive.meters[index].id for index in sorted(meters)),
            evidence=evidence,
            alternatives=("uneven sag from the medium voltage", "wrong grid phases in the archive", "unmetered load on one phase"),
        )


DETECTOR = DetectorType(name="open_neutral", settings=OpenNeutralSettings, build=OpenNeutralDetector)
