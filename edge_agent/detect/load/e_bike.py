"""E-bikes and scooters that charge: 60 to 350 W for hours, from a charger without power factor correction.

Told by what a battery does: at its end the power decays as an exponential of the size of what switched on, before that it creeps up and
never down; or by the power factor of the edge, where the meter gives reactive power, when the load has been on for long.
A laptop or another battery of this size cannot be told apart at a minute; the waveform is what could.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.session_minutes import MinuteChanges
from edge_agent.detect.session_rise import RISE_FIELDS, Creep, Rise
from edge_agent.detect.session_taper import TAPER_FIELDS, Taper
from edge_agent.detect.step_elements import Elements
from edge_agent.model import Archive, AreaFrame, Finding, Stage

_VERSION = 2
_SLOTS = 8
_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
_SMALL_W = 20.0                # a minute: what a decay of 350 W in a quarter of an hour does at its start; less than most appliances
_TINY_W = 3.0                  # a register's step or three: a rise of 2 % an hour does no more in a minute
_LOOK_MINUTES = 5              # between two looks whether a load that goes on is a charge
_NOISE_SHARE, _NOISES = 0.1, 3.0   # of a minute's change in the noise of the reactive power; how many of it an edge may be off
_FED_IN_W = 20.0
_WHOLE_TO_EDGE = (0.80, 1.35)  # what decays to what switched on: it has crept up by some %, and a trickle remains
_LEAST_TAPER_W = 50.0          # what 60 W lose down to a trickle
_FOLLOWS = 0.1                 # of the reactive power of an edge: as near to what the power factor before it makes
_RESTED = 0.85                 # of the size: what the meter shows at least while the load is on


@dataclass(frozen=True, slots=True, kw_only=True)
class EBikeSettings:
    """detection.md section 6: 60 to 350 W, power factor 0.45 to 0.65, longer than 90 min."""

    least_w: float = 60.0
    most_w: float = 350.0
    least_power_factor: float = 0.40       # 0.45 to 0.65, and the error of a small step's reactive power
    most_power_factor: float = 0.70
    least_minutes: float = 90.0
    most_hours: float = 12.0
    max_gap_s: float = 900.0

    def __post_init__(self) -> None:
        if not 20 <= self.least_w < self.most_w <= 1000:
            raise ValueError("20 W (a telephone) <= least_w < most_w <= 1000 W (a light vehicle) must hold")
        if not 0 < self.least_power_factor < self.most_power_factor < 0.95:
            raise ValueError("0 < least_power_factor < most_power_factor < 0.95 must hold: corrected supplies are above")
        if not 10 <= self.least_minutes < 60 * self.most_hours <= 2880 or not 60 <= self.max_gap_s <= 7200:
            raise ValueError("10 <= least_minutes < most_hours <= 48 h must hold, and max_gap_s be 60 s (a minute) to 2 h")


class EBikeDetector:
    """Findings ``load.e_bike``, dated from the edge where it was seen, else from the begin of the decay. One at a time for each place."""

    def __init__(self, archive: Archive, settings: EBikeSettings) -> None:
        self._archive, self._settings = archive, settings
        self._elements = elements = Elements(archive)
        self._changes = MinuteChanges(elements, max_gap_s=settings.max_gap_s, fed_in_w=_FED_IN_W)
        n = elements.count
        self._state: dict[str, npt.NDArray[Any]] = {
            "up_w": np.zeros(n),
            "down_w": np.zeros(n), "ups": np.zeros(n), "noise_var": np.zeros(n),
            "forget": np.zeros(n, dtype=np.int8),
        }  # fmt: skip
        self._rises: dict[int, list[Rise]] = {}
        self._tapers: dict[int, Taper] = {}
        # which elements need a look each minute, which when they show less than this, or something switches off, and every few minutes
        self._is_tapering = np.zeros(n, dtype=bool)
        self._needs_w = np.full(n, -np.inf)

    def update(self, frame: AreaFrame) -> list[Finding]:
        found: list[Finding] = []
        if self._state["forget"].any():
            for element in np.flatnonzero(self._state["forget"]).tolist():
                found += self._gap(element, frame.now_utc_ms)
            self._state["forget"][:] = 0
        change = self._changes.update(frame)
        if change is None:
            return found
        state, done, at_ms, change_w = self._state, change.elements, change.at_ms, change.change_w
        tiny_w = np.where(np.abs(change_w) <= _TINY_W, change_w, 0.0)
        state["up_w"][done] += np.maximum(tiny_w, 0.0)
        state["down_w"][done] -= np.minimum(tiny_w, 0.0)
        state["ups"][done] += tiny_w > 0
        is_decaying = (change_w <= -1.0) & (change_w >= -_SMALL_W)
        is_edge = (change_w >= 0.8 * self._settings.least_w) & (change_w <= self._settings.most_w)
        is_turn = (self._needs_w[done] > 0) & ((at_ms // _MINUTE_MS + done) % _LOOK_MINUTES == 0)
        may_end = (change_w <= -0.6 * self._settings.least_w) | change.is_gap
        is_off = (change.power_w < self._needs_w[done]) | ((self._needs_w[done] > 0) & may_end)
        for place in np.flatnonzero(self._is_tapering[done] | is_decaying | is_edge | is_off | is_turn).tolist():
            element, now_ms = int(done[place]), int(at_ms[place])
            if change.is_gap[place]:
                found += self._gap(element, now_ms)
            else:
                found += self._minute(element, now_ms, float(change_w[place]), float(change.pause_ms[place]) / _MINUTE_MS)
        jump_var = np.abs(self._changes.minutes.reactive_var[done] - self._changes.last[1, done])
        is_known = ~np.isnan(jump_var) & (np.abs(change_w) <= _SMALL_W)
        state["noise_var"][done] += np.where(is_known, _NOISE_SHARE * (jump_var - state["noise_var"][done]), 0.0)
        self._changes.remember(change)
        return found

    def relearn(self, meters: Sequence[int]) -> None:
        """What is on at these meters is not known any more; what was told ends at the next update."""
        for index in meters:
            for element in self._elements.of_meter(index):
                self._state["forget"][element] = 1

    def conditions(self) -> set[Condition]:
        return {
            ("load.e_bike", self._elements.place(element))
            for element, rises in self._rises.items() if any(rise.told for rise in rises)
        }  # fmt: skip

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state | self._changes.state | self._packed())

    def load(self, data: bytes) -> None:
        packed = self._packed()
        load_arrays(_VERSION, self._archive, self._state | self._changes.state | packed, data)
        self._rises = {
            element: [
                Rise(**dict(zip(RISE_FIELDS, row.tolist(), strict=True))) for row in packed["rises"][element] if not np.isnan(row[0])
            ]
            for element in np.flatnonzero(~np.isnan(packed["rises"][:, 0, 0])).tolist()
        }
        self._tapers = {
            element: Taper(**dict(zip(TAPER_FIELDS, packed["tapers"][element].tolist(), strict=True)))
            for element in np.flatnonzero(~np.isnan(packed["tapers"][:, 0])).tolist()
        }
        for element in range(self._elements.count):
            self._note(element)

    def _packed(self) -> dict[str, npt.NDArray[Any]]:
        rises = np.full((self._elements.count, _SLOTS, len(RISE_FIELDS)), np.nan)
        tapers = np.full((self._elements.count, len(TAPER_FIELDS)), np.nan)
        for element, found in self._rises.items():
            rises[element, : len(found)] = [astuple(rise) for rise in found]
        for element, taper in self._tapers.items():
            tapers[element] = astuple(taper)
        return {"rises": rises, "tapers": tapers}

    def _minute(self, element: int, at_ms: int, change_w: float, minutes: float) -> list[Finding]:
        s, found = self._settings, self._ended(element, at_ms, change_w)
        is_small = abs(change_w) <= _SMALL_W * minutes
        taper = self._tapers.get(element)
        if taper is None and is_small and change_w <= -1.0:
            taper = self._tapers[element] = Taper(since_ms=float(at_ms), last_ms=float(at_ms))
        if taper is not None and not taper.take(change_w, at_ms, minutes, is_small=is_small):
            found += self._tapered(element, taper, at_ms)
            del self._tapers[element]
        rises = self._rises.get(element, [])
        is_turn = (at_ms // _MINUTE_MS + element) % _LOOK_MINUTES == 0
        if rises and is_turn and not any(rise.told for rise in rises) and not self._changes.feed_in.may_be(element, at_ms):
            found += [self._begin(element, rise, at_ms, 0.6) for rise in self._charging(element, rises, at_ms)]
        if 0.8 * s.least_w <= change_w <= s.most_w:
            rises = self._rises.setdefault(element, [])
            if len(rises) == _SLOTS:
                rises.remove(next(rise for rise in rises if not rise.told))
            rises.append(Rise(
                size_w=change_w, edge_var=self._edge_var(element, change_w), error_var=_NOISES * float(self._state["noise_var"][element]),
                since_ms=float(at_ms), **asdict(self._creep(element)),
            ))  # fmt: skip
        if element in self._rises and not self._rises[element]:
            del self._rises[element]
        self._note(element)
        return found

    def _edge_var(self, element: int, change_w: float) -> float:
        """NaN where it says nothing of the load: the meter gives none, or a fixed share of whatever is drawn."""
        before_w, before_var, _ = self._changes.last[:, element].tolist()
        change_var = self._changes.change_var(element)
        as_before_var = before_var / before_w * change_w if before_w > 0.0 else np.nan
        return np.nan if abs(change_var - as_before_var) <= _FOLLOWS * abs(change_var) else change_var

    def _note(self, element: int) -> None:
        """When to look at this element again."""
        self._is_tapering[element] = element in self._tapers
        self._needs_w[element] = max((_RESTED * rise.size_w - _SMALL_W for rise in self._rises.get(element, [])), default=-np.inf)

    def _ended(self, element: int, at_ms: int, change_w: float) -> list[Finding]:
        """Loads that switched off by a fall of their size, the last to come first; that need more than is shown; that are too old."""
        rises, gone = self._rises.get(element, []), []
        power_w = float(self._changes.minutes.power_w[element])
        if change_w < 0:
            gone += [rise for rise in rises if rise.pairs(-change_w)][-1:]
        taper = self._tapers.get(element)
        for rise in rises:
            rest_w = rise.size_w - (taper.net_w + taper.piece_w if taper is not None else 0.0)
            is_off = power_w < _RESTED * rest_w - _SMALL_W and not self._changes.feed_in.may_be(element, at_ms)
            is_off |= taper is None and rise.is_short_of(float(self._changes.minutes.reactive_var[element]))
            if rise not in gone and (is_off or at_ms - rise.since_ms > _HOUR_MS * self._settings.most_hours):
                gone.append(rise)
        return [finding for rise in gone for finding in self._end(element, rise, at_ms, at_ms)]

    def _tapered(self, element: int, taper: Taper, at_ms: int) -> list[Finding]:
        """A decay is over: whether it was a charge's, and whose."""
        s, whole_w = self._settings, taper.whole_w()
        if whole_w is None or taper.net_w < max(_LEAST_TAPER_W, 0.6 * whole_w) or not s.least_w * 0.8 <= whole_w <= 1.1 * s.most_w:
            return []
        rises = self._rises.get(element, [])
        long_ms = _MINUTE_MS * s.least_minutes
        of_size = [
            rise for rise in rises
            if _WHOLE_TO_EDGE[0] <= whole_w / rise.size_w <= _WHOLE_TO_EDGE[1] and taper.last_ms - rise.since_ms >= long_ms
            and rise.since_ms < taper.since_ms
        ]  # fmt: skip
        fitting = [rise for rise in of_size if rise.may_be_rectifier(s.least_power_factor, s.most_power_factor)]
        told = [rise for rise in rises if rise.told]
        if of_size and not fitting and not told:
            return []
        likeliest = told or sorted(fitting, key=lambda rise: abs(whole_w / rise.size_w - 1.05))
        if likeliest:
            chosen = likeliest[0]
        else:
            if self._changes.feed_in.may_be(element, at_ms) or taper.net_w < 0.7 * whole_w or whole_w < 1.5 * s.least_w or taper.n < 6:
                return []       # without its beginning only a clear one
            chosen = Rise(size_w=whole_w, edge_var=np.nan, error_var=0.0, since_ms=taper.since_ms, up_w=0.0, down_w=0.0, ups=0.0)
            self._rises.setdefault(element, []).append(chosen)
        found = [] if chosen.told else [self._begin(element, chosen, at_ms, 0.9 if fitting else 0.6, taper)]
        return [*found, *self._end(element, chosen, at_ms, int(taper.last_ms))]

    def _charging(self, element: int, rises: list[Rise], at_ms: int) -> list[Rise]:
        """At most one, that has been on for long, and whose power creeps up or whose power factor is a plain rectifier's."""
        s = self._settings
        now = self._creep(element)
        for place, rise in reversed(list(enumerate(rises))):
            hours = (at_ms - rise.since_ms) / _HOUR_MS
            if 60.0 * hours < s.least_minutes or rise.size_w < s.least_w:
                continue
            if not rise.may_be_rectifier(s.least_power_factor, s.most_power_factor):
                continue
            least, most = rise.power_factors()
            if (s.least_power_factor <= least and most <= s.most_power_factor) or rise.creeps_up(now, hours, rises[place + 1 :]):
                return [rise]
        return []

    def _creep(self, element: int) -> Creep:
        return Creep(**{name: float(self._state[name][element]) for name in ("up_w", "down_w", "ups")})

    def _begin(self, element: int, rise: Rise, at_ms: int, confidence: float, taper: Taper | None = None) -> Finding:
        rise.told = 1.0
        return self._finding(Stage.BEGIN, element, rise, at_ms, int(rise.since_ms), confidence, taper)

    def _end(self, element: int, rise: Rise, at_ms: int, ended_ms: int) -> list[Finding]:
        self._rises[element].remove(rise)
        return [self._finding(Stage.END, element, rise, at_ms, ended_ms, 0.8)] if rise.told else []

    def _gap(self, element: int, at_ms: int) -> list[Finding]:
        last_ms = int(self._changes.last_ms[element])
        found = [
            finding for rise in list(self._rises.get(element, []))
            for finding in self._end(element, rise, at_ms, min(last_ms, at_ms))
        ]  # fmt: skip
        self._rises.pop(element, None)
        self._tapers.pop(element, None)
        self._note(element)
        return found

    def _finding(
        self, stage: Stage, element: int, rise: Rise, seen_ms: int, at_ms: int, confidence: float, taper: Taper | None = None,
    ) -> Finding:
        evidence = [("session_minutes", max(0.0, (at_ms if stage is Stage.END else seen_ms) - rise.since_ms) / _MINUTE_MS)]
        if not np.isnan(rise.edge_var):
            evidence.append(("power_factor", sum(rise.power_factors()) / 2.0))
        if taper is not None:
            evidence += [("taper_minutes", (taper.last_ms - taper.since_ms) / _MINUTE_MS), ("taper_w", taper.net_w)]
        return Finding(
            kind="load.e_bike",
            stage=stage,
            place=self._elements.place(element),
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(int(rise.since_ms), at_ms),
            evidence_to_utc_ms=seen_ms,
            score=rise.size_w / self._settings.least_w,
            confidence=confidence,
            observed=rise.size_w,
            threshold=self._settings.least_w,
            unit="W",
            severity="warning",
            meters=(self._elements.meter(element).id,),
            evidence=tuple(evidence),
            alternatives=("laptop or another battery of this size", "lamps with plain rectifiers"),
        )


DETECTOR = DetectorType(name="e_bike", settings=EBikeSettings, build=EBikeDetector)
