"""Vehicles that charge: a block of power that switches on in one go, holds without cycling, and fades at its end.

A block is told as a vehicle when it fades (any meter), when it is of the size of one that faded here before, or when it is neither heater
nor motor: power factor above 0.98 and a power that does not follow the square of the voltage. DC chargers are not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.detect.base import Condition, DetectorType, load_arrays, save_arrays
from edge_agent.detect.session_block import BLOCK_FIELDS, Block, Told, block_of
from edge_agent.detect.session_charger import LEAST_EDGE_W, RATED_KW, EvSettings, is_beside, is_charger, is_known, is_rated
from edge_agent.detect.session_fade import FADE_FIELDS, Fade
from edge_agent.detect.session_minutes import MinuteChanges
from edge_agent.detect.step_elements import ROWS, Elements
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage

_VERSION, _SLOTS, _MINUTE_MS = 2, 3, 60_000
_FEED_IN_W = 50.0
_SAME, _HOLDS = 0.10, 0.93      # of the size: an edge that ends a block; what the meter shows while one is on, whatever else is off
_BITWISE = 0.5                 # of the size: what goes bit by bit at least; a heater that switches off while lamps do is no fade
_FADED, _CLOSES = 0.70, (0.80, 1.20)   # of the size, by when a fade is a charge's; where a roof feeds in: all of it at its end


class EvDetector:
    """Findings ``load.ev``, dated from the edge; the end is when the power is gone. One session at a time for each place."""

    def __init__(self, archive: Archive, settings: EvSettings) -> None:
        self._archive, self._settings = archive, settings
        self._elements = elements = Elements(archive)
        self._changes = MinuteChanges(elements, max_gap_s=settings.max_gap_s, fed_in_w=_FEED_IN_W)
        n = elements.count
        self._state: dict[str, npt.NDArray[Any]] = {
            "change_w": np.zeros(n), "change_var": np.zeros(n), "known_w": np.zeros(n), "ended_w": np.zeros(n), "ended_ms": np.zeros(n),
            "forget": np.zeros(n, dtype=np.int8),
        }  # fmt: skip
        self._blocks: dict[int, list[Block]] = {}
        self._fades: dict[int, Fade] = {}
        self._has_blocks = np.zeros(n, dtype=bool)

    def update(self, frame: AreaFrame) -> list[Finding]:
        found: list[Finding] = []
        if self._state["forget"].any():
            found += self._forgotten(frame.now_utc_ms)
        change = self._changes.update(frame)
        if change is None:
            return found
        state, done = self._state, change.elements
        is_busy = (change.change_w > 0) & (np.maximum(change.change_w, state["change_w"][done]) >= LEAST_EDGE_W)
        for place in np.flatnonzero(self._has_blocks[done] | is_busy).tolist():
            element, at_ms = int(done[place]), int(change.at_ms[place])
            found += self._gap(element, at_ms) if change.is_gap[place] else self._minute(element, at_ms, float(change.change_w[place]))
        state["change_var"][done] = self._changes.minutes.reactive_var[done] - self._changes.last[1, done]
        state["change_w"][done] = change.change_w
        self._changes.remember(change)
        return found

    def relearn(self, meters: Sequence[int]) -> None:
        """Forget blocks and known sizes of these meters; what was told ends at the next update."""
        for index in meters:
            for element in self._elements.of_meter(index):
                self._state["forget"][element] = 1

    def conditions(self) -> set[Condition]:
        return {
            ("load.ev", self._place(element, block))
            for element, blocks in self._blocks.items() for block in blocks if block.told == Told.YES
        }  # fmt: skip

    def save(self) -> bytes:
        return save_arrays(_VERSION, self._archive, self._state | self._changes.state | self._packed())

    def load(self, data: bytes) -> None:
        packed = self._packed()
        load_arrays(_VERSION, self._archive, self._state | self._changes.state | packed, data)
        self._blocks, self._fades = {}, {}
        for element in np.flatnonzero(~np.isnan(packed["blocks"][:, 0, 0])).tolist():
            self._blocks[element] = [block_of(row.tolist()) for row in packed["blocks"][element] if not np.isnan(row[0])]
        for element in np.flatnonzero(packed["fades"][:, 0] > 0).tolist():
            self._fades[element] = Fade(**dict(zip(FADE_FIELDS, packed["fades"][element].tolist(), strict=True)))
        self._has_blocks[:] = False
        self._has_blocks[list(self._blocks)] = True

    def _packed(self) -> dict[str, npt.NDArray[Any]]:
        blocks = np.full((self._elements.count, _SLOTS, len(BLOCK_FIELDS)), np.nan)
        fades = np.zeros((self._elements.count, len(FADE_FIELDS)))
        for element, found in self._blocks.items():
            blocks[element, : len(found)] = [block.row() for block in found]
        for element, fade in self._fades.items():
            fades[element] = fade.row()
        return {"blocks": blocks, "fades": fades}

    def _minute(self, element: int, at_ms: int, change_w: float) -> list[Finding]:
        """A minute of an element on which a block is on or begins."""
        changes, minutes = self._changes, self._changes.minutes
        power_w, volts = float(minutes.power_w[element]), float(minutes.voltage_v[element])
        passed = (at_ms - float(changes.last_ms[element])) / _MINUTE_MS
        previous_w = float(self._state["change_w"][element])
        found: list[Finding] = []
        blocks = self._blocks.setdefault(element, [])
        if change_w < 0 and blocks:
            found += self._falls(element, at_ms, power_w, change_w, previous_w)
        if blocks:
            fade = self._fades.setdefault(element, Fade())
            chosen = max(blocks, key=lambda block: (block.is_fading, block.size_w))
            is_fading = fade.take(change_w, chosen.size_w, at_ms, passed)
            found += self._floors(element, at_ms, power_w, change_w, chosen if is_fading and not fade.cut_w else None)
            if chosen.is_fading:
                found += self._fading(element, chosen, fade, at_ms, is_over=not is_fading)
            if not is_fading:
                self._fades.pop(element, None)
        for block in list(blocks):
            if power_w < _HOLDS * block.floor_w:
                block.short_ms = float(at_ms)
            block.watch(change_w, power_w, volts, volts - float(changes.last[2, element]), passed)
            if at_ms - block.since_ms > 3_600_000 * self._settings.most_hours:
                found += self._end(element, block, at_ms)
            elif not block.told and not block.is_fading and is_charger(block, self._settings, at_ms, self._state["known_w"][element]):
                found += self._begin(element, block, at_ms)
        if change_w > 0:
            self._rises(element, at_ms, change_w, previous_w)
        if not blocks:
            del self._blocks[element]
            self._fades.pop(element, None)
        self._has_blocks[element] = bool(blocks)
        return found

    def _rises(self, element: int, at_ms: int, change_w: float, previous_w: float) -> None:
        state, blocks, changes = self._state, self._blocks[element], self._changes
        change_var = changes.change_var(element)
        fresh = next((block for block in blocks if block.since_ms == changes.last_ms[element] and not block.extra_w), None)
        if fresh is not None and is_beside(change_w, fresh.size_w) and self._is_rated(element, fresh.size_w + change_w):
            fresh.add_half(change_w, change_var)
            return
        block = Block(size_w=change_w, edge_var=change_var, since_ms=float(at_ms))
        if fresh is None and is_beside(previous_w, change_w):
            block = Block(size_w=previous_w, edge_var=float(state["change_var"][element]), since_ms=float(changes.last_ms[element]))
            block.add_half(change_w, change_var)
        if not self._is_rated(element, block.size_w) or block.floor_w < LEAST_EDGE_W:
            return
        is_cycling = (
            at_ms - state["ended_ms"][element] < _MINUTE_MS * self._settings.duty_minutes
            and abs(block.size_w / max(1.0, float(state["ended_w"][element])) - 1.0) < _SAME
        )
        if len(blocks) == _SLOTS:
            spare = [block for block in blocks if not block.told]
            if not spare:
                return
            blocks.remove(min(spare, key=lambda block: block.size_w))
        block.lowest_w = float(changes.minutes.power_w[element])
        block.base_w, block.is_cycling = block.lowest_w - block.size_w, float(is_cycling)
        blocks.append(block)

    def _is_rated(self, element: int, size_w: float) -> bool:
        is_total = element < self._elements.n_meters
        return is_rated(size_w, is_total_of_three=is_total and len(self._elements.meter(element).phases) == 3)

    def _falls(self, element: int, at_ms: int, power_w: float, change_w: float, previous_w: float) -> list[Finding]:
        """A fall at one go, or in two neighbouring minutes, ends the block that it fits best."""
        holding = [block for block in self._blocks[element] if not block.is_fading]
        both_w = -change_w - min(0.0, previous_w)
        ends = [block.ends_by(-change_w, both_w, power_w) for block in holding]
        best = min(ends, default=np.inf)
        return self._end(element, holding[ends.index(best)], at_ms) if best <= _SAME else []

    def _floors(self, element: int, at_ms: int, power_w: float, change_w: float, fading: Block | None) -> list[Finding]:
        """Blocks that cannot be on any more: the meter shows less than they take. One that went bit by bit fades."""
        if self._changes.feed_in.may_be(element, at_ms):        # what the meter shows says nothing then, only how it changes
            fade = self._fades[element]
            if fading is not None and fade.is_even and fade.fallen_w > 0.25 * fading.size_w:
                fading.is_fading = 1.0
            return []
        found: list[Finding] = []
        holding = [block for block in self._blocks[element] if not block.is_fading]
        holding.sort(key=lambda block: (block is not fading, abs(block.size_w + change_w)))     # the likeliest to be off first
        needed_w = sum(block.floor_w for block in holding)
        for block in holding:
            if power_w >= _HOLDS * needed_w:
                break
            needed_w -= block.floor_w
            if block is fading:
                block.is_fading = 1.0
            else:
                found += self._end(element, block, at_ms)
        return found

    def _fading(self, element: int, block: Block, fade: Fade, at_ms: int, *, is_over: bool) -> list[Finding]:
        is_long = at_ms - block.since_ms >= _MINUTE_MS * self._settings.faded_minutes and fade.is_even
        gone_w = fade.fallen_w + fade.cut_w
        closes = any(_CLOSES[0] <= gone_w / size_w <= _CLOSES[1] for size_w in (block.size_w, block.floor_w))
        is_long = is_long and fade.fallen_w >= _BITWISE * block.floor_w
        is_charge = is_long and (gone_w if is_over else fade.fallen_w) >= _FADED * block.floor_w
        if self._changes.feed_in.may_be(element, at_ms):
            is_charge = is_long and is_over and closes
        found = []
        if is_charge and not block.told:
            found += self._begin(element, block, at_ms)
        if is_charge:
            self._state["known_w"][element] = min((block.size_w, block.floor_w), key=lambda size_w: abs(gone_w / size_w - 1.0))
        if is_over:
            found += self._end(element, block, at_ms, ended_ms=int(fade.last_ms))
        return found

    def _begin(self, element: int, block: Block, at_ms: int) -> list[Finding]:
        own, taken = 1 << element // self._elements.n_meters, self._told_rows(element)
        if own & taken:
            return []
        confidence = 0.95 if block.is_fading else 0.8 if is_known(block, self._state["known_w"][element]) else 0.7
        block.rows = float(own)
        for row, partner in self._partners(element, block):
            if not taken >> row & 1:
                block.rows += float(1 << row)
                partner.told = float(Told.WITH_ANOTHER_PHASE)
        block.told = float(Told.YES)
        return [self._finding(Stage.BEGIN, element, block, at_ms, int(block.since_ms), confidence)]

    def _told_rows(self, element: int) -> int:
        """Bits of the meter's rows for which a session is told now: a place has one at a time."""
        return sum(
            int(block.rows) for other in self._elements.of_meter(element % self._elements.n_meters)
            for block in self._blocks.get(other, []) if block.told == Told.YES
        )  # fmt: skip

    def _partners(self, element: int, block: Block) -> list[tuple[int, Block]]:
        """Blocks of the same size that began with this one on the meter's other phases: one charger on three phases."""
        own_row, index = divmod(element, self._elements.n_meters)
        return [
            (row, other)
            for row in range(1, ROWS) if own_row not in (0, row)
            for other in self._blocks.get(row * self._elements.n_meters + index, [])
            if not other.told and abs(other.since_ms - block.since_ms) <= _MINUTE_MS and other.fits(block.size_w) < _SAME
        ]  # fmt: skip

    def _place(self, element: int, block: Block) -> Place:
        place = self._elements.place(element)
        phases = "".join(phase for row, phase in enumerate("abc", start=1) if int(block.rows) >> row & 1)
        return replace(place, phases=phases)

    def _finding(self, stage: Stage, element: int, block: Block, seen_ms: int, at_ms: int, confidence: float = 0.8) -> Finding:
        meter = self._elements.meter(element)
        phases = max(1, sum(int(block.rows) >> row & 1 for row in range(1, ROWS)))
        evidence = [("session_minutes", max(0.0, (at_ms if stage is Stage.END else seen_ms) - block.since_ms) / _MINUTE_MS)]
        if not np.isnan(block.edge_var):
            evidence.append(("power_factor", block.power_factor()))
        if (found := block.exponent()) is not None:
            evidence += [("exponent_of_voltage", found[0]), ("exponent_error", found[1])]
        return Finding(
            kind="load.ev",
            stage=stage,
            place=self._place(element, block),
            at_utc_ms=at_ms,
            evidence_from_utc_ms=min(int(block.since_ms), at_ms),
            evidence_to_utc_ms=seen_ms,
            score=block.size_w / (1000.0 * RATED_KW[0]),
            confidence=confidence,
            observed=phases * block.size_w,
            threshold=1000.0 * RATED_KW[0],
            unit="W",
            severity="info",
            meters=(meter.id,),
            evidence=tuple(evidence),
            alternatives=("heat pump at constant power", "storage heater that fades"),
        )

    def _end(self, element: int, block: Block, at_ms: int, ended_ms: int | None = None) -> list[Finding]:
        state = self._state
        state["ended_w"][element], state["ended_ms"][element] = block.size_w, at_ms
        ends_ms = at_ms if ended_ms is None else ended_ms
        found = [self._finding(Stage.END, element, block, at_ms, ends_ms)] if block.told == Told.YES else []
        self._blocks[element].remove(block)
        return found

    def _gap(self, element: int, at_ms: int) -> list[Finding]:
        """The readings stopped for a while, or the clock was set back: what is on is not known any more."""
        last_ms = int(self._changes.last_ms[element])
        found = []
        for block in list(self._blocks.get(element, [])):
            found += self._end(element, block, at_ms, ended_ms=min(last_ms, at_ms))
        self._blocks.pop(element, None)
        self._fades.pop(element, None)
        self._has_blocks[element] = False
        return found

    def _forgotten(self, now_ms: int) -> list[Finding]:
        found = []
        for element in np.flatnonzero(self._state["forget"]).tolist():
            found += self._gap(element, now_ms)
            self._state["known_w"][element] = 0.0
        self._state["forget"][:] = 0
        return found


DETECTOR = DetectorType(name="ev", settings=EvSettings, build=EvDetector)
