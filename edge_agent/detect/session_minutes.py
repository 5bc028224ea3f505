"""Minute means of every element's power, reactive power and voltage, and how they change: what charging sessions are looked for in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.minute_means import update_minutes
from edge_agent.detect.step_elements import Elements
from edge_agent.model import AreaFrame
from edge_agent.model.area_frame import NEVER


class Minutes:
    """``update`` says which elements have a minute done; ``power_w``, ``reactive_var``, ``voltage_v`` and ``at_ms`` are of that minute.

    ``state``: arrays to be saved.
    """

    def __init__(self, elements: Elements) -> None:
        n = elements.count
        self._elements = elements
        self.state: dict[str, npt.NDArray[Any]] = {
            "seen_ms": np.full(n, NEVER, dtype=np.int64),
            "first_ms": np.full(n, NEVER, dtype=np.int64),
            "count": np.zeros(n, dtype=np.int32),
            "sums": np.zeros((3, n)),
        }
        self._means = np.zeros((3, n))
        self.power_w, self.reactive_var, self.voltage_v = self._means
        self.at_ms = np.zeros(n, dtype=np.int64)
        self._done = np.zeros(n, dtype=np.int8)

    def update(self, frame: AreaFrame) -> npt.NDArray[np.intp]:
        elements, state = self._elements, self.state
        elements.look(frame)
        finished = update_minutes(
            elements.power_w(frame), elements.reactive_var(frame), elements.voltage_v(frame), elements.taken_ms(frame), elements.judged,
            state["seen_ms"], state["first_ms"], state["count"], state["sums"], self._means, self.at_ms, self._done,
        )
        return np.flatnonzero(self._done) if finished else _NONE


class FeedIn:
    """Whether the sun may be on a meter's roof: what such a meter shows then says little of what is on, and moves bit by bit all day.

    ``state``: when an element fed in last, and when it began to on that day.
    """

    def __init__(self, n_elements: int, *, least_w: float) -> None:
        self._least_w = least_w
        self.state: dict[str, npt.NDArray[Any]] = {
            "fed_in_first_ms": np.full(n_elements, NEVER, dtype=np.int64), "fed_in_last_ms": np.full(n_elements, NEVER, dtype=np.int64),
        }  # fmt: skip

    def take(self, elements: npt.NDArray[np.intp], power_w: npt.NDArray[np.float64], at_ms: npt.NDArray[np.int64]) -> None:
        is_fed = power_w < -self._least_w
        if not is_fed.any():
            return
        fed, fed_ms = elements[is_fed], at_ms[is_fed]
        first, last = self.state["fed_in_first_ms"], self.state["fed_in_last_ms"]
        is_new_day = (last[fed] == NEVER) | (np.abs(fed_ms - last[fed]) > _NIGHT_MS)
        first[fed] = np.where(is_new_day, fed_ms, first[fed])
        last[fed] = fed_ms

    def may_be(self, element: int, at_ms: int) -> bool:
        """From some hours before it fed in on the last day to some hours after; an evening's charge is in the dark."""
        last_ms = int(self.state["fed_in_last_ms"][element])
        if last_ms == NEVER or not 0 <= at_ms - last_ms < _DAY_MS:
            return False
        return at_ms - last_ms < _TWILIGHT_MS or at_ms - int(self.state["fed_in_first_ms"][element]) > _DAY_MS - _TWILIGHT_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Elements with a minute done, shape (k,) each. ``is_gap``: what was before is not known; ``change_w`` is 0 there."""

    elements: npt.NDArray[np.intp]
    at_ms: npt.NDArray[np.int64]
    pause_ms: npt.NDArray[np.int64]
    power_w: npt.NDArray[np.float64]
    change_w: npt.NDArray[np.float64]
    is_gap: npt.NDArray[np.bool_]


class MinuteChanges:
    """From minute to minute. ``update`` gives what changed; ``remember`` makes that minute the last, when it has been looked at.

    Attributes:
        minutes: the minute that is done.
        feed_in: of every element.
        state: to be saved; ``last_ms`` shape (n,), ``last`` shape (3, n): W, var and V of the minute before.
    """

    def __init__(self, elements: Elements, *, max_gap_s: float, fed_in_w: float) -> None:
        n = elements.count
        self.minutes, self.feed_in = Minutes(elements), FeedIn(n, least_w=fed_in_w)
        self._max_gap_ms = 1000.0 * max_gap_s
        self.last_ms, self.last = np.full(n, NEVER, dtype=np.int64), np.full((3, n), np.nan)
        self.state: dict[str, npt.NDArray[Any]] = {"last_ms": self.last_ms, "last": self.last}
        self.state |= self.minutes.state | self.feed_in.state

    def update(self, frame: AreaFrame) -> Change | None:
        """None where no minute is done. A minute that comes late is none; one much earlier than the last means a clock that was set."""
        minutes, done = self.minutes, self.minutes.update(frame)
        pause_ms = minutes.at_ms[done] - self.last_ms[done]
        done = done[~((pause_ms <= 0) & (pause_ms > -_LATE_MS) & (self.last_ms[done] != NEVER))]
        if not len(done):
            return None
        power_w, at_ms = minutes.power_w[done], minutes.at_ms[done]
        pause_ms = at_ms - self.last_ms[done]
        self.feed_in.take(done, power_w, at_ms)
        change_w = power_w - self.last[0, done]
        is_gap = (pause_ms <= 0) | (pause_ms > self._max_gap_ms) | np.isnan(change_w)
        change_w[is_gap] = 0.0
        return Change(elements=done, at_ms=at_ms, pause_ms=pause_ms, power_w=power_w, change_w=change_w, is_gap=is_gap)

    def change_var(self, element: int) -> float:
        return float(self.minutes.reactive_var[element] - self.last[1, element])

    def remember(self, change: Change) -> None:
        done, minutes = change.elements, self.minutes
        self.last_ms[done] = change.at_ms
        self.last[:, done] = minutes.power_w[done], minutes.reactive_var[done], minutes.voltage_v[done]


_LATE_MS = 300_000             # a minute that comes later than this is no late one: the clock was set back
_TWILIGHT_MS, _NIGHT_MS, _DAY_MS = 3 * 3_600_000, 5 * 3_600_000, 24 * 3_600_000     # light that is used in the house feeds nothing in
_NONE = np.zeros(0, dtype=np.intp)
