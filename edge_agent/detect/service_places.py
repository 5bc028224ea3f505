"""The services of an area, one for each phase of each customer: which rows of the frame are theirs, and who their neighbours are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext.peer_median import PeerGroups
from edge_agent.model import Archive, Place, Role
from edge_agent.model.archive import node_and_parents

PHASES = "abc"
UNKNOWN = -1
_NEAR_PEERS = 6     # the median of six others costs 1.57 / 6 more variance; nearer neighbours share more of the feeder
_FEW_PEERS = 3


class ServicePlaces:
    """m services in the order of the archive.

    ``meter``: index of each; ``row``: its place in the three phase columns of a frame laid end to end; ``grid_phase``: shape (m,), 0 to 2,
    UNKNOWN where the archive does not say. ``area``: index of the meter at the transformer, -1 without one.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive, self.n = archive, len(archive.meters)
        self.area = next((meter.index for meter in archive.meters if meter.role is Role.AREA), -1)
        found = [
            (meter, place, number)
            for meter in archive.meters if meter.role is Role.CUSTOMER
            for number, place in enumerate(PHASES.index(name) for name in meter.phases if name in PHASES)
        ]
        self.meters = [meter for meter, _, _ in found]
        self.meter = np.array([meter.index for meter in self.meters], dtype=np.intp)
        self.own_phase = np.array([place for _, place, _ in found], dtype=np.intp)
        self.row = self.own_phase * self.n + self.meter
        self.is_single = np.array([len(meter.phases) == 1 for meter in self.meters], dtype=bool)
        self.nominal_v = np.array([meter.nominal_voltage_v for meter in self.meters], dtype=float)
        given = [meter.grid_phases[number : number + 1].lower() for meter, _, number in found]
        self.grid_phase = np.array([PHASES.index(name) if name and name in PHASES else UNKNOWN for name in given], dtype=np.int8)

    def __len__(self) -> int:
        return len(self.meters)

    def place(self, service: int) -> Place:
        return Place(kind="meter", id=self.meters[service].id, phases=PHASES[self.own_phase[service]])

    def of_meters(self, meters: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        return np.flatnonzero(np.isin(self.meter, meters))

    def feeders(self) -> list[npt.NDArray[np.intp]]:
        """The services below each of the topmost nodes."""
        roots = [meter.node.split("/", 1)[0] for meter in self.meters]
        return [np.flatnonzero([root == name for root in roots]) for name in dict.fromkeys(roots)]

    def beside(self, service: int) -> npt.NDArray[np.intp]:
        """The services of other meters at the same node."""
        meter = self.meters[service]
        return np.array([
            other for other, candidate in enumerate(self.meters) if candidate.node == meter.node and candidate.index != meter.index
        ], dtype=np.intp)

    def groups(self, grid_phase: npt.NDArray[np.int8]) -> PeerGroups:
        """Each service of known phase with those of its phase below the lowest node that has enough of them, else in the area."""
        below: dict[tuple[str, int], list[int]] = {}
        for service, (meter, phase) in enumerate(zip(self.meters, grid_phase.tolist(), strict=True)):
            if phase != UNKNOWN:
                for node in ("", *node_and_parents(meter.node)):
                    below.setdefault((node, phase), []).append(service)
        users: dict[tuple[str, int], list[int]] = {}
        for service, (meter, phase) in enumerate(zip(self.meters, grid_phase.tolist(), strict=True)):
            if phase == UNKNOWN:
                continue
            upwards = [(node, phase) for node in (*reversed(node_and_parents(meter.node)), "")]
            chosen = next((key for key in upwards if len(below[key]) > _NEAR_PEERS), upwards[-1])
            if len(below[chosen]) > _FEW_PEERS:
                users.setdefault(chosen, []).append(service)
        return PeerGroups.of(len(self), [(below[key], asking) for key, asking in users.items()])
