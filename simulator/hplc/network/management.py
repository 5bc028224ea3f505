"""Which part of the network takes which management message."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.hplc.network.association import Association
from simulator.hplc.network.identify import PhaseIdentification
from simulator.hplc.network.messages import (
    AssociationRequest,
    ConflictReport,
    DiscoveryList,
    GatherIndication,
    Heartbeat,
    LeaveIndication,
    Msdu,
    ProxyChangeConfirm,
    ProxyChangeRequest,
    RateReport,
    ZeroCrossCollect,
    ZeroCrossReport,
)
from simulator.hplc.network.neighbours import Neighbours
from simulator.hplc.network.proxy_change import ProxyChange
from simulator.hplc.network.shared import Shared
from simulator.hplc.network.stations import Role
from simulator.hplc.network.upkeep import Upkeep


class Management:
    """Hands messages out; a unicast message that a station alone should get is no business of a CCO and the other way round."""

    def __init__(
        self, shared: Shared, association: Association, upkeep: Upkeep, proxy_change: ProxyChange, neighbours: Neighbours,
        identification: PhaseIdentification,
    ) -> None:
        self._shared = shared
        self._association = association
        self._upkeep = upkeep
        self._at_coordinator = {
            AssociationRequest: association.on_request, ProxyChangeRequest: proxy_change.on_request, RateReport: upkeep.on_report,
            ConflictReport: neighbours.on_report, ZeroCrossReport: identification.on_report,
        }
        self._at_station = {
            ProxyChangeConfirm: proxy_change.on_confirm, LeaveIndication: self._on_leave, ZeroCrossCollect: identification.on_collect,
        }

    def deliver(self, msdu: Msdu, receivers: npt.NDArray[np.intp], now_s: float) -> None:
        kind = type(msdu.body)
        if kind is DiscoveryList:
            self._upkeep.on_list(msdu, receivers, now_s)
            return
        if kind is GatherIndication:
            self._association.on_gathered(msdu, receivers, now_s)
            return
        receiver = int(receivers[0])
        if kind is Heartbeat:
            self._upkeep.on_heartbeat(msdu, receiver, now_s)
        elif self._shared.stations.role[receiver] == Role.CCO:
            self.saw(receiver, msdu.source, now_s)
            if kind in self._at_coordinator:
                self._at_coordinator[kind](msdu, receiver, now_s)
        elif kind in self._at_station:
            self._at_station[kind](msdu, receiver, now_s)

    def saw(self, coordinator_node: int, node: int, now_s: float) -> None:
        """Any message of a member is a sign of life."""
        coordinator = self._shared.coordinators[int(self._shared.stations.home[coordinator_node])]
        if coordinator.tei[node]:
            coordinator.saw(node, now_s)

    def _on_leave(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        indication = msdu.body
        assert isinstance(indication, LeaveIndication)
        if self._shared.stations.is_joined(receiver):
            self._shared.stations.leave(receiver, indication.reason, now_s)
