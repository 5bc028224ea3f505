"""Which loads are on at each element: what switched on, until something of its size switches off."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model.area_frame import NEVER

SLOTS = 8                      # loads above some 30 W that are on at once in a household and whose beginning was seen
_FORGET_MS = 86_400_000        # a load that is on longer was missed when it switched off


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load that is on, or has just switched off."""

    slot: int
    power_w: float
    reactive_var: float
    since_ms: int


class Ledger:
    """On and off are a pair when they differ by less than ``pair_w`` or ``pair_share`` (Hart; detection.md 6).

    ``state``: arrays of SLOTS columns for each element; an empty slot has ``since_ms`` NEVER.
    """

    def __init__(self, n_elements: int, *, pair_w: float, pair_share: float) -> None:
        self._pair_w, self._pair_share = pair_w, pair_share
        self.state: dict[str, npt.NDArray[Any]] = {
            "load_w": np.zeros((n_elements, SLOTS)),
            "load_var": np.zeros((n_elements, SLOTS)),
            "load_ms": np.full((n_elements, SLOTS), NEVER, dtype=np.int64),
        }

    def loads(self, element: int) -> list[Load]:
        """Those that are on, the first first."""
        since = self.state["load_ms"][element].tolist()
        power, reactive = self.state["load_w"][element].tolist(), self.state["load_var"][element].tolist()
        found = [
            Load(slot=slot, power_w=power[slot], reactive_var=reactive[slot], since_ms=at_ms)
            for slot, at_ms in enumerate(since) if at_ms != NEVER
        ]
        return sorted(found, key=lambda load: (load.since_ms, load.slot))

    def rise(self, element: int, change_w: float, change_var: float, at_ms: int) -> tuple[Load, list[Load]]:
        """The load that switched on, and those forgotten: too old, later than now, or the oldest where all slots are full."""
        forgotten = [load for load in self.loads(element) if not 0 <= at_ms - load.since_ms <= _FORGET_MS]
        kept = [load for load in self.loads(element) if load not in forgotten]
        if len(kept) == SLOTS:
            forgotten.append(kept[0])
        self.remove(element, forgotten)
        slot = int(np.flatnonzero(self.state["load_ms"][element] == NEVER)[0])
        for name, value in (("load_w", change_w), ("load_var", change_var), ("load_ms", at_ms)):
            self.state[name][element, slot] = value
        return Load(slot=slot, power_w=change_w, reactive_var=change_var, since_ms=at_ms), forgotten

    def fall(self, element: int, change_w: float) -> list[Load]:
        """The loads that switched off by a fall of ``change_w`` (below 0): the one of that size, else two or three that make it up.

        A fall of another size takes its part of the smallest load that is larger (one of several stages); then none is off.
        """
        loads, size_w = self.loads(element), -change_w
        for together in (1, 2, 3):
            fitting = [
                (abs(total - size_w), -chosen[-1].since_ms, chosen)
                for chosen in combinations(loads, together)
                if abs((total := sum(load.power_w for load in chosen)) - size_w) < max(self._pair_w, self._pair_share * size_w)
            ]
            if fitting:
                found = list(min(fitting, key=lambda fit: fit[:2])[2])
                self.remove(element, found)
                return found
        larger = [load for load in loads if load.power_w > size_w]
        if larger:
            part = min(larger, key=lambda load: load.power_w)
            self.state["load_w"][element, part.slot] -= size_w
        return []

    def settle(self, element: int, power_w: float) -> list[Load]:
        """Loads that cannot be on because all of them together are more than the meter shows: the oldest go until the rest fits."""
        loads, gone = self.loads(element), []
        total_w = sum(load.power_w for load in loads)
        while loads and total_w > power_w + max(self._pair_w, self._pair_share * total_w):
            gone.append(loads.pop(0))
            total_w -= gone[-1].power_w
        self.remove(element, gone)
        return gone

    def remove(self, element: int, loads: list[Load]) -> None:
        for load in loads:
            self.state["load_ms"][element, load.slot] = NEVER
