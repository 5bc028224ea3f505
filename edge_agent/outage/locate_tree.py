"""The electrical tree as arrays: meters in the order of their paths, so that everything below a node is one run of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext.outage_posterior import COLUMNS, TreeArrays
from edge_agent.model import Archive
from edge_agent.model.archive import Meter, Role, node_and_parents
from edge_agent.outage.hypothesis import AREA
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.observed import PHASE_BITS

PHASES = ("", *PHASE_BITS)             # of the columns
UNKNOWN_PHASE, THREE_PHASES = 0, 4     # beside 1..3, the columns of single-phase meters


class LocateTree:
    """Of the customers; meters at the transformer are in ``area_meters`` only.

    Attributes:
        order: shape (m,), archive index of each meter in the order of the tree.
        nodes: paths, AREA first, parents before children; ``parent`` of each. ``buses``: names, ``bus_of``: shape (n,), archive order.
        arrays: the tree as the kernel wants it.
        start, stop: shape (nodes,); run of all meters at or below a node.
        phase: shape (m,), int8; UNKNOWN_PHASE, a column, or THREE_PHASES.
        placed, is_three, node_prior: as the kernel wants them, without evidence; no_phase_ratio, no_phase_log: where no meter of three
            phases tells anything.
        lowest: shape (nodes, 4); the lowest node whose failure, whole or on the phase of the column, takes the same meters.
        alone: shape (nodes, 4); where that is one meter only, its place in ``order``, else -1.
    """

    def __init__(self, archive: Archive, settings: LocateSettings) -> None:
        customers = [meter for meter in archive.meters if meter.role is Role.CUSTOMER]
        customers.sort(key=lambda meter: (_parts(meter.node), meter.index))
        self.n_meters = len(archive.meters)
        self.area_meters = np.array([meter.index for meter in archive.meters if meter.role is Role.AREA], dtype=np.intp)
        self.order = np.array([meter.index for meter in customers], dtype=np.int32)
        paths = {AREA, *(node for meter in customers for node in node_and_parents(meter.node))}
        self.nodes = tuple(sorted(paths, key=_parts))
        rank = {node: number for number, node in enumerate(self.nodes)}
        self.parent = np.array([rank[node.rpartition("/")[0]] for node in self.nodes], dtype=np.int32)
        own = np.bincount([rank[meter.node] for meter in customers], minlength=len(rank)) if customers else np.zeros(len(rank), int)
        self.own_stop = np.cumsum(own).astype(np.int32)
        self.own_start = (self.own_stop - own).astype(np.int32)
        self.start, self.stop = self.own_start.copy(), self.own_stop.copy()
        for number in range(len(rank) - 1, 0, -1):
            above = self.parent[number]
            self.start[above] = min(self.start[above], self.start[number])
            self.stop[above] = max(self.stop[above], self.stop[number])
        self.phase = np.array([_phase(meter) for meter in customers], dtype=np.int8)
        self.is_three = self.phase == THREE_PHASES
        self.group = np.repeat(np.arange(len(rank)), own)
        self.placed = self._placed(settings.wrong_place_share)
        self.lowest, self.alone = self._twins()
        is_lowest = self.lowest[:, 0] == np.arange(len(self.nodes))
        self._is_shadowed = ~is_lowest | (self.stop - self.start <= 1)
        self._is_shadowed[0] = False          # of the area mains and area meter say something that they do not say of its only feeder
        self._set_priors(settings)
        self.no_phase_ratio = np.ones((len(self.order), COLUMNS - 1))
        self.no_phase_log = np.where(self.is_three[:, None], self.meter_phase_prior, -np.inf) * self.no_phase_ratio
        self.buses = tuple(sorted({meter.bus for meter in archive.meters}))
        bus_rank = {bus: number for number, bus in enumerate(self.buses)}
        self.bus_of = np.array([bus_rank[meter.bus] for meter in archive.meters], dtype=np.int32)
        self.arrays = TreeArrays(
            order=self.order, bus_of=self.bus_of, n_buses=len(self.buses), parent=self.parent, own_start=self.own_start,
            own_stop=self.own_stop, is_shadowed=self._is_shadowed, placed=self.placed, is_three=self.is_three,
            meter_prior=self._meter_prior,
        )

    def _placed(self, wrong: float) -> npt.NDArray[np.float64]:
        placed = np.full((len(self.order), COLUMNS), 1.0 - wrong)
        for column in range(1, COLUMNS):
            placed[:, column] *= np.select(
                [self.phase == UNKNOWN_PHASE, (self.phase == column) | (self.phase == THREE_PHASES)], [1.0 / 3.0, 1.0 - wrong], wrong / 2.0
            )
        return placed

    def _twins(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        nodes = len(self.nodes)
        lowest, alone = np.repeat(np.arange(nodes)[:, None], COLUMNS, axis=1), np.full((nodes, COLUMNS), -1, dtype=np.intp)
        for column in range(COLUMNS):
            certain = self.phase == column if column else np.ones(len(self.order), dtype=np.bool_)
            may_be = certain | (self.phase == UNKNOWN_PHASE) | (self.phase == THREE_PHASES)
            sums = np.concatenate(([0], np.cumsum(may_be)))
            count = sums[self.stop] - sums[self.start]
            for number in range(nodes - 1, 0, -1):
                above = self.parent[number]
                if count[above] == count[number] > 0:
                    lowest[above, column] = lowest[number, column]
            for number in np.flatnonzero(count == 1).tolist():
                only = int(self.start[number]) + int(np.argmax(may_be[self.start[number] : self.stop[number]]))
                if certain[only]:
                    alone[number, column] = only
        return lowest, alone

    def _set_priors(self, settings: LocateSettings) -> None:
        """A node with meters of its own is a box, one below the area without is a feeder, the others are branches."""
        has_own = self.own_stop > self.own_start
        depth = np.array([len(_parts(node)) for node in self.nodes])
        kinds = (
            (depth == 0, settings.area_share), ((depth > 0) & has_own, settings.box_share),
            ((depth == 1) & ~has_own, settings.feeder_share), ((depth > 1) & ~has_own, settings.branch_share),
        )
        named = sum(share for _, share in kinds)
        self.node_prior = np.zeros((len(self.nodes), COLUMNS))
        for is_kind, share in kinds:
            each = settings.outage_chance * share / max(1, int(is_kind.sum()))
            self.node_prior[is_kind, 0] = np.log(each)
            self.node_prior[is_kind, 1:] = np.log(each * settings.phase_share / named / 3.0)
        self._meter_prior = np.full(len(self.order), np.log(settings.outage_chance * settings.meter_share / max(1, len(self.order))))
        self.meter_phase_prior = float(
            np.log(settings.outage_chance * settings.meter_phase_share / max(1, 3 * int(self.is_three.sum())))
        )


def _parts(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")) if path else ()


def _phase(meter: Meter) -> int:
    if len(meter.phases) > 1:
        return THREE_PHASES
    return PHASES.index(meter.grid_phases) if meter.grid_phases in PHASES else UNKNOWN_PHASE
