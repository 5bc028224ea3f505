"""Joining: which beacon a station answers, the request through the chosen proxy, results gathered on the way back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.hplc.mac.beacons import BeaconReception
from simulator.hplc.network.assumptions import GOOD_LINK, HOP_FACTOR, MANAGEMENT_MODE, NEW_PROXY_FACTOR, PATIENCE_PERIODS, WORST_LINK
from simulator.hplc.network.messages import Admission, AssociationRequest, GatherIndication, Msdu, Result, SendType
from simulator.hplc.network.settings import LAST_LEVEL
from simulator.hplc.network.shared import Shared
from simulator.hplc.network.stations import NOWHERE, Role

_LINK_ID = 2                # management that a station waits for
_MOST_ADMISSIONS = 40       # of one indication: it has to fit into one PB of 520 bytes


class Association:
    """Both sides of it: stations that look for a network, and CCOs that admit them."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._results: dict[tuple[int, int], list[tuple[int, Admission]]] = {}
        self._mac_nodes = {int(mac): node for node, mac in reversed(list(enumerate(shared.stations.macs)))}
        self._tried: dict[int, set[int]] = {}
        self.refusals: list[tuple[float, int, Result]] = []

    def after_beacons(self, receptions: Sequence[BeaconReception], period_s: float) -> None:
        """Stations without a network choose whom to ask, from the beacons of this period that allow association."""
        shared = self._shared
        stations, now_s = shared.stations, shared.now_s
        seekers = np.flatnonzero((stations.home == NOWHERE) & stations.has_mains & (stations.asked_until_s <= now_s))
        if not len(seekers):
            return
        best, chosen = np.zeros(len(seekers)), np.full(len(seekers), NOWHERE)
        link_of_best = np.zeros(len(seekers))
        for network, reception in enumerate(receptions):
            if not shared.coordinators[network].allows_association:
                continue
            heard = reception.decoded[:, seekers]
            senders = np.array([slot.sender for slot in reception.slots])
            stations.allowed_s[seekers[heard.any(axis=0)]] = now_s
            heard = heard & (stations.refused_until_s[network, seekers] <= now_s)
            heard &= (stations.level[senders] < LAST_LEVEL)[:, None] & (stations.home[senders] == network)[:, None]
            # the quality of a beacon tells one direction; until lists are exchanged the other is taken to be like it
            link = shared.links.success[MANAGEMENT_MODE][np.ix_(senders, seekers)] ** 2
            promise = stations.path_success[senders] * HOP_FACTOR ** stations.level[senders]
            promise[stations.role[senders] == Role.STA] *= NEW_PROXY_FACTOR      # the kind of its beacon says that it has no children
            score = np.where(heard & (link > WORST_LINK), link * promise[:, None], 0.0)
            self._leave_out_tried(seekers, senders, score)
            place = score.argmax(axis=0)
            columns = np.arange(len(seekers))
            better = score[place, columns] > best
            best[better] = score[place, columns][better]
            chosen[better] = senders[place[better]]
            link_of_best[better] = link[place, columns][better]
        found = chosen != NOWHERE
        stations.first_heard_s[seekers[found]] = np.minimum(stations.first_heard_s[seekers[found]], now_s)
        waited_s = now_s - stations.first_heard_s[seekers]
        ready = found & ((link_of_best >= GOOD_LINK) | (waited_s >= PATIENCE_PERIODS * period_s))
        timers = shared.module.network
        for node, proxy in zip(seekers[ready], chosen[ready], strict=True):
            delay_s = float(shared.rng.random()) * timers.association_spread_s
            stations.asked_until_s[node] = now_s + delay_s + timers.association_timeout_s
            shared.timeline.at(now_s + delay_s, self._ask, int(node), int(proxy))

    def on_request(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        """At the CCO: decide now, answer with all that is decided about stations behind the same proxy within the gathering time."""
        request = msdu.body
        assert isinstance(request, AssociationRequest)
        shared = self._shared
        network = int(shared.stations.home[receiver])
        admission = shared.coordinators[network].admit(msdu.source, request.mac, request.proxy, now_s, device=request.device)
        gathered = self._results.setdefault((network, request.proxy), [])
        if not gathered:
            shared.timeline.at(now_s + shared.module.network.gather_s, self._answer, network, request.proxy)
        gathered.append((msdu.source, admission))

    def on_gathered(self, msdu: Msdu, receivers: npt.NDArray[np.intp], now_s: float) -> None:
        """At a proxy: pass results on to the stations. At a station: take one's own."""
        indication = msdu.body
        assert isinstance(indication, GatherIndication)
        stations = self._shared.stations
        if msdu.send_type is SendType.UNICAST and int(receivers[0]) == indication.proxy:
            self._hand_out(indication)
            return
        by_mac = {admission.mac: admission for admission in indication.admissions}
        for node in receivers:
            admission = by_mac.get(int(stations.macs[node]))
            if admission is not None and stations.has_mains[node]:
                self._take(int(node), indication, admission, now_s)

    def _ask(self, node: int, proxy: int) -> None:
        shared = self._shared
        stations = shared.stations
        if stations.is_joined(node) or not stations.has_mains[node]:
            return
        home = int(stations.home[proxy])
        if home == NOWHERE:
            return
        self._tried.setdefault(node, set()).add(proxy)
        request = AssociationRequest(mac=int(stations.macs[node]), proxy=proxy, device=stations.device(node))
        shared.relay.send(node, shared.coordinators[home].node, request, request.length_bytes, link_id=_LINK_ID, first_hop=proxy)

    def _leave_out_tried(self, seekers: npt.NDArray[np.intp], senders: npt.NDArray[np.intp], score: npt.NDArray[np.float64]) -> None:
        """A link may be good in one direction only: whom a station asked in vain it asks again when there is nobody else."""
        for column, node in enumerate(seekers):
            tried = self._tried.get(int(node))
            if tried:
                others = np.where(np.isin(senders, list(tried)), 0.0, score[:, column])
                if others.any():
                    score[:, column] = others
                elif score[:, column].any():
                    tried.clear()

    def _answer(self, network: int, proxy: int) -> None:
        shared = self._shared
        decided = self._results.pop((network, proxy))
        coordinator = shared.coordinators[network]
        latest = tuple({node: admission for node, admission in decided}.values())
        for first in range(0, len(latest), _MOST_ADMISSIONS):
            indication = GatherIndication(network=network, sequence=coordinator.sequence, proxy=proxy,
                                          admissions=latest[first:first + _MOST_ADMISSIONS])
            if proxy == coordinator.node:
                self._hand_out(indication)
            else:
                shared.relay.send(coordinator.node, proxy, indication, indication.length_bytes, link_id=_LINK_ID)

    def _hand_out(self, indication: GatherIndication) -> None:
        """The last hop: to one station acknowledged, to several by one broadcast."""
        shared = self._shared
        stations, proxy = shared.stations, indication.proxy
        if stations.role[proxy] == Role.STA and any(admission.result.is_ok for admission in indication.admissions):
            stations.role[proxy] = Role.PCO
        first = self._mac_nodes[indication.admissions[0].mac]
        if len(indication.admissions) == 1:
            shared.relay.send(proxy, first, indication, indication.length_bytes, link_id=_LINK_ID, first_hop=first)
        else:
            shared.relay.send(proxy, NOWHERE, indication, indication.length_bytes, link_id=_LINK_ID, send_type=SendType.LOCAL_BROADCAST)

    def _take(self, node: int, indication: GatherIndication, admission: Admission, now_s: float) -> None:
        shared = self._shared
        stations, proxy = shared.stations, indication.proxy
        if not admission.result.is_ok:
            self.refusals.append((now_s, node, admission.result))
            stations.refused_until_s[indication.network, node] = now_s + shared.module.network.refused_wait_s
            stations.asked_until_s[node] = now_s
            return
        self._tried.pop(node, None)
        link = float(shared.links.success[MANAGEMENT_MODE][proxy, node]) ** 2
        stations.join(
            node, home=indication.network, tei=admission.tei, proxy=proxy, level=admission.level, sequence=indication.sequence,
            path_success=float(stations.path_success[proxy]) * link, now_s=now_s,
        )
