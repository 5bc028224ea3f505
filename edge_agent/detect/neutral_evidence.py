"""Whether a moved neutral point is a broken neutral: against what is beside the link, and against the currents that could have moved it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.neutral import displace_neutral
from edge_agent.detect.neutral_places import (
    AXES,
    CURRENT,
    POWER,
    SILENT_MS,
    TOTAL_POWER,
    VOLTAGE,
    Indices,
    Link,
    NeutralPlaces,
    Readings,
    Real,
)  # fmt: skip
from edge_agent.model import AreaFrame, Place

Complex = npt.NDArray[np.complex128]

_MOST = 0.75  # of the places of a link
_LEAST_MOVED = 0.2  # quantile of their shifts that a break must reach: the archive of some may be wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The neutral is broken in the supply of ``link``: shift against what is beside it, and the most that currents could explain."""

    link: int
    shift_v: float
    explained_v: float
    current_a: float          # the vector sum that flows out of the link, what the limit was worked out from
    is_alone: bool            # compared with nothing that was read: with a neutral point that stands where it should
    meters: Indices           # of the link and beside it, whose own voltage fits this shift and not what is beside


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reference:
    """What a link is compared with; ``services_a`` flow between the node there and its readings."""

    shift_v: complex
    services_a: float
    is_at_transformer: bool   # nothing is shared
    is_assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Below:
    """What the other places of a link say: whether they moved as well, by how much, and which meters of the link are of no such place."""

    is_common: bool
    shift_v: float
    uncovered: Indices


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``link_ohm``: most that a healthy supply up to a link has, per ampere of its own vector sum; ``shared_ohm`` of what it shares."""

    shift_v: float
    blind_v: float
    link_ohm: float
    shared_ohm: float


class Evidence:
    """What one tick says about places; currents are worked out once."""

    def __init__(self, places: NeutralPlaces, frame: AreaFrame, now: Readings, limits: Limits) -> None:
        self._places, self._frame, self._now, self._limits = places, frame, now, limits
        self._link_sums: dict[Place, tuple[Real, float]] = {}
        currents = places.active_currents(frame, within_ms=SILENT_MS)
        flowing_a = np.nan_to_num(currents)
        self._size_a = np.abs(flowing_a)
        # of each meter: by phase of the transformer, and by no phase that is known
        self._phase_a = np.stack([np.where(places.axis == phase, flowing_a, 0.0).sum(axis=0) for phase in range(3)])
        self._unknown_a = np.where(places.axis >= 0, 0.0, self._size_a).sum(axis=0)
        self._volts_ms = frame.taken_utc_ms[VOLTAGE].max(axis=0)
        parts = (CURRENT, POWER, slice(TOTAL_POWER, TOTAL_POWER + 1))
        self._amperes_ms = np.concatenate([frame.taken_utc_ms[part] for part in parts]).max(axis=0)
        self._has_current = np.asarray(~np.isnan(currents).all(axis=0))

    def find_break(self, place: int, since_ms: int) -> Break | None:
        """The lowest link in whose supply the neutral must be broken, None where currents explain the shift or not all is read yet."""
        chain, limits = self._places.chains[place], self._limits
        shift_v, line_v = complex(self._now.shift_v[place]), float(self._now.line_v[place])
        is_placed = bool(self._places.is_placed[place])
        axes = _turned_axes(shift_v, line_v) if is_placed else AXES
        largest_a, blind = 0.0, True
        for number, link in enumerate(chain):
            own_a = self._vector_sum(link, axes)
            largest_a = max(largest_a, own_a)
            blind = blind and not self._has_current[link.inside].any()
            least_v = limits.blind_v if blind else limits.shift_v
            if abs(shift_v) <= max(least_v, limits.link_ohm * own_a):
                continue      # whatever it is compared with
            found = self._reference(place, number, line_v, since_ms)
            if found is None or not self._are_read(link.inside, since_ms):
                continue
            # meters of phases nobody knows are turned against the others by multiples of 120 degrees: only the lengths can be compared
            against_v = abs(shift_v - found.shift_v) if is_placed else abs(abs(shift_v) - abs(found.shift_v))
            shared_a = above_a = 0.0
            if not found.is_at_transformer:
                shared_a = self._shared_sum(link, chain[number + 1], axes)
                above_a = max((self._shared_sum(link, above, axes) for above in chain[number + 1 : -1]), default=0.0)
            below = self._places_below(place, link, found.shift_v, since_ms) if is_placed else None
            if below is not None and not below.is_common:
                continue
            if below is not None:
                largest_here_a = min(largest_a, own_a + self._sum_of(below.uncovered, axes))
                against_v = min(against_v, below.shift_v)
            else:
                largest_here_a = largest_a
            explained_v = limits.link_ohm * largest_here_a + limits.shared_ohm * (shared_a + found.services_a)
            usual_v = limits.link_ohm * largest_here_a + limits.shared_ohm * above_a
            if against_v > max(least_v, explained_v) and abs(shift_v) > max(least_v, explained_v, usual_v):
                return Break(
                    link=number, shift_v=against_v, explained_v=explained_v, current_a=largest_here_a, is_alone=found.is_assumed,
                    meters=self._agreeing(link, shift_v, found.shift_v, line_v),
                )
        return None

    def _reference(self, place: int, number: int, line_v: float, since_ms: int) -> _Reference | None:
        """What the link is compared with: what is beside it; a feeder and the area with the meter at the transformer.

        A feeder beside which the others have moved as well is not the one that is broken: None.
        """
        chain = self._places.chains[place]
        is_top = number >= len(chain) - 2
        area_v = self._area_shift(place, line_v, since_ms) if is_top else None
        beside = None
        if number < len(chain) - 1:
            beside = self._shift_of(chain[number].beside, line_v, since_ms)
            if area_v is None:
                return beside
        if area_v is None:
            return _Reference(shift_v=0j, services_a=0.0, is_at_transformer=True, is_assumed=True)
        own_v = complex(self._now.shift_v[place])
        if beside is not None and self._places.is_placed[place] and abs(beside.shift_v - own_v) < abs(own_v - area_v) / 2:
            return None
        return _Reference(shift_v=area_v, services_a=0.0, is_at_transformer=True, is_assumed=False)

    def _places_below(self, place: int, link: Link, reference_v: complex, since_ms: int) -> _Below | None:
        """The other places of the link: behind a broken neutral all star points move, and by about as much. None where none is read.

        Where the neutral is whole and all move to one side, their currents add up to that of the link; a few whose archive is wrong may
        differ.
        """
        now, places = self._now, self._places
        others = places.inside_of[link.place]
        others = others[(others != place) & places.is_placed[others] & (now.taken_ms[others] >= since_ms)]
        others = others[~np.isnan(now.line_v[others])]
        if others.size == 0:
            return None
        own_v = complex(now.shift_v[place])
        agrees = np.abs(now.shift_v[others] - own_v) <= abs(own_v - reference_v) / 2
        if agrees.mean() < _MOST:
            return _Below(is_common=False, shift_v=0.0, uncovered=link.inside)
        covered = np.concatenate([places.meters[place], *(places.meters[other] for other in others[agrees].tolist())])
        # a whole neutral gives the shift bit by bit along the line, and the places nearest to the transformer hardly move: currents that
        # balance at its head need not do so further out. What has lost its neutral there moves as one
        towards = (own_v - reference_v) / max(abs(own_v - reference_v), 1e-9)
        shift_v = float(np.quantile(np.real((now.shift_v[others] - reference_v) * np.conj(towards)), _LEAST_MOVED))
        return _Below(is_common=True, shift_v=shift_v, uncovered=np.setdiff1d(link.inside, covered))

    def _vector_sum(self, link: Link, axes: Complex) -> float:
        phase_a, unknown_a = self._sums(link)
        return float(abs(axes @ phase_a) + unknown_a)

    def _sum_of(self, meters: Indices, axes: Complex) -> float:
        return float(abs(axes @ self._phase_a[:, meters].sum(axis=1)) + self._unknown_a[meters].sum())

    def _shared_sum(self, link: Link, above: Link, axes: Complex) -> float:
        """Of the currents that flow to ``above``: in ``link`` they are turned with its shift, beside it they are not."""
        (inside_a, _), (whole_a, unknown_a) = self._sums(link), self._sums(above)
        return float(abs(axes @ inside_a + AXES @ (whole_a - inside_a)) + unknown_a)

    def _sums(self, link: Link) -> tuple[Real, float]:
        """Of the currents of each phase, shape (3,), and of those whose phase is not known."""
        found = self._link_sums.get(link.place)
        if found is None:
            found = self._phase_a[:, link.inside].sum(axis=1), float(self._unknown_a[link.inside].sum())
            self._link_sums[link.place] = found
        return found

    def _are_read(self, meters: Indices, since_ms: int) -> bool:
        """Whether voltage and, where a meter gives one, current or power were read since the shift was first seen; not of silent ones."""
        volts_ms, amperes_ms = self._volts_ms[meters], self._amperes_ms[meters]
        is_left_out = (self._frame.polls_failed[meters] > 0) | (volts_ms <= since_ms - SILENT_MS)
        is_read = (volts_ms >= since_ms) & ((amperes_ms >= since_ms) | (amperes_ms < 0))
        return bool((is_read | is_left_out).all())

    def _shift_of(self, meters: Indices, line_v: float, since_ms: int) -> _Reference | None:
        """Of the medians of the phases of ``meters``, and the currents whose services are between their node and these readings.

        None where a phase has no reading since or not all are read.
        """
        frame, axis = self._frame, self._places.axis
        if not self._are_read(meters, since_ms):
            return None
        voltage, taken, of = frame.values[VOLTAGE][:, meters], frame.taken_utc_ms[VOLTAGE][:, meters], axis[:, meters]
        usable = (taken >= since_ms) & (voltage > 0.0)
        medians, services_a = np.full((3, 1), np.nan), 0.0
        for phase in range(3):
            here = usable & (of == phase)
            if not here.any():
                return None
            medians[phase] = np.median(voltage[here])
            services_a += float(np.median(self._size_a[:, meters][here]))
        shift_v = _displaced(medians, line_v)
        if shift_v is None:
            return None
        return _Reference(shift_v=shift_v, services_a=services_a, is_at_transformer=False, is_assumed=False)

    def _area_shift(self, place: int, line_v: float, since_ms: int) -> complex | None:
        """At the transformer, None where no meter is, where it has not been read since or where the place is that meter."""
        places, area = self._places, self._places.area
        if area < 0 or (place < len(places.three) and places.three[place] == area) or not self._are_read(np.array([area]), since_ms):
            return None
        return _displaced(np.ascontiguousarray(self._frame.values[VOLTAGE][:, [area]]), line_v)

    def _agreeing(self, link: Link, shift_v: complex, beside_v: complex, line_v: float) -> Indices:
        near = np.concatenate([link.inside, link.beside])
        expected = line_v / np.sqrt(3.0) * AXES
        with_shift, without = np.abs(expected - shift_v), np.abs(expected - beside_v)
        axis, voltage = self._places.axis[:, near], self._frame.values[VOLTAGE][:, near]
        told_apart = np.abs(with_shift - without)[axis] > 0.5 * self._limits.shift_v
        fits = (axis >= 0) & told_apart & (np.abs(voltage - with_shift[axis]) < np.abs(voltage - without[axis]))
        agreeing: Indices = near[fits.any(axis=0)]
        return agreeing


def _turned_axes(shift_v: complex, line_v: float) -> Complex:
    """Of the phase voltages of a neutral point that has moved: its loads draw their currents along these, and behind a broken neutral the
    currents sum up to nothing only so."""
    turned: Complex = line_v / np.sqrt(3.0) * AXES - shift_v
    turned /= np.maximum(np.abs(turned), 1e-9)
    return turned


def _displaced(voltage_v: Real, line_v: float) -> complex | None:
    shift, line = np.empty(1, dtype=np.complex128), np.empty(1)
    displace_neutral(voltage_v, np.array([line_v]), shift, line)
    return None if np.isnan(line[0]) else complex(shift[0])
