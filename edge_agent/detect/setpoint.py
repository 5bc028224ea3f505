"""An alarm on a setpoint as fire-monitoring devices have it: threshold, delay, hysteresis, latch. State in arrays, the loop is ``band``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.band import update_band
from edge_agent.model.area_frame import NEVER

BEGAN, ENDED = 2, 3      # what ``band`` says of an upper limit


class Setpoint:
    """A value at ``alarm_at`` or above for ``begin_s`` begins, one at ``release_at`` or below for ``end_s`` ends it; between them nothing
    changes. Where it is latched only ``release`` ends it (GB 31252, GB 14287: held until it is reset by hand).

    Attributes:
        state: shape (n,) each, to be saved and loaded; ``side`` is 1 while on, ``begun_ms`` when the value got there, ``since_ms`` when it
            began to come back, ``released`` 1 where a person has reset it.
        code: shape (n,), BEGAN, ENDED or 0 for the last update.
    """

    def __init__(self, n: int, *, begin_s: float, end_s: float, max_gap_s: float, is_latched: bool) -> None:
        times, flags = ("seen_ms", "since_ms", "begun_ms"), ("side", "pending", "released")
        self.state: dict[str, npt.NDArray[Any]] = {name: np.full(n, NEVER, dtype=np.int64) for name in times}
        self.state |= {name: np.zeros(n, dtype=np.int8) for name in flags}
        self.code = np.zeros(n, dtype=np.int8)
        self.alarm_at = np.full(n, np.nan)
        self._limits = np.full((5, n), -np.inf)
        self._limits[1] = np.inf
        self._delays_ms = (round(1000 * begin_s), round(1000 * end_s), round(1000 * max_gap_s))
        self._is_latched = is_latched

    def set_limits(self, alarm_at: npt.NDArray[np.float64], release_at: npt.NDArray[np.float64]) -> None:
        """Shape (n,) each; rounded to a millionth, so that 0.9 x 0.3 is the 0.27 of the standard."""
        self.alarm_at = np.round(alarm_at, 6)
        self._limits[1] = np.nextafter(self.alarm_at, -np.inf)       # ``band`` has a value on the limit inside; here it alarms
        if not self._is_latched:
            self._limits[3] = np.round(release_at, 6)

    def update(self, value: npt.NDArray[np.float64], taken_ms: npt.NDArray[np.int64]) -> int:
        """Gives how many codes are not 0."""
        state = self.state
        return update_band(
            value, taken_ms, self._limits, state["seen_ms"], state["since_ms"], state["begun_ms"], state["side"], state["pending"],
            self.code, *self._delays_ms,
        )

    def release(self, elements: npt.NDArray[np.intp]) -> None:
        """A person has looked: what is on of these ends at ``take_released``; where the value is still there it begins anew."""
        self.state["pending"][elements] = 0
        self.state["released"][elements] = 1

    def take_released(self) -> list[int]:
        """Those that end by it now."""
        released = self.state["released"]
        if not released.any():
            return []
        ending = np.flatnonzero(released & self.state["side"])
        released[:] = 0
        self.state["side"][ending] = 0
        return [int(element) for element in ending]


def check_delays(*, begin_s: float, end_s: float, max_gap_s: float, longest_begin_s: float, source: str) -> None:
    """Raises ValueError for delays that the standard or physics does not allow."""
    if not 0 <= begin_s <= longest_begin_s:
        raise ValueError(f"begin_s = {begin_s}: 0 to {longest_begin_s:g} s, within which {source} wants the alarm")
    if not 0 <= end_s <= 86_400:
        raise ValueError(f"end_s = {end_s}: 0 to 86400 s")
    if not 1 <= max_gap_s <= 86_400:
        raise ValueError(f"max_gap_s = {max_gap_s}: 1 to 86400 s; meters are read at least every 900 s")
