"""Steps from one reading of a place to the next: of its neutral point and of its currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cython_ext.neutral import displace_neutral
from edge_agent.detect.neutral_places import AXES, LEAST_V, NeutralPlaces, Readings, Real
from edge_agent.model import Archive, AreaFrame
from edge_agent.model.area_frame import NEVER

Complex = npt.NDArray[np.complex128]

_SHORTEST_MS, _LONGEST_MS = 30_000, 1_200_000  # minutes to quarter hours: faster readings are not worth the noise, slower ones no step
_LINE_BAND = 0.08  # detection.md 2
_LINE_SHARE = 0.02  # of a new reading in the usual line voltage: about an hour of minutes
_OPEN_V, _OPEN_OHM = 8.0, 2.0  # an interrupted neutral has the impedance of an electrode, none of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Shapes (n,), current_step_a (3, n); NaN where there is no step.

    ``is_closed``: the neutral was interrupted neither before nor after, ``stays_open``: both.
    """

    is_new: npt.NDArray[np.bool_]
    taken_ms: npt.NDArray[np.int64]
    since_last_ms: npt.NDArray[np.int64]      # 0 where there was none
    shift_step_v: Complex
    current_step_a: Real
    vector_step_a: Complex
    is_closed: npt.NDArray[np.bool_]
    stays_open: npt.NDArray[np.bool_]
    others_step_a: Complex          # of each meter of the archive, 0 where it is not known


class NeutralSteps:
    """Of all places but the area meter, whose own shift is what comes from above: it is taken off that of the others."""

    def __init__(self, archive: Archive) -> None:
        self.places = NeutralPlaces(archive)
        n = len(self.places)
        self._area = next((place for place, index in enumerate(self.places.three.tolist()) if index == self.places.area), -1)
        self._turn = np.where(self.places.axis >= 0, AXES[self.places.axis], 0.0)
        self.state: dict[str, npt.NDArray[Any]] = {
            "shift_v": np.full(n, np.nan, dtype=np.complex128),
            "current_a": np.full((3, n), np.nan),
            "seen_ms": np.full(n, NEVER, dtype=np.int64),
            "line_v": np.sqrt(3.0) * self.places.nominal_v,
            "was_open": np.zeros(n, dtype=np.int8),
            "had_area": np.zeros(n, dtype=np.int8),
            "meter_a": np.zeros(len(archive.meters), dtype=np.complex128),
        }
        self._now = Readings(n)

    def forget(self, places: npt.NDArray[np.intp]) -> None:
        self.state["shift_v"][places], self.state["seen_ms"][places] = np.nan, NEVER
        self.state["line_v"][places] = np.sqrt(3.0) * self.places.nominal_v[places]

    def take(self, frame: AreaFrame) -> Steps | None:
        """None where no place has been read anew."""
        state, places, now = self.state, self.places, self._now
        places.read_three_phase_meters(frame, now, state["line_v"], 0.0)
        node_v, _, now.taken_ms[len(places.three) :] = places.of_nodes(frame, is_whole=True)
        taken = now.taken_ms
        if not (taken != state["seen_ms"]).any():
            return None
        currents = places.active_currents(frame)
        meter_a = (self._turn * np.nan_to_num(currents)).sum(axis=0)
        _, node_a, _ = places.of_nodes(frame, currents, is_whole=True)
        now.voltage_v[:, len(places.three) :] = node_v
        displace_neutral(now.voltage_v, state["line_v"], now.shift_v, now.line_v)
        voltage_v, shift_v, line_v = now.voltage_v, now.shift_v, now.line_v
        current_a = np.concatenate([currents[places.row_of, places.three], node_a], axis=1)
        is_new = (taken > state["seen_ms"]) & (taken <= frame.now_utc_ms) & ~np.isnan(line_v)
        is_new &= (taken - state["seen_ms"] >= _SHORTEST_MS) | (state["seen_ms"] == NEVER)
        is_back = taken < state["seen_ms"]      # the clock was set back: begin anew
        state["seen_ms"][is_back], state["shift_v"][is_back] = NEVER, np.nan
        is_sound = (voltage_v.min(axis=0) > LEAST_V) & (np.abs(line_v / state["line_v"] - 1.0) < _LINE_BAND)
        vector_a = (AXES[:, None] * current_a).sum(axis=0)
        is_open = (np.abs(shift_v) > _OPEN_V) & (np.abs(shift_v) > _OPEN_OHM * np.abs(vector_a))
        near_nominal = np.abs(line_v / (np.sqrt(3.0) * places.nominal_v) - 1.0) < 0.15
        calm = is_new & near_nominal & ~is_open
        state["line_v"][calm] += _LINE_SHARE * (line_v - state["line_v"])[calm]
        has_area, area_v = self._from_above(taken, is_sound)
        own_v = np.where(is_sound, shift_v - area_v, np.nan)
        may_step = is_new & (taken - state["seen_ms"] <= _LONGEST_MS) & (state["had_area"] == has_area)
        may_step &= state["seen_ms"] != NEVER
        step_v = np.where(may_step, own_v - state["shift_v"], np.nan)
        step_a = np.where(may_step, current_a - state["current_a"], np.nan)
        since_last_ms = np.where(is_new & (state["seen_ms"] != NEVER), taken - state["seen_ms"], 0)
        steps = Steps(
            is_new=is_new, taken_ms=taken, since_last_ms=since_last_ms,
            shift_step_v=step_v, current_step_a=step_a, vector_step_a=(AXES[:, None] * step_a).sum(axis=0),
            is_closed=~is_open & (state["was_open"] == 0), stays_open=is_open & (state["was_open"] == 1),
            others_step_a=meter_a - state["meter_a"],
        )
        state["shift_v"][is_new], state["current_a"][:, is_new] = own_v[is_new], current_a[:, is_new]
        state["seen_ms"][is_new], state["was_open"][is_new], state["had_area"][is_new] = taken[is_new], is_open[is_new], has_area[is_new]
        state["meter_a"][:] = meter_a
        return steps

    def others_a(self, place: int, steps: Steps) -> float:
        """The largest step of the vector sum of a link, up to the feeder: feeders share no neutral but the transformer's."""
        chain = self.places.chains[place]
        links = [link for link in chain if link.place.kind != "area"] or chain
        return max(float(abs(steps.others_step_a[link.inside].sum())) for link in links)

    def _from_above(self, taken: npt.NDArray[np.int64], is_sound: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int8], Complex]:
        """The shift at the transformer where it was read in the same minute and the place's phases are known, and where that is so."""
        has_area = np.zeros(len(taken), dtype=np.int8)
        if self._area < 0 or not is_sound[self._area] or not self.places.is_placed[self._area]:
            return has_area, np.zeros(len(taken), dtype=np.complex128)
        has_area[:] = self.places.is_placed & (np.abs(taken - taken[self._area]) <= 60_000)
        has_area[self._area] = 0
        return has_area, np.where(has_area == 1, self._now.shift_v[self._area], 0j)
