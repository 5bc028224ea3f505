"""What a CCO knows and decides: who may join, TEIs, the tree as it believes it to be, whose beacons the next period carries."""

from __future__ import annotations

from math import ceil

import numpy as np
import numpy.typing as npt

from simulator.hplc.mac.period import LONGEST_PERIOD_S, BeaconRequest, PeriodSettings
from simulator.hplc.network.assumptions import BEACON_SHARE, FORMED_AFTER_S
from simulator.hplc.network.messages import Admission, DeviceKind, Result
from simulator.hplc.network.rates import BeaconModes
from simulator.hplc.network.settings import (
    BEACONS_PER_170_S,
    FIRST_TEI,
    HEARTBEAT_CYCLE_ROUTE_PERIODS,
    LAST_TEI,
    OFFLINE_CYCLES,
    REMOVED_CYCLES,
    NetworkSettings,
)

_NONE = -1


class Coordinator:
    """Columns over nodes; ``tei`` 0 where a node is no member. All of it comes from messages, nothing from the stations themselves."""

    def __init__(self, *, network: int, node: int, mac: int, nid: int, nodes: int, settings: NetworkSettings) -> None:
        self.network, self.node, self.mac, self.nid = network, node, mac, nid
        self.settings = settings
        self.white_list = settings.white_list
        self.sequence = 0
        self.allows_association = True
        self.tei = np.zeros(nodes, np.int16)
        self.proxy = np.full(nodes, _NONE, np.int16)
        self.level = np.zeros(nodes, np.int16)
        self.seen_s = np.full(nodes, -np.inf)
        self.beacon_asked_s = np.full(nodes, -np.inf)
        self.child_down = np.full(nodes, np.nan)
        self.child_up = np.full(nodes, np.nan)
        self.removed = 0
        self.last_change_s = -np.inf
        self.member_macs = np.zeros(nodes, np.int64)
        self.device = np.zeros(nodes, np.int8)
        self.tei[node] = 1

    @property
    def members(self) -> npt.NDArray[np.intp]:
        """Nodes of all stations in the table, without the CCO."""
        is_station = self.tei > 0
        is_station[self.node] = False
        return np.flatnonzero(is_station)

    def restart(self) -> None:
        """The CCO lost its memory: the next network has another sequence number, which tells its stations to join anew."""
        self.sequence = (self.sequence + 1) % 256
        for node in self.members:
            self._forget(int(node))

    def children(self) -> npt.NDArray[np.intp]:
        """How many stations have each node as their proxy, shape (n,)."""
        behind = self.proxy[self.proxy != _NONE]
        return np.bincount(behind, minlength=len(self.proxy))

    def admit(self, node: int, mac: int, proxy: int, now_s: float, *, device: DeviceKind = DeviceKind.METER_UNIT) -> Admission:
        """Judge an association request that arrived through ``proxy``."""
        result = self._judge(node, mac, proxy)
        if not result.is_ok:
            return Admission(mac=mac, result=result, tei=0, level=0)
        if result is Result.OK:
            taken = set(self.tei.tolist())
            self.tei[node] = next(tei for tei in range(FIRST_TEI, LAST_TEI + 1) if tei not in taken)
            self.member_macs[node] = mac
            self.device[node] = device
            self.beacon_asked_s[node] = -np.inf
        self._move(node, proxy)
        self.seen_s[node] = self.last_change_s = now_s
        return Admission(mac=mac, result=result, tei=int(self.tei[node]), level=int(self.level[node]))

    def change_proxy(self, node: int, proxy: int, now_s: float) -> Result:
        """A member wants another proxy; what is behind it moves along."""
        if not self.tei[node] or not self.tei[proxy]:
            return Result.COORDINATOR_ERROR
        if node == proxy or node in self.way_up(proxy):
            return Result.CHILD_AS_PROXY if self.proxy[proxy] == node else Result.LOOP
        if self.level[proxy] + len(self.generations(node)) > self.settings.last_level:
            return Result.TOO_DEEP
        self._move(node, proxy)
        self.seen_s[node] = now_s
        return Result.OK

    def way_up(self, node: int) -> list[int]:
        """The nodes above a member, the last of them the CCO, as the CCO believes."""
        found: list[int] = []
        at = int(self.proxy[node])
        while at != _NONE and at not in found:
            found.append(at)
            at = int(self.proxy[at])
        return found

    def path_to(self, node: int) -> tuple[int, ...]:
        """Hops from the CCO down to a member; empty when it is none."""
        if not self.tei[node]:
            return ()
        return (*reversed(self.way_up(node)[:-1]), node)

    def generations(self, node: int) -> list[npt.NDArray[np.intp]]:
        """A node, its children, their children and so on: as many as there are levels from the node down."""
        found = [np.array([node], np.intp)]
        while len(found[-1]):
            found.append(np.flatnonzero(np.isin(self.proxy, found[-1])))
        return found[:-1]

    def is_listed(self, mac: int) -> bool:
        """Whether the white list lets this address in; it does while it is off."""
        return self.white_list is None or mac in self.white_list

    def saw(self, nodes: npt.NDArray[np.bool_] | int, now_s: float) -> None:
        """Sign of life of one node or of a mask of nodes."""
        self.seen_s[nodes] = now_s

    def offline(self, now_s: float) -> npt.NDArray[np.intp]:
        """Members that were silent for a heartbeat cycle."""
        members = self.members
        return members[now_s - self.seen_s[members] > self._cycles_s(OFFLINE_CYCLES)]

    def remove_silent(self, now_s: float) -> None:
        """Members that were silent for four heartbeat cycles count as not joined."""
        members = self.members
        for node in members[now_s - self.seen_s[members] > self._cycles_s(REMOVED_CYCLES)]:
            self._forget(int(node))
            self.removed += 1

    def forget(self, node: int) -> None:
        """Strike a member from the table (it left, or was told to)."""
        if self.tei[node] and node != self.node:
            self._forget(node)

    def period_settings(self, now_s: float, *, modes: BeaconModes, networks: int) -> PeriodSettings:
        """The next period, longer than set where the beacons of all proxies and of new stations would not fit into their share of it."""
        is_formed = now_s - self.last_change_s > FORMED_AFTER_S and len(self.members) > 0
        own = self.settings
        duration_s = own.period_s if is_formed else own.forming_period_s
        while duration_s < LONGEST_PERIOD_S:
            proxies, others = self._by_kind()
            wanted = len(proxies) + self._turn(others, duration_s)
            if modes.most_entries(duration_s * BEACON_SHARE / networks, wanted) == modes.most_entries(LONGEST_PERIOD_S, wanted):
                break
            duration_s = min(duration_s + 1.0, LONGEST_PERIOD_S)
        return PeriodSettings(
            duration_s=duration_s, csma_phases=own.csma_phases, csma_slice_s=own.csma_slice_s, tdma_owners=own.tdma_owners,
            tdma_slot_s=own.tdma_slot_s, bound_s=own.bound_s,
        )

    def beacons(self, now_s: float, duration_s: float, *, modes: BeaconModes, networks: int) -> BeaconRequest:
        """Proxies every period, upper levels first so that each hears the schedule before its slot; stations in turn, new ones first.

        What does not fit into the share of beacons waits for the next period: whoever waited longest goes first, and proxies leave half of
        the slots to stations that want them, or a large network would stop growing.
        """
        proxies, others = self._by_kind()
        turn = self._turn(others, duration_s)
        slots = modes.most_entries(duration_s * BEACON_SHARE / networks, len(proxies) + turn)
        proxies = self._longest_waiting(proxies, max(slots - turn, slots // 2))
        others = self._longest_waiting(others, slots - len(proxies))
        self.beacon_asked_s[proxies] = self.beacon_asked_s[others] = now_s
        tmi = modes.mode_for(len(proxies) + len(others))
        assert tmi is not None
        return BeaconRequest(coordinator=self.node, proxies=self._by_level(proxies), discovery=self._by_level(others), tmi=tmi)

    def _judge(self, node: int, mac: int, proxy: int) -> Result:
        own = self.settings
        if not self.is_listed(mac):
            return Result.NOT_IN_WHITE_LIST
        if mac in own.black_list:
            return Result.BLACK_LIST
        if bool(((self.member_macs == mac) & (self.tei > 0)).any()) and (not self.tei[node] or self.member_macs[node] != mac):
            return Result.DUPLICATE_MAC
        if not self.tei[proxy] or node in (proxy, *self.way_up(proxy)):
            return Result.LOOP
        if self.level[proxy] >= own.last_level:
            return Result.TOO_DEEP
        children = self.children()
        if children[proxy] >= own.max_children:
            return Result.TOO_MANY_CHILDREN
        if not children[proxy] and proxy != self.node and int((children > 0).sum()) - 1 >= own.max_proxies:
            return Result.TOO_MANY_PROXIES
        if not self.tei[node] and len(self.members) >= own.max_stations:
            return Result.TOO_MANY_STATIONS
        return Result.AGAIN_OK if self.tei[node] else Result.OK

    def _move(self, node: int, proxy: int) -> None:
        """What is behind the node moves along."""
        self.proxy[node] = proxy
        for below, nodes in enumerate(self.generations(node), start=1):
            self.level[nodes] = self.level[proxy] + below

    def _forget(self, node: int) -> None:
        self.tei[node] = self.level[node] = 0
        self.proxy[node] = _NONE
        self.seen_s[node] = -np.inf
        self.child_down[node] = self.child_up[node] = np.nan

    def _cycles_s(self, cycles: int) -> float:
        return cycles * HEARTBEAT_CYCLE_ROUTE_PERIODS * self.settings.route_period_s

    def _by_kind(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Members with and without children."""
        members = self.members
        has_children = self.children()[members] > 0
        return members[has_children], members[~has_children]

    def _turn(self, others: npt.NDArray[np.intp], duration_s: float) -> int:
        """How many of these should send a beacon in a period: all new ones, or so many that everyone comes round in time."""
        new = int(np.isinf(self.beacon_asked_s[others]).sum())
        return max(ceil(len(others) * BEACONS_PER_170_S * duration_s / 170.0), new)

    def _longest_waiting(self, nodes: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
        return nodes[np.argsort(self.beacon_asked_s[nodes], kind="stable")[:max(count, 0)]]

    def _by_level(self, nodes: npt.NDArray[np.intp]) -> list[int]:
        return [int(node) for node in nodes[np.argsort(self.level[nodes], kind="stable")]]
