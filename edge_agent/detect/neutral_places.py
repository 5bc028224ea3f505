"""Where the neutral point can be seen: at three-phase meters, and where single-phase meters of all three phases hang on one node.

Each such place has its chain: itself, the node that feeds it, the nodes above, the area. A neutral broken in the supply of a link of that
chain moves the neutral point of what is in that link against what is beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.neutral import displace_neutral, displace_readings
from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Place, Role
from edge_agent.model.archive import node_and_parents
from edge_agent.model.area_frame import NEVER

Real = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Times = npt.NDArray[np.int64]

PHASES = "abc"
AXES = np.exp(-2j * np.pi * np.arange(3) / 3.0)  # of the phase voltages, detection.md 2
_FIRST = [COLUMN_INDEX[f"{name}.a"] for name in ("voltage_v", "current_a", "active_power_w")]
VOLTAGE, CURRENT, POWER = (slice(first, first + 3) for first in _FIRST)
LEAST_V = 60.0  # a phase below it is dead rather than displaced, detection.md 2
TOTAL_POWER = COLUMN_INDEX["active_power_w"]
TOGETHER_MS = 10_000  # registers of one meter are read one after the other in one poll
SILENT_MS = 3_600_000  # a meter that has given no voltage for an hour is not waited for
_DARK_RATIO = 0.75  # of the usual voltage: electronic meters work down to about that
_LATE = 2**62
_MINUTE_TOGETHER_MS = 75_000  # meters read once a minute, one after the other, and some jitter


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a chain: what hangs there (``inside``, indices of meters) and what hangs beside it, on the next link (``beside``)."""

    place: Place
    inside: Indices
    beside: Indices


class Readings:
    """What places show, shapes (3, n) and (n,): voltages per phase, when, the shift of the neutral point, the line voltage; NaN unknown."""

    def __init__(self, n: int) -> None:
        self.voltage_v = np.full((3, n), np.nan)
        self.taken_ms = np.full(n, NEVER, dtype=np.int64)
        self.shift_v = np.full(n, np.nan, dtype=np.complex128)
        self.line_v = np.full(n, np.nan)


class NeutralPlaces:
    """The places of an archive: three-phase meters first, then nodes. ``meters[x]``: indices of the meters that make up place x.

    Where the grid phases of a three-phase meter are known, its rows are put in the order of the transformer's phases; ``is_placed`` is
    False for the others: their shifts are turned by an unknown multiple of 120 degrees.

    A node is one where single-phase meters of known grid phases, not yet part of a node below, make up all three phases.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.three = np.array([meter.index for meter in archive.meters if meter.phases == PHASES], dtype=np.intp)
        self.area = next((meter.index for meter in archive.meters if meter.role is Role.AREA and meter.phases == PHASES), -1)
        self._is_single = np.array([len(meter.phases) == 1 for meter in archive.meters], dtype=bool)
        # row p of a meter's values is phase ``axis[p]`` of the transformer, -1 where nobody knows it
        self.axis = np.full((3, len(archive.meters)), -1, dtype=np.intp)
        for meter in archive.meters:
            for row, phase in enumerate(meter.phases):
                known = meter.grid_phases[row : row + 1]
                self.axis[PHASES.index(phase), meter.index] = PHASES.index(known) if known and known in PHASES else -1
        self.is_placed = np.ones(len(self.three), dtype=bool)
        self.row_of = np.tile(np.arange(3)[:, None], (1, len(self.three)))
        for number, index in enumerate(self.three.tolist()):
            self.is_placed[number] = sorted(self.axis[:, index].tolist()) == [0, 1, 2]
            if self.is_placed[number]:
                self.row_of[:, number] = np.argsort(self.axis[:, index])
        nodes = self._complete_nodes()
        self.is_placed = np.concatenate([self.is_placed, np.ones(len(nodes), dtype=bool)])
        self._group_of = np.repeat(np.arange(len(nodes)), [len(found) for _, found in nodes]).astype(np.intp)
        self._members = np.array([index for _, found in nodes for index in found.tolist()], dtype=np.intp)
        self.n_nodes = len(nodes)
        self._slot = 3 * self._group_of + self.axis[0, self._members]
        self.meters: list[Indices] = [*(np.array([index]) for index in self.three.tolist()), *(found for _, found in nodes)]
        nominal = [archive.meters[found[0]].nominal_voltage_v for found in self.meters]
        self.nominal_v = np.array(nominal, dtype=np.float64)
        self.chains: list[list[Link]] = [self._chain_of_meter(index) for index in self.three.tolist()]
        self.chains += [self._chain(node, []) for node, _ in nodes]
        self.inside_of = self._places_inside()      # of the place of each link: the places all of whose meters are in it

    def __len__(self) -> int:
        return len(self.meters)

    def holding(self, meters: set[int]) -> Indices:
        """The places that one of these meters is part of."""
        return np.array([place for place, found in enumerate(self.meters) if meters.intersection(found.tolist())], dtype=np.intp)

    def read_three_phase_meters(self, frame: AreaFrame, now: Readings, usual_line_v: Real, alert_v: float) -> int:
        """Into the first places of ``now``; gives how many neutral points are further off than ``alert_v``."""
        return displace_readings(
            frame.values[VOLTAGE], frame.taken_utc_ms[VOLTAGE], self.row_of, self.three, usual_line_v,
            now.voltage_v, now.taken_ms, now.shift_v, now.line_v, together_ms=TOGETHER_MS, alert_v=alert_v,
        )

    def read_nodes(self, frame: AreaFrame, now: Readings, usual_line_v: Real, seen_ms: Times | None = None) -> None:
        """Into the places after those of the three-phase meters.

        ``seen_ms``: when each place was last looked at; a node is then read only where all of its meters that answer have been read since
        (or where the clock was set back): half of them old, half of them new look like a shift.
        """
        first = len(self.three)
        voltage_v, _, taken_ms = self.of_nodes(frame)
        self.fill_dark_phase(voltage_v, usual_line_v[first:])
        shift_v, line_v = np.empty(self.n_nodes, dtype=np.complex128), np.empty(self.n_nodes)
        displace_neutral(voltage_v, usual_line_v[first:], shift_v, line_v)
        is_read = np.ones(self.n_nodes, dtype=np.bool_)
        if seen_ms is not None:
            is_read = (self._first_read(frame) >= seen_ms[first:]) | (taken_ms < seen_ms[first:])
        np.copyto(now.voltage_v[:, first:], voltage_v, where=is_read)
        np.copyto(now.taken_ms[first:], taken_ms, where=is_read)
        np.copyto(now.shift_v[first:], shift_v, where=is_read)
        np.copyto(now.line_v[first:], line_v, where=is_read)

    def _first_read(self, frame: AreaFrame) -> Times:
        """When the meter of each node that was read longest ago was read, of those that answer."""
        taken = frame.taken_utc_ms[VOLTAGE.start, self._members]
        answers = (taken > frame.now_utc_ms - SILENT_MS) & (frame.polls_failed[self._members] == 0)
        found: Times = np.full(self.n_nodes, _LATE, dtype=np.int64)
        np.minimum.at(found, self._group_of[answers], taken[answers])
        return found

    def of_nodes(
        self, frame: AreaFrame, currents: Real | None = None, *, is_whole: bool = False
    ) -> tuple[Real, Real, npt.NDArray[np.int64]]:
        """Mean voltage and sum of active currents per grid phase, shape (3, n_nodes) both, and when the last value was taken.

        NaN where the meters of a node were not read within a minute; those that do not answer are left out, with ``is_whole`` only those
        that have been silent for an hour. Without ``currents`` (of ``active_currents``) the sums are 0.
        """
        n, members = self.n_nodes, self._members
        taken = frame.taken_utc_ms[VOLTAGE.start, members]
        in_use = taken > frame.now_utc_ms - SILENT_MS
        if not is_whole:
            in_use &= frame.polls_failed[members] == 0
        last, first = np.full(n, -1, dtype=np.int64), np.full(n, _LATE, dtype=np.int64)
        np.maximum.at(last, self._group_of[in_use], taken[in_use])
        np.minimum.at(first, self._group_of[in_use], taken[in_use])
        slot = self._slot[in_use]
        count = np.bincount(slot, minlength=3 * n)
        voltage = np.full(3 * n, np.nan)
        total = np.bincount(slot, frame.values[VOLTAGE.start, members[in_use]], minlength=3 * n)
        np.divide(total, count, out=voltage, where=count > 0)
        flowing = np.zeros(3 * n)
        if currents is not None:
            flowing[:] = np.bincount(slot, currents[0, members[in_use]], minlength=3 * n)
        by_phase: Real = np.ascontiguousarray(voltage.reshape(n, 3).T)
        by_phase[:, last - first > _MINUTE_TOGETHER_MS] = np.nan
        return by_phase, np.ascontiguousarray(flowing.reshape(n, 3).T), last

    def fill_dark_phase(self, voltage_v: Real, line_v: Real) -> None:
        """Of nodes, shape (3, n_nodes), in place: the one phase that nobody answers from, where the other two say that it is nearly gone.

        Behind a broken neutral the meters of the loaded phase fall dark. From the same identity as the shift, with x the square wanted:
        ``x = (S - sqrt(3 S^2 - 6 Q)) / 2``, S and Q the sums of squares and fourth powers of the other two and U. Two phases at their usual
        voltage give the usual voltage for the third as well: then its meters are silent for another reason, and it stays NaN.
        """
        missing = np.isnan(voltage_v)
        squares = np.nansum(voltage_v**2, axis=0) + line_v**2
        fourths = np.nansum(voltage_v**4, axis=0) + line_v**4
        root = 3.0 * squares**2 - 6.0 * fourths
        x = (squares - np.sqrt(np.maximum(root, 0.0))) / 2.0
        is_dark = (missing.sum(axis=0) == 1) & (root >= 0.0) & (x < (_DARK_RATIO * line_v) ** 2 / 3.0)
        voltage_v[missing & is_dark] = np.broadcast_to(np.sqrt(np.maximum(x, 0.0)), voltage_v.shape)[missing & is_dark]

    def active_currents(self, frame: AreaFrame, *, within_ms: int = TOGETHER_MS) -> Real:
        """Signed active current of each phase row, shape (3, n_meters): P / V, else the current as it is; NaN where neither is known.

        Only what was taken ``within_ms`` of the voltage counts. A single-phase meter's power may be given as its total.
        """
        voltage, at = frame.values[VOLTAGE], frame.taken_utc_ms[VOLTAGE]
        current = np.where(np.abs(frame.taken_utc_ms[CURRENT] - at) <= within_ms, frame.values[CURRENT], np.nan)
        power = np.where(np.abs(frame.taken_utc_ms[POWER] - at) <= within_ms, frame.values[POWER], np.nan)
        use_total = self._is_single & np.isnan(power[0]) & (np.abs(frame.taken_utc_ms[TOTAL_POWER] - at[0]) <= within_ms)
        power[0, use_total] = frame.values[TOTAL_POWER, use_total]
        is_up = voltage > LEAST_V  # a dead phase's power over its volts is no current
        signed = np.divide(power, voltage, out=np.full_like(power, np.nan), where=is_up & ~np.isnan(power))
        result: Real = np.where(np.isnan(signed), current, signed)
        return result

    def _places_inside(self) -> dict[Place, Indices]:
        found: dict[Place, Indices] = {}
        lone = [set(meters.tolist()) for meters in self.meters]
        for chain in self.chains:
            for link in chain:
                if link.place not in found:
                    inside = set(link.inside.tolist())
                    found[link.place] = np.array([place for place, meters in enumerate(lone) if meters <= inside], dtype=np.intp)
        return found

    def _complete_nodes(self) -> list[tuple[str, Indices]]:
        covered: set[int] = set()
        found: list[tuple[str, Indices]] = []
        for node in (*reversed(self.archive.nodes), ""):
            free = [
                index for index in self.archive.members(node)
                if index not in covered and len(self.archive.meters[index].phases) == 1 and self.axis[0, index] >= 0
                and self.archive.meters[index].phases == "a"
            ]  # fmt: skip
            if {int(self.axis[0, index]) for index in free} == {0, 1, 2}:
                covered.update(free)
                found.append((node, np.array(free, dtype=np.intp)))
        return found

    def _chain_of_meter(self, index: int) -> list[Link]:
        meter = self.archive.meters[index]
        if index == self.area:
            return [self._link(Place(kind="area", id=self.archive.area), set(self.archive.members("")), None)]
        own = Place(kind="meter", id=meter.id)
        return self._chain(meter.node, [self._link(own, {index}, set(self.archive.members(meter.node)))])

    def _chain(self, node: str, links: list[Link]) -> list[Link]:
        paths = [*reversed(node_and_parents(node)), ""]
        for path, above in zip(paths, [*paths[1:], None], strict=True):
            inside = set(self.archive.members(path))
            place = Place(kind="node", id=path) if path else Place(kind="area", id=self.archive.area)
            link = self._link(place, inside, None if above is None else set(self.archive.members(above)))
            if links and links[-1].beside.size == 0 and len(links[-1].inside) == len(link.inside):
                # nothing beside it: the lower name says as much and more
                link = Link(place=links.pop().place, inside=link.inside, beside=link.beside)
            links.append(link)
        return links

    def _link(self, place: Place, inside: set[int], above: set[int] | None) -> Link:
        drop = {self.area}
        beside = (above or set()) - inside - drop
        return Link(place=place, inside=_array(inside - drop), beside=_array(beside))


def _array(indices: set[int]) -> Indices:
    return np.array(sorted(indices), dtype=np.intp)

