"""What each module knows of itself: columns over all nodes of the link table, coordinators among them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from simulator.hplc.mac.period import ALL_PHASES
from simulator.hplc.network.messages import DeviceKind, LeaveReason
from simulator.hplc.network.settings import CCO_TEI

NOWHERE = -1


class Role(IntEnum):
    """As in the station capability item."""

    UNJOINED = 0
    STA = 1
    PCO = 2
    CCO = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A station that left its network."""

    at_s: float
    node: int
    reason: LeaveReason


class Stations:
    """``home``: number of the network a node belongs to; ``proxy``: node above it; NOWHERE where there is none. Times in s.

    -inf stands for a time that never was.
    """

    def __init__(self, macs: npt.NDArray[np.int64], phases: npt.NDArray[np.int8], coordinators: tuple[int, ...]) -> None:
        nodes = len(macs)
        self.macs = macs
        self.phases = phases
        self.home = np.full(nodes, NOWHERE, np.int16)
        self.tei = np.zeros(nodes, np.int16)
        self.proxy = np.full(nodes, NOWHERE, np.int16)
        self.level = np.zeros(nodes, np.int16)
        self.role = np.full(nodes, int(Role.UNJOINED), np.int8)
        self.sequence = np.zeros(nodes, np.int16)
        self.path_success = np.zeros(nodes)
        self.joined_s = np.full(nodes, -np.inf)
        self.beacon_s = np.full(nodes, -np.inf)        # last beacon of the own network
        self.allowed_s = np.full(nodes, -np.inf)       # last beacon of any network that allows association
        self.first_heard_s = np.full(nodes, np.inf)    # first beacon since it has been looking for a network
        self.asked_until_s = np.full(nodes, -np.inf)
        self.refused_until_s = np.full((len(coordinators), nodes), -np.inf)
        self.has_mains = np.ones(nodes, np.bool_)
        self.departures: list[Departure] = []
        for network, node in enumerate(coordinators):
            self.make_coordinator(node, network)

    def make_coordinator(self, node: int, network: int) -> None:
        self.home[node] = network
        self.tei[node] = CCO_TEI
        self.role[node] = Role.CCO
        self.level[node] = 0
        self.path_success[node] = 1.0

    def is_joined(self, node: int) -> bool:
        return bool(self.home[node] != NOWHERE)

    def device(self, node: int) -> DeviceKind:
        return DeviceKind.THREE_PHASE_METER_UNIT if self.phases[node] == ALL_PHASES else DeviceKind.METER_UNIT

    def join(self, node: int, *, home: int, tei: int, proxy: int, level: int, sequence: int, path_success: float, now_s: float) -> None:
        """A station takes what the CCO gave it. Joining again where it already is keeps its role."""
        if self.home[node] != home:
            self.role[node] = Role.STA
            self.joined_s[node] = now_s
        self.home[node], self.tei[node], self.proxy[node], self.level[node] = home, tei, proxy, level
        self.sequence[node] = sequence
        self.path_success[node] = path_success
        self.beacon_s[node] = now_s

    def leave(self, node: int, reason: LeaveReason, now_s: float) -> None:
        """Back to looking for a network."""
        self.departures.append(Departure(at_s=now_s, node=node, reason=reason))
        self.home[node] = self.proxy[node] = NOWHERE
        self.tei[node] = self.level[node] = 0
        self.role[node] = Role.UNJOINED
        self.path_success[node] = 0.0
        self.first_heard_s[node] = np.inf
        self.asked_until_s[node] = -np.inf

    def way_up(self, node: int) -> list[int]:
        """The nodes above, as each knows its own proxy; ends early where one does not, or where they go round."""
        found: list[int] = []
        at = int(self.proxy[node])
        while at != NOWHERE and at not in found:
            found.append(at)
            at = int(self.proxy[at])
        return found
