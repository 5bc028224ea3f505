"""Whose current rose when: to name who switched on what leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMN_INDEX, AreaFrame
from edge_agent.model.area_frame import NEVER

_FIRST, _TOTAL = COLUMN_INDEX["current_a.a"], COLUMN_INDEX["current_a"]
_KEPT = 4                 # rises of one meter: the one looked for is at most a few samples old
LEAST_A = 0.1             # at 220 V 22 W: what leaks 30 mA and draws less is not seen in a meter's current
_PLAUSIBLE_A = 1e5
_CLEARLY = 2.0            # the largest rise names a meter only where it is twice the next


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """Of one meter's current, between two of its samples."""

    meter: int
    current_a: float
    from_ms: int
    to_ms: int


class CurrentSteps:
    """The last rises of every meter's current, all phases together."""

    def __init__(self, n: int) -> None:
        self.state: dict[str, npt.NDArray[Any]] = {
            "current_a": np.full(n, np.nan), "seen_ms": np.full(n, NEVER, dtype=np.int64), "rise_a": np.zeros((n, _KEPT)),
            "from_ms": np.full((n, _KEPT), NEVER, dtype=np.int64), "to_ms": np.full((n, _KEPT), NEVER, dtype=np.int64),
            "rises": np.zeros(n, dtype=np.int64),
        }  # fmt: skip

    def take(self, frame: AreaFrame) -> None:
        """Note who has a new current, and whose rose."""
        state, rows = self.state, slice(_FIRST, _FIRST + 3)
        taken_ms = frame.taken_utc_ms[rows].max(axis=0)
        is_total = taken_ms == NEVER
        taken_ms[is_total] = frame.taken_utc_ms[_TOTAL, is_total]
        new = np.flatnonzero((taken_ms != state["seen_ms"]) & (taken_ms >= 0))
        if not len(new):
            return
        current_a = np.abs(frame.values[rows, new])
        current_a = np.where(is_total[new], np.abs(frame.values[_TOTAL, new]), np.nansum(current_a, axis=0))
        current_a[~(current_a < _PLAUSIBLE_A)] = np.nan
        rose = (current_a - state["current_a"][new] >= LEAST_A) & (taken_ms[new] > state["seen_ms"][new])
        risen = new[rose]
        slots = state["rises"][risen] % _KEPT
        state["rise_a"][risen, slots] = current_a[rose] - state["current_a"][risen]
        state["from_ms"][risen, slots], state["to_ms"][risen, slots] = state["seen_ms"][risen], taken_ms[risen]
        state["rises"][risen] += 1
        state["current_a"][new], state["seen_ms"][new] = current_a, taken_ms[new]

    def rise_at(self, meters: Sequence[int], from_ms: int, to_ms: int) -> Rise | None:
        """The one clear rise among these meters that may have happened in this time; None where there is none, or more than one."""
        places = np.asarray(meters, dtype=np.intp)
        state = self.state
        if not len(places):
            return None
        fits = (state["to_ms"][places] >= from_ms) & (state["from_ms"][places] <= to_ms) & (state["to_ms"][places] >= 0)
        rise_a = np.where(fits, state["rise_a"][places], 0.0)
        largest = rise_a.max(axis=1)
        order = np.argsort(-largest, kind="stable")
        best = int(order[0])
        if largest[best] < LEAST_A or (len(order) > 1 and largest[best] < _CLEARLY * largest[order[1]]):
            return None
        slot = int(rise_a[best].argmax())
        meter = int(places[best])
        return Rise(
            meter=meter, current_a=float(largest[best]), from_ms=int(state["from_ms"][meter, slot]), to_ms=int(state["to_ms"][meter, slot])
        )

    def forget(self, meters: npt.NDArray[np.intp]) -> None:
        """Start these anew."""
        for name, blank in CurrentSteps(1).state.items():
            self.state[name][meters] = blank[0]
