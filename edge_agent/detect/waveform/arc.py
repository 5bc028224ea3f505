"""Series arcs in a sampled current: half cycles that differ from the circuit's own quiet ones, counted as the standards do."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.arc_circuit import ArcCircuit
from edge_agent.detect.base import Condition, WaveformDetectorType, load_arrays, save_arrays
from edge_agent.detect.half_cycle_windows import HalfCycles, cut_into_half_cycles
from edge_agent.model import Archive, Finding, Place, Stage, Waveform

_KIND = "arc.series"
_VERSION = 1
_NEVER = -1
# of the array "told": when it began, when it was last active (UTC ms, -1 = never), whether the IEC class was told, whether to end it now
_BEGUN, _ACTIVE, _CLASS, _RELEARN = range(4)
_NAME = re.compile(r"([0-9]+)\.([abc])\.([a-z0-9_]+)")
# Arc test current and longest break time, IEC 62606:2013 with amendment 2:2022, 230 V (detection.md 3)
_IEC_62606 = ((63.0, 0.12), (32.0, 0.12), (16.0, 0.15), (10.0, 0.25), (5.0, 0.5), (2.5, 1.0))
_SNAPSHOT_HALF_CYCLES = 6     # of a shorter window no share is taken


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcSettings:
    """Defaults: GB 14287.4-2014 (14 arcing half cycles in 1 s must be told, 9 must not), detection.md 3."""

    alarm_half_cycles: int = 14
    release_half_cycles: int = 9
    end_s: float = 30.0             # without arcs before the finding ends: the 30 s within which the standard wants it told
    min_current_a: float = 0.5      # rms; joints glow from 0.8 A (NBSIR 76-1011), IEC 62606 tests from 2.5 A
    # A copper arc takes 13 V at least, with the sign of the current: 4/pi x 13 V of the 311 V peak are 5 %, less with an inductive load
    min_drop_ratio: float = 0.03
    # Snapshots with pauses between them: 8 half cycles in 25 cycles, as a share of what was seen, in each of so many following windows
    snapshot_share: float = 0.32
    snapshot_windows: int = 3
    snapshot_span_s: float = 240.0  # within which these must come: a unit that looks once a minute needs three minutes

    def __post_init__(self) -> None:
        if not 0 <= self.release_half_cycles < self.alarm_half_cycles <= 100:
            raise ValueError("0 <= release_half_cycles < alarm_half_cycles <= 100 must hold: a second has 100 half cycles")
        if self.min_current_a <= 0 or not 0 < self.min_drop_ratio < 0.5:
            raise ValueError("min_current_a must be above 0, min_drop_ratio between 0 and 0.5: an arc takes a part of the voltage")
        if not 0 < self.snapshot_share <= 1 or not 1 <= self.snapshot_windows <= 100:
            raise ValueError("snapshot_share must be above 0 and at most 1, snapshot_windows 1 to 100")
        if self.end_s < 0 or self.snapshot_span_s <= 0:
            raise ValueError("end_s must not be negative, snapshot_span_s must be above 0")


class ArcDetector:
    """Findings ``arc.series``, one for each meter and phase. Silence of the unit neither begins nor ends one.

    A circuit that arcs from the first moment on is not told before it was quiet for 0.1 s: there is nothing to hold it against.
    """

    def __init__(self, archive: Archive, settings: ArcSettings) -> None:
        self._archive, self._settings = archive, settings
        self._circuits: dict[tuple[int, str], ArcCircuit] = {}

    def take(self, waveform: Waveform) -> list[Finding]:
        meters, key = self._archive.meters, (waveform.meter, waveform.phase)
        if not 0 <= waveform.meter < len(meters) or waveform.phase not in ("a", "b", "c"):
            return []
        cycles = cut_into_half_cycles(waveform)
        if cycles is None:
            return []
        circuit = self._circuits.get(key) or self._circuits.setdefault(key, self._new_circuit())
        if not circuit.is_new(waveform):
            return []
        told, findings = circuit.arrays["told"], []
        if told[_RELEARN]:
            told[_RELEARN] = 0
            if told[_BEGUN] != _NEVER:
                findings.append(self._end(key, circuit, now_ms=waveform.taken_utc_ms))
        is_next = circuit.begin(waveform, cycles)
        for looked_at in circuit.blocks(cycles, lambda: bool(told[_BEGUN] != _NEVER)):
            is_whole = looked_at == len(cycles.features)
            shares = self._snapshots(circuit, cycles, is_next=is_next) if is_whole else np.full(1, np.nan)
            now_ms = waveform.taken_utc_ms + round(cycles.begin_ms + looked_at * cycles.half_ms)
            findings += self._look(key, circuit, cycles.half_ms, shares, now_ms)
        return findings

    def arcing(self, meter: int, phase: str) -> npt.NDArray[np.bool_]:
        """Which of the last 100 half cycles of a circuit arced, oldest first; none where nothing was seen."""
        circuit = self._circuits.get((meter, phase))
        return np.zeros(100, dtype=np.bool_) if circuit is None else circuit.arcing

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget what is quiet in these meters' circuits; what is told of them ends with the next window."""
        for key, circuit in self._circuits.items():
            if key[0] in meters:
                circuit.forget()
                circuit.arrays["told"][_RELEARN] = 1

    def conditions(self) -> set[Condition]:
        return {(_KIND, self._place(key)) for key, circuit in self._circuits.items() if circuit.arrays["told"][_BEGUN] != _NEVER}

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, _named(self._circuits))

    def load(self, data: bytes) -> None:
        circuits: dict[tuple[int, str], ArcCircuit] = {}
        for key in _circuits_in(data):
            if key[0] >= len(self._archive.meters):
                raise ValueError("saved state is of other meters")
            circuits[key] = self._new_circuit()
        load_arrays(_VERSION, self._archive, _named(circuits), data)
        self._circuits = circuits

    def _new_circuit(self) -> ArcCircuit:
        circuit = ArcCircuit(min_current_a=self._settings.min_current_a, min_drop_ratio=self._settings.min_drop_ratio)
        circuit.arrays["told"] = np.array([_NEVER, _NEVER, 0, 0], dtype=np.int64)
        circuit.arrays["snapshots"] = np.full((self._settings.snapshot_windows, 2), np.nan)     # UTC ms, share of arcing half cycles
        return circuit

    def _look(
        self, key: tuple[int, str], circuit: ArcCircuit, half_ms: float, shares: npt.NDArray[np.float64], now_ms: int
    ) -> list[Finding]:
        """What the last second, and the ``shares`` of snapshots, say at ``now_ms``."""
        settings, told = self._settings, circuit.arrays["told"]
        looks_like_arcs = circuit.arcing_in_1_s > 0 and circuit.looks_like_arcs()
        by_count = looks_like_arcs and circuit.arcing_in_1_s >= settings.alarm_half_cycles
        by_share = looks_like_arcs and bool((shares >= settings.snapshot_share).all())
        reached = _break_time_s(circuit.reference.current_a) <= circuit.arcing_in_1_s * half_ms / 1000
        if told[_BEGUN] == _NEVER:
            if not (by_count or by_share):
                return []
            oldest = 100 - int(np.argmax(circuit.arcing))
            first_ms = int(circuit.arrays["snapshots"][0, 0]) if not by_count else now_ms - round(oldest * half_ms)
            told[:_RELEARN] = min(first_ms, now_ms), now_ms, reached
            return [self._finding(Stage.BEGIN, key, circuit, at_ms=int(told[_BEGUN]), now_ms=now_ms, is_by_share=not by_count)]
        is_active = looks_like_arcs and (circuit.arcing_in_1_s > settings.release_half_cycles or by_share)
        if is_active or now_ms < told[_ACTIVE]:         # or the clock was set back
            told[_ACTIVE] = now_ms
        elif now_ms - told[_ACTIVE] >= 1000 * settings.end_s:
            return [self._end(key, circuit, now_ms=now_ms)]
        if reached and is_active and not told[_CLASS]:
            told[_CLASS] = 1
            return [self._finding(Stage.CHANGE, key, circuit, at_ms=now_ms, now_ms=now_ms)]
        return []

    def _snapshots(self, circuit: ArcCircuit, cycles: HalfCycles, *, is_next: bool) -> npt.NDArray[np.float64]:
        """Arcing shares of the last windows that stood alone, NaN where there were none in time. Windows without a pause are counted."""
        kept, seen, now_ms = circuit.arrays["snapshots"], min(len(cycles.features), 100), int(circuit.arrays["times"][0])
        if is_next or seen < _SNAPSHOT_HALF_CYCLES:
            kept[:] = np.nan
        else:
            kept[:-1] = kept[1:]
            kept[-1] = now_ms, circuit.arcing[-seen:].mean()
        age_ms = now_ms - kept[:, 0]
        return np.where((age_ms >= 0) & (age_ms <= 1000 * self._settings.snapshot_span_s), kept[:, 1], np.nan)

    def _end(self, key: tuple[int, str], circuit: ArcCircuit, *, now_ms: int) -> Finding:
        finding = self._finding(Stage.END, key, circuit, at_ms=min(int(circuit.arrays["told"][_ACTIVE]), now_ms), now_ms=now_ms)
        circuit.arrays["told"][:] = _NEVER, _NEVER, 0, 0
        return finding

    def _place(self, key: tuple[int, str]) -> Place:
        return Place(kind="meter", id=self._archive.meters[key[0]].id, phases=key[1])

    def _finding(
        self, stage: Stage, key: tuple[int, str], circuit: ArcCircuit, *, at_ms: int, now_ms: int, is_by_share: bool = False
    ) -> Finding:
        begun_ms, current_a = int(circuit.arrays["told"][_BEGUN]), circuit.reference.current_a
        evidence = [
            ("arcing_half_cycles_in_1_s", float(circuit.arcing_in_1_s)),
            ("arcing_half_cycles_in_05_s", float(circuit.arcing_in_05_s)),
            ("seen_share", circuit.seen_share),
            ("usual_current_a", current_a),
            ("iec_62606_reached", float(circuit.arrays["told"][_CLASS])),
        ]
        if current_a >= _IEC_62606[-1][0]:
            evidence.append(("iec_62606_break_time_s", _break_time_s(current_a)))
        return Finding(
            kind=_KIND,
            stage=stage,
            place=self._place(key),
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(begun_ms, at_ms),
            evidence_to_utc_ms=now_ms,
            score=circuit.arcing_in_1_s / self._settings.alarm_half_cycles,
            confidence=0.7 if is_by_share else 0.9,
            observed=float(circuit.arcing_in_1_s),
            threshold=float(self._settings.alarm_half_cycles),
            unit="half cycles/s",
            severity="alarm",
            meters=(self._archive.meters[key[0]].id,),
            evidence=tuple(evidence),
            alternatives=("plug or switch being moved", "worn brushes of a motor", "load that flickers beside another"),
        )


def _break_time_s(current_a: float) -> float:
    """The longest that a detection device may let an arc of this current burn; infinite below the smallest test current."""
    return next((time_s for test_a, time_s in _IEC_62606 if current_a >= test_a), float("inf"))


def _named(circuits: dict[tuple[int, str], ArcCircuit]) -> dict[str, npt.NDArray[Any]]:
    return {f"{meter}.{phase}.{name}": array for (meter, phase), circuit in circuits.items() for name, array in circuit.arrays.items()}


def _circuits_in(data: bytes) -> set[tuple[int, str]]:
    """Whose state was saved. Raises ValueError."""
    try:
        names = [_NAME.fullmatch(name) for name in json.loads(data)[2]]
    except (ValueError, TypeError, LookupError) as exc:
        raise ValueError(f"saved state is damaged: {exc}") from exc
    if not all(names):
        raise ValueError("saved state is damaged: it names no circuit")
    return {(int(name[1]), name[2]) for name in names if name}


DETECTOR = WaveformDetectorType(name="arc", settings=ArcSettings, build=ArcDetector)
