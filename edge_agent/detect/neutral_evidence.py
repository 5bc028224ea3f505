"""Whether a moved neutral point is a broken neutral: against what is beside the link, and against the currents that could have moved it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cython_ext.neutral import displace_neutral
from edge_agent.detect.neutral_places import AXES, CURRENT, POWER, SILENT_MS, TOTAL_POWER, VOLTAGE, Indices, Link, NeutralPlaces, Real
from edge_agent.model import AreaFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The neutral is broken in the supply of ``link``: shift against what is beside it, and the most that currents could explain."""

    link: int
    shift_v: float
    explained_v: float
    current_a: float          # the vector sum that flows out of the link, what the limit was worked out from
    meters: Indices           # of the link and beside it, whose own voltage fits this shift and not what is beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``link_ohm``: most that a healthy supply up to a link has, per ampere of its own vector sum; ``shared_ohm`` of what it shares."""

    shift_v: float
    blind_v: float
    link_ohm: float
    shared_ohm: float


class Evidence:
    """What one tick says about places; currents are worked out once."""

    def __init__(self, places: NeutralPlaces, frame: AreaFrame, limits: Limits) -> None:
        self._places, self._frame, self._limits = places, frame, limits
        currents = places.active_currents(frame, within_ms=SILENT_MS)
        known = places.axis >= 0
        turned = np.where(known, AXES[places.axis], 0.0) * np.nan_to_num(currents)
        self._size_a = np.abs(np.nan_to_num(currents))
        self._vector_a = turned.sum(axis=0)                              # of each meter
        self._unknown_a = np.where(known, 0.0, self._size_a).sum(axis=0)
        self._volts_ms = frame.taken_utc_ms[VOLTAGE].max(axis=0)
        parts = (CURRENT, POWER, slice(TOTAL_POWER, TOTAL_POWER + 1))
        self._amperes_ms = np.concatenate([frame.taken_utc_ms[part] for part in parts]).max(axis=0)
        self._has_current = np.asarray(~np.isnan(currents).all(axis=0))

    def find_break(self, place: int, shift_v: complex, line_v: float, since_ms: int) -> Break | None:
        """The lowest link in whose supply the neutral must be broken, None where currents explain the shift or not all is read yet."""
        chain, limits = self._places.chains[place], self._limits
        largest_a, blind = 0.0, True
        for number, link in enumerate(chain):
            largest_a = max(largest_a, self._vector_sum(link.inside))
            blind = blind and not self._has_current[link.inside].any()
            is_last = number == len(chain) - 1
            found = (self._area_shift(place, line_v, since_ms), 0.0) if is_last else self._shift_of(link.beside, line_v, since_ms)
            if found is None or not self._are_read(link.inside, since_ms):
                continue
            beside, services_a = found
            # meters of phases nobody knows are turned against the others by multiples of 120 degrees: only the lengths can be compared
            against_v = abs(shift_v - beside) if self._places.is_placed[place] else abs(abs(shift_v) - abs(beside))
            shared_a = 0.0 if is_last else self._vector_sum(chain[number + 1].inside)
            explained_v = limits.link_ohm * largest_a + limits.shared_ohm * (shared_a + services_a)
            least_v = limits.blind_v if blind else limits.shift_v
            if min(against_v, abs(shift_v)) > max(least_v, explained_v):
                return Break(
                    link=number, shift_v=against_v, explained_v=explained_v, current_a=largest_a,
                    meters=self._agreeing(link, shift_v, beside, line_v),
                )
        return None

    def _vector_sum(self, meters: Indices) -> float:
        return float(abs(self._vector_a[meters].sum()) + self._unknown_a[meters].sum())

    def _are_read(self, meters: Indices, since_ms: int) -> bool:
        """Whether voltage and, where a meter gives one, current or power were read since the shift was first seen; not of silent ones."""
        volts_ms, amperes_ms = self._volts_ms[meters], self._amperes_ms[meters]
        is_left_out = (self._frame.polls_failed[meters] > 0) | (volts_ms <= since_ms - SILENT_MS)
        is_read = (volts_ms >= since_ms) & ((amperes_ms >= since_ms) | (amperes_ms < 0))
        return bool((is_read | is_left_out).all())

    def _shift_of(self, meters: Indices, line_v: float, since_ms: int) -> tuple[complex, float] | None:
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
        return None if shift_v is None else (shift_v, services_a)

    def _area_shift(self, place: int, line_v: float, since_ms: int) -> complex:
        """At the transformer, 0 where no meter is or where the place is that meter."""
        places, area = self._places, self._places.area
        if area < 0 or (place < len(places.three) and places.three[place] == area) or not self._are_read(np.array([area]), since_ms):
            return 0j
        found = _displaced(np.ascontiguousarray(self._frame.values[VOLTAGE][:, [area]]), line_v)
        return found if found is not None else 0j

    def _agreeing(self, link: Link, shift_v: complex, beside_v: complex, line_v: float) -> Indices:
        near = np.concatenate([link.inside, link.beside])
        expected = line_v / np.sqrt(3.0) * AXES
        with_shift, without = np.abs(expected - shift_v), np.abs(expected - beside_v)
        axis, voltage = self._places.axis[:, near], self._frame.values[VOLTAGE][:, near]
        told_apart = np.abs(with_shift - without)[axis] > 0.5 * self._limits.shift_v
        fits = (axis >= 0) & told_apart & (np.abs(voltage - with_shift[axis]) < np.abs(voltage - without[axis]))
        agreeing: Indices = near[fits.any(axis=0)]
        return agreeing


def _displaced(voltage_v: Real, line_v: float) -> complex | None:
    shift, line = np.empty(1, dtype=np.complex128), np.empty(1)
    displace_neutral(voltage_v, np.array([line_v]), shift, line)
    return None if np.isnan(line[0]) else complex(shift[0])
