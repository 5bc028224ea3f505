"""What the impedance of a service was when all was well: from its first days, then held fast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.impedance import N_SUMS, Slope, slope_of

_SHARP = 0.012                # ohm: precise enough that the spread from day to day, not the baseline, limits what is found
_ENOUGH = 0.03                # ohm: at the end of learning; before that a service stays unjudged


class ServiceBaseline:
    """Learns for ``least`` to ``most`` blocks. ``state``: arrays to save. ``is_judged`` (m,): whether there is a baseline yet."""

    def __init__(self, m: int, *, least_blocks: int, most_blocks: int, sharp: float = _SHARP, enough: float = _ENOUGH) -> None:
        self._least, self._most, self._sharp, self._enough = least_blocks, most_blocks, sharp, enough
        self.state: dict[str, npt.NDArray[Any]] = {
            "sums": np.zeros((N_SUMS, m)), "blocks": np.zeros(m, dtype=np.int32), "judged": np.zeros(m, dtype=np.bool_),
        }

    @property
    def is_judged(self) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.state["judged"]
        return found

    def slope(self) -> Slope:
        return slope_of(self.state["sums"])

    def take(
        self, newest: npt.NDArray[np.float64], oldest: npt.NDArray[np.float64], is_quiet: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.intp]:
        """The services that are judged from now on.

        While learning the newest block counts. Afterwards, until ``most``, the one that left the windows, and only where ``is_quiet``:
        a fault that is growing must not become the baseline.
        """
        state = self.state
        is_judged = state["judged"]
        may_grow = is_judged & is_quiet & (state["blocks"] < self._most)
        state["sums"] += np.where(is_judged, np.where(may_grow, oldest, 0.0), newest)
        state["blocks"] += np.where(is_judged, may_grow, state["sums"][0] > 0)
        found = self.slope()
        is_sharp = (state["blocks"] >= self._least) & (found.se <= self._sharp)
        is_enough = (state["blocks"] >= self._most) & (found.se <= self._enough)
        is_new = ~is_judged & (is_sharp | is_enough)
        state["judged"] |= is_new
        return np.flatnonzero(is_new)

    def forget(self, services: npt.NDArray[np.intp]) -> None:
        self.state["sums"][:, services] = 0.0
        self.state["blocks"][services] = 0
        self.state["judged"][services] = False
