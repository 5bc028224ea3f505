"""Keeping the tree: discovery lists, heartbeats, success-rate reports, route periods, stations that leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.hplc.mac.beacons import BeaconReception
from simulator.hplc.mac.period import BeaconKind
from simulator.hplc.network.link_counts import LinkCounts
from simulator.hplc.network.messages import DiscoveryList, Heartbeat, LeaveReason, Msdu, RateReport, SendType
from simulator.hplc.network.settings import HEARTBEATS_PER_ROUTE_PERIOD, LAST_LEVEL, LISTS_PER_ROUTE_PERIOD, REPORT_ROUTE_PERIODS
from simulator.hplc.network.shared import Shared
from simulator.hplc.network.stations import NOWHERE, Role

_LINK_ID = 0
_MOST_CHILDREN = 64         # of one report: it has to fit into one frame


class Upkeep:
    """Due times are columns, looked at once a beacon period; what falls into it is sent at its own time."""

    def __init__(self, shared: Shared, counts: LinkCounts) -> None:
        nodes = len(shared.stations.macs)
        self._shared = shared
        self._counts = counts
        self._list_due_s = np.full(nodes, np.inf)
        self._heartbeat_due_s = np.full(nodes, np.inf)
        self._report_due_s = np.full(nodes, np.inf)
        self._heard = np.zeros((nodes, nodes), np.bool_)
        self._dead_periods = np.zeros(nodes, np.int16)

    def begin_period(self, begin_s: float, end_s: float) -> None:
        """Ask the timeline for what is due in this beacon period."""
        stations, rng = self._shared.stations, self._shared.rng
        joined = (stations.home != NOWHERE) & stations.has_mains
        is_proxy = joined & (stations.role == Role.PCO)
        route_s = self._shared.coordinators[0].settings.route_period_s
        for due_s, every_s, who, act in (
            (self._list_due_s, route_s / LISTS_PER_ROUTE_PERIOD, joined, self._send_list),
            (self._heartbeat_due_s, route_s / HEARTBEATS_PER_ROUTE_PERIOD, is_proxy, self._send_heartbeat),
            (self._report_due_s, route_s * REPORT_ROUTE_PERIODS, is_proxy, self._send_report),
        ):
            due_s[~who] = np.inf
            new = np.flatnonzero(who & np.isinf(due_s))
            due_s[new] = begin_s + rng.random(len(new)) * every_s
            for node in np.flatnonzero(due_s < end_s):
                while due_s[node] < end_s:
                    self._shared.timeline.at(float(due_s[node]), act, int(node))
                    # a little less than the period: "at least" so many
                    due_s[node] += every_s * (0.9 + 0.1 * float(rng.random()))

    def after_beacons(self, receptions: Sequence[BeaconReception]) -> None:
        """Stations take their level from their proxy's beacon, and leave when it tells them to."""
        stations, now_s = self._shared.stations, self._shared.now_s
        self._counts.beacons(receptions)
        for network, reception in enumerate(receptions):
            sequence = self._shared.coordinators[network].sequence
            own = stations.home == network
            stations.beacon_s[reception.informed & own] = now_s
            for place in np.flatnonzero(reception.sent):
                slot = reception.slots[place]
                sender = slot.sender
                if slot.kind is not BeaconKind.CENTRAL:
                    stations.role[sender] = Role.PCO if slot.kind is BeaconKind.PROXY else Role.STA    # the CCO knows who has children
                children = reception.decoded[place] & own & (stations.proxy == sender)
                stations.level[children] = stations.level[sender] + 1
                self._heard[:, sender] |= reception.decoded[place]
            changed = reception.informed & own & (stations.sequence != sequence) & (stations.role != Role.CCO)
            for node in np.flatnonzero(changed):
                stations.leave(int(node), LeaveReason.NETWORK_RESTARTED, now_s)
            for node in np.flatnonzero(own & (stations.level > LAST_LEVEL)):
                stations.leave(int(node), LeaveReason.LEVEL, now_s)

    def end_route_period(self) -> None:
        """Counts become rates, rates become path success; stations that lost their way leave."""
        shared = self._shared
        stations, now_s = shared.stations, shared.now_s
        route_s = shared.coordinators[0].settings.route_period_s
        timers = shared.module.network
        self._counts.close_period(stations)
        joined = np.flatnonzero((stations.home != NOWHERE) & (stations.role != Role.CCO))
        for node in joined[np.argsort(stations.level[joined], kind="stable")]:
            proxy = stations.proxy[node]
            # who joined during the period was counted for a part of it only
            if now_s - stations.joined_s[node] < route_s:
                continue
            both = float(self._counts.rate[proxy, node] * self._counts.rate[node, proxy])
            stations.path_success[node] = stations.path_success[proxy] * self._counts.both[proxy, node]
            self._dead_periods[node] = self._dead_periods[node] + 1 if both == 0.0 else 0
            if self._dead_periods[node] >= timers.dead_proxy_route_periods:
                self._leave(int(node), LeaveReason.DEAD_PROXY)
        silent_s = timers.beacon_silence_route_periods * route_s
        for node in joined[now_s - stations.beacon_s[joined] > silent_s]:
            self._leave(int(node), LeaveReason.NO_BEACON)
        for node in joined:
            proxy = stations.proxy[node]
            if proxy != NOWHERE and stations.role[proxy] in (Role.STA, Role.UNJOINED):
                self._leave(int(node), LeaveReason.PROXY_NO_LONGER_PCO)
        for coordinator in shared.coordinators:
            coordinator.remove_silent(now_s)

    def on_list(self, msdu: Msdu, receivers: npt.NDArray[np.intp], now_s: float) -> None:
        stations = self._shared.stations
        own = receivers[stations.home[receivers] == stations.home[msdu.source]]
        self._counts.list_received(msdu.source, own)
        self._heard[own, msdu.source] = True
        for coordinator in self._shared.coordinators:
            if coordinator.node in own:
                self._saw_member(coordinator.network, msdu.source, now_s)

    def on_heartbeat(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        """Passed on with one's own heartbeat; at the CCO they are signs of life."""
        heartbeat = msdu.body
        assert isinstance(heartbeat, Heartbeat)
        self._heard[receiver] |= heartbeat.heard
        self._heard[receiver, msdu.source] = True
        stations = self._shared.stations
        if stations.role[receiver] == Role.CCO:
            coordinator = self._shared.coordinators[int(stations.home[receiver])]
            coordinator.saw(self._heard[receiver] & (coordinator.tei > 0), now_s)
            self._heard[receiver] = False

    def on_report(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        report = msdu.body
        assert isinstance(report, RateReport)
        coordinator = self._shared.coordinators[int(self._shared.stations.home[receiver])]
        coordinator.child_down[list(report.children)] = report.down
        coordinator.child_up[list(report.children)] = report.up
        self._saw_member(coordinator.network, msdu.source, now_s)

    def _saw_member(self, network: int, node: int, now_s: float) -> None:
        coordinator = self._shared.coordinators[network]
        if coordinator.tei[node]:
            coordinator.saw(node, now_s)

    def _send_list(self, node: int) -> None:
        stations = self._shared.stations
        if not stations.is_joined(node) or not stations.has_mains[node]:
            return
        # head 12, a bit for every TEI in use, received counts of 32 bytes
        highest = int(stations.tei.max())
        body = DiscoveryList(length_bytes=12 + highest // 8 + 32)
        self._counts.list_sent(node)
        self._shared.relay.send(node, NOWHERE, body, body.length_bytes, link_id=_LINK_ID, send_type=SendType.LOCAL_BROADCAST)

    def _send_heartbeat(self, node: int) -> None:
        stations = self._shared.stations
        proxy = int(stations.proxy[node])
        if proxy == NOWHERE or not stations.has_mains[node]:
            return
        body = Heartbeat(heard=self._heard[node].copy(), length_bytes=8 + int(stations.tei.max()) // 8)
        self._heard[node] = False
        self._shared.relay.send(node, proxy, body, body.length_bytes, link_id=_LINK_ID, first_hop=proxy)

    def _send_report(self, node: int) -> None:
        stations, counts = self._shared.stations, self._counts
        if not stations.is_joined(node):
            return
        owner = self._shared.coordinators[int(stations.home[node])].node
        all_children = np.flatnonzero(stations.proxy == node)
        for first in range(0, len(all_children), _MOST_CHILDREN):
            children = all_children[first:first + _MOST_CHILDREN]
            body = RateReport(
                children=tuple(int(child) for child in children), down=tuple(counts.rate[node, children].tolist()),
                up=tuple(counts.rate[children, node].tolist()),
            )
            self._shared.relay.send(node, owner, body, body.length_bytes, link_id=_LINK_ID)

    def _leave(self, node: int, reason: LeaveReason) -> None:
        if self._shared.stations.is_joined(node):
            self._shared.stations.leave(node, reason, self._shared.now_s)
            self._dead_periods[node] = 0
