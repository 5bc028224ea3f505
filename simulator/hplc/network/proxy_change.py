"""Stations that find a better way, or lose theirs, ask the CCO for another proxy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.hplc.network.assumptions import CHANGE_GAIN, CHANGE_SPREAD_S, HOP_FACTOR
from simulator.hplc.network.link_counts import LinkCounts
from simulator.hplc.network.messages import Msdu, ProxyChangeConfirm, ProxyChangeRequest, Result
from simulator.hplc.network.settings import LAST_LEVEL
from simulator.hplc.network.shared import Shared
from simulator.hplc.network.stations import NOWHERE, Role

_LINK_ID = 2


class ProxyChange:
    """After each route period for all stations; at once for one whose unicast frames to its proxy keep failing."""

    def __init__(self, shared: Shared, counts: LinkCounts) -> None:
        self._shared = shared
        self._counts = counts
        self._failures = np.zeros(len(shared.stations.macs), np.int16)
        self.changed = 0

    def end_route_period(self) -> None:
        shared = self._shared
        stations = shared.stations
        nodes = np.flatnonzero((stations.home != NOWHERE) & (stations.role != Role.CCO) & stations.has_mains)
        best, score = self._best(nodes, self._counts.both[:, nodes])
        proxy = stations.proxy[nodes]
        current = stations.path_success[proxy] * HOP_FACTOR ** stations.level[proxy] * self._counts.both[proxy, nodes]
        current[self._counts.rate[proxy, nodes] * self._counts.rate[nodes, proxy] == 0.0] = 0.0     # dead for a whole period: no memory
        for place in np.flatnonzero((score > current * CHANGE_GAIN) & (best != proxy)):
            delay_s = float(shared.rng.random()) * CHANGE_SPREAD_S
            shared.timeline.at(shared.now_s + delay_s, self._ask, int(nodes[place]), int(best[place]))

    def on_hop(self, sender: int, receiver: int, is_delivered: bool) -> None:
        """Outcome of a unicast frame; several failures in a row towards the proxy start the search for another."""
        stations = self._shared.stations
        if stations.proxy[sender] != receiver:
            return
        self._failures[sender] = 0 if is_delivered else self._failures[sender] + 1
        if self._failures[sender] < self._shared.module.network.proxy_failures:
            return
        self._failures[sender] = 0
        node = np.array([sender])
        known = self._known(node)
        known[receiver] = 0.0
        best, score = self._best(node, known)
        if score[0] > 0.0:
            self._ask(sender, int(best[0]))

    def on_request(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        request = msdu.body
        assert isinstance(request, ProxyChangeRequest)
        shared = self._shared
        coordinator = shared.coordinators[int(shared.stations.home[receiver])]
        result = coordinator.change_proxy(msdu.source, request.proxy, now_s)
        confirm = ProxyChangeConfirm(proxy=request.proxy, result=result, level=int(coordinator.level[msdu.source]))
        shared.relay.send(receiver, msdu.source, confirm, confirm.length_bytes, link_id=_LINK_ID)

    def on_confirm(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        """The station moves; those behind it take their level from its next beacon."""
        confirm = msdu.body
        assert isinstance(confirm, ProxyChangeConfirm)
        stations = self._shared.stations
        if confirm.result is not Result.OK or not stations.is_joined(receiver):
            return
        proxy = confirm.proxy
        if stations.role[proxy] == Role.STA:
            stations.role[proxy] = Role.PCO
        stations.proxy[receiver] = proxy
        stations.level[receiver] = confirm.level
        stations.path_success[receiver] = stations.path_success[proxy] * self._known(np.array([receiver]))[proxy, 0]
        self._failures[receiver] = 0
        self.changed += 1

    def _known(self, nodes: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """``both`` for each of ``nodes``, with what the route period that is running has shown already."""
        return np.maximum(self._counts.so_far(nodes), self._counts.both[:, nodes])

    def _best(
        self, nodes: npt.NDArray[np.intp], both: npt.NDArray[np.float32],
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
        """Best candidate of each node and what it promises; ``both`` [i, k] of candidate i and nodes[k]."""
        stations = self._shared.stations
        fit = (stations.level < LAST_LEVEL) & (stations.home != NOWHERE)
        promise = np.where(fit, stations.path_success * HOP_FACTOR ** stations.level, 0.0)
        score = promise[:, None] * both
        score[stations.home[:, None] != stations.home[nodes][None, :]] = 0.0
        score[stations.proxy[:, None] == nodes[None, :]] = 0.0      # one's own child; longer loops are seen by the CCO
        best = score.argmax(axis=0)
        return best, score[best, np.arange(len(nodes))]

    def _ask(self, node: int, proxy: int) -> None:
        shared = self._shared
        stations = shared.stations
        home = int(stations.home[node])
        if home == NOWHERE or stations.home[proxy] != home or stations.proxy[node] == proxy:
            return
        request = ProxyChangeRequest(proxy=proxy)
        shared.relay.send(node, shared.coordinators[home].node, request, request.length_bytes, link_id=_LINK_ID, first_hop=proxy)
