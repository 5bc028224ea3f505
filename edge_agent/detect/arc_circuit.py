"""What is known of one circuit whose current is sampled: its reference, its arcing half cycles, how much of the time was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.half_cycles import N05, N1, N_COUNTS, N_MOVED, N_RETURNED, N_RINGS, N_STEADY, SLOTS, UNSEEN, arcing_slots, count_half_cycles
from edge_agent.detect.half_cycle_reference import USED, HalfCycleReference
from edge_agent.detect.half_cycle_windows import HalfCycles
from edge_agent.model import Waveform

_BLOCK = 10                   # half cycles judged against one state of the reference: 0.1 s
_SEQUENCES = 1 << 32
_LATE = 100                   # a number this far behind is a window that came late, not a unit that began anew
_ON_TIME_MS = 100             # the next window, labelled this much later than the last one ended: the label, not a hole
_HORIZON_S = 3600.0           # the seen share is of about the last hour
_USUAL_V_WEIGHT = 0.1         # of a window: the usual voltage follows within some seconds
_SUPPLY_OFF_RATIO = 0.05      # a half cycle whose voltage is this far from the usual shows the supply, not the circuit
# Arcing half cycles of one second: this share differs from the one before, more where none of them stands apart from one unbroken run.
# Arcs of the simulated unit (five loads) 0.5 to 1.0, quiet half cycles of a changed load 0.1 to 0.2.
_MOVED_SHARE, _MOVED_SHARE_OF_ONE_RUN = 0.3, 0.6
_APART = 5                    # half cycles outside the longest unbroken run
_LEAST_MOVED = 3
_NEVER = -1


class ArcCircuit:
    """``arrays`` is the whole state, changed in place: that of the reference, the rings of half cycles with their counts, and

    ``times``: end and begin of the last window in UTC ms, its number, -1 before the first; ``seen``: seconds seen, seconds passed, usual
    voltage (0 = not known).
    """

    def __init__(self, *, min_current_a: float, min_drop_ratio: float) -> None:
        self.reference = HalfCycleReference(min_current_a=min_current_a, min_drop_ratio=min_drop_ratio)
        self.arrays: dict[str, npt.NDArray[Any]] = self.reference.arrays | {
            "rings": np.zeros((1, 2 * N_RINGS), dtype=np.uint64),
            "counts": np.zeros(N_COUNTS, dtype=np.int32),
            "times": np.full(3, _NEVER, dtype=np.int64),
            "seen": np.zeros(3),
        }

    @property
    def counts(self) -> npt.NDArray[np.int32]:
        """Of the last second, as ``cython_ext.half_cycles`` gives them."""
        return self.arrays["counts"]

    @property
    def arcing_in_1_s(self) -> int:
        return int(self.counts[N1])

    @property
    def arcing_in_05_s(self) -> int:
        return int(self.counts[N05])

    @property
    def seen_share(self) -> float:
        """Of the time since the first window, about the last hour of it."""
        seen_s, passed_s, _ = self.arrays["seen"].tolist()
        return min(1.0, seen_s / passed_s) if passed_s > 0 else 1.0

    @property
    def arcing(self) -> npt.NDArray[np.bool_]:
        """The last 100 half cycles, oldest first; what follows may still confirm those without current, or take all back."""
        return arcing_slots(self.arrays["rings"][0])

    def is_new(self, waveform: Waveform) -> bool:
        """False for a window that was seen or comes after a later one."""
        _, begin_ms, sequence = self.arrays["times"].tolist()
        behind = (sequence - waveform.sequence) % _SEQUENCES
        return not (sequence != _NEVER and behind < _LATE and waveform.taken_utc_ms <= begin_ms)

    def begin(self, waveform: Waveform, cycles: HalfCycles) -> bool:
        """Take note of a new window's time; True when it goes on where the last one ended."""
        end_ms, _, sequence = self.arrays["times"].tolist()
        length_ms = cycles.begin_ms + cycles.half_ms * len(cycles.features)
        gap_ms = waveform.taken_utc_ms - end_ms
        is_first = sequence == _NEVER
        is_next = not is_first and waveform.sequence == (sequence + 1) % _SEQUENCES and gap_ms <= _ON_TIME_MS
        self.arrays["times"][:] = waveform.taken_utc_ms + round(length_ms), waveform.taken_utc_ms, waveform.sequence
        if not is_first and not is_next:
            # a clock that was set back does not say how long the hole was: nothing of the last second counts on
            unseen = gap_ms / cycles.half_ms if 0 <= gap_ms < SLOTS * cycles.half_ms else SLOTS
            self._push(np.full(max(1, round(unseen)), UNSEEN, dtype=np.int8))
            self.reference.break_run()
        seen = self.arrays["seen"]
        seen[0] += cycles.half_ms * len(cycles.features) / 1000
        seen[1] += length_ms / 1000 + (0.0 if is_first or is_next else min(max(gap_ms, 0) / 1000, _HORIZON_S))
        if seen[1] > _HORIZON_S:
            seen[:2] /= 2
        return is_next

    def blocks(self, cycles: HalfCycles, is_held: Callable[[], bool]) -> Iterator[int]:
        """Judge the half cycles of the window and learn, ten at a time; gives how many have been looked at.

        ``is_held`` is asked after each: whether the reference is to stay as it is.
        """
        features = np.ascontiguousarray(cycles.features[:, USED])
        supply_is_off = self._supply_is_off(cycles.voltage_v, len(features))
        for at in range(0, len(features), _BLOCK):
            rows, polarity = features[at : at + _BLOCK], cycles.polarity[at : at + _BLOCK]
            codes = self.reference.judge(rows, polarity)
            codes[supply_is_off[at : at + _BLOCK]] = UNSEEN
            self._push(codes)
            yield at + len(rows)
            if self.reference.learn(rows, polarity, codes, hold=is_held()):
                self._clear()

    def forget(self) -> None:
        """Learn anew what is quiet."""
        self._clear()
        self.reference.forget()

    def looks_like_arcs(self) -> bool:
        """Whether the arcing half cycles of the last second are as irregular as arcs: another load repeats itself and stays."""
        moved, steady, returned = (int(self.counts[place]) for place in (N_MOVED, N_STEADY, N_RETURNED))
        if moved < _LEAST_MOVED or returned < 1:
            return False
        runs = [len(run) for run in "".join("1" if slot else " " for slot in self.arcing.tolist()).split()]
        is_one_run = sum(runs) - max(runs, default=0) < _APART
        return moved >= (_MOVED_SHARE_OF_ONE_RUN if is_one_run else _MOVED_SHARE) * (moved + steady)

    def _push(self, codes: npt.NDArray[np.int8]) -> None:
        counts = np.empty((1, len(codes), N_COUNTS), dtype=np.int32)
        count_half_cycles(codes[None], self.arrays["rings"], counts)
        self.arrays["counts"][:] = counts[0, -1]

    def _clear(self) -> None:
        """What seemed to arc was another load."""
        self.arrays["rings"][:] = 0
        self.arrays["counts"][:] = 0

    def _supply_is_off(self, voltage_v: npt.NDArray[np.float64] | None, count: int) -> npt.NDArray[np.bool_]:
        """Half cycles in which the supply sagged or swelled."""
        if voltage_v is None or not np.isfinite(voltage_v).all():
            return np.zeros(count, dtype=np.bool_)
        seen, now_v = self.arrays["seen"], float(np.median(voltage_v))
        usual_v = float(seen[2]) or now_v
        seen[2] = usual_v + _USUAL_V_WEIGHT * (now_v - usual_v)
        found: npt.NDArray[np.bool_] = np.abs(voltage_v - usual_v) > _SUPPLY_OFF_RATIO * usual_v
        return found

