"""The simulated HPLC network behind a CCO and its stations: adapts ``simulator.hplc.network`` to ``CarrierNetwork``."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from simulator.hplc.cco.carrier import Arrived, Member
from simulator.hplc.cco.meter_station import AnswerMeter, MeterStation, StationPort, StationSettings
from simulator.hplc.network import Delivered, DeviceKind, Network, Role, SendType

_BROADCAST_LINK, _READ_LINK = 1, 1
_DIGITS = 12
USUAL_STATION = StationSettings()


class NetworkCarrier:
    """The side of one CCO (``coordinator``: its number in the network). It sees the CCO's own tables and what arrives at its node.

    Addresses of modules are those of their meters, as twelve digits.
    """

    def __init__(self, network: Network, *, coordinator: int = 0) -> None:
        self.network = network
        self._own = network.coordinators[coordinator]
        self._number = coordinator
        self._arrived: list[Arrived] = []
        self._address_of: dict[int, str] = {}
        self._refusals_seen = 0
        network.attach(self._own.node, self)

    @property
    def now_s(self) -> float:
        return self.network.now_s

    @property
    def nid(self) -> int:
        return self._own.nid

    @property
    def band(self) -> int:
        return self.network.links.band

    def run_until(self, time_s: float) -> None:
        self.network.run_until(time_s)

    def take_arrived(self) -> list[Arrived]:
        taken, self._arrived = self._arrived, []
        return taken

    def take_refused(self) -> list[str]:
        """The network notes a refusal when the station hears of it: a moment after the CCO decided."""
        refusals = self.network.association.refusals
        new, self._refusals_seen = refusals[self._refusals_seen :], len(refusals)
        return [_text(int(self.network.stations.macs[node])) for _, node, _ in new]

    def send(self, address: str, payload: bytes) -> bool:
        node = self._node(address)
        if node is None:
            return False
        self.network.send(self._own.node, node, payload, link_id=_READ_LINK)
        return True

    def broadcast(self, payload: bytes) -> None:
        self.network.send(self._own.node, self._own.node, payload, send_type=SendType.NETWORK_BROADCAST, link_id=_BROADCAST_LINK)

    def members(self) -> Sequence[Member]:
        own = self._own
        children, offline = own.children(), set(own.offline(self.now_s).tolist())
        order = own.members[np.argsort(own.tei[own.members])]
        first = Member(address=_text(own.mac), tei=1, proxy_tei=0, level=0, role=int(Role.CCO))
        return [first, *(self._member(int(node), bool(children[node]), int(node) not in offline) for node in order)]

    def member(self, address: str) -> Member | None:
        node = self._node(address)
        return None if node is None else self._member(node, bool((self._own.proxy == node).any()), True)

    def address_of(self, tei: int) -> str | None:
        own = self._own
        self._address_of |= {int(own.tei[node]): _text(int(own.member_macs[node])) for node in own.members}
        return self._address_of.get(tei)

    def neighbour_nids(self) -> Sequence[int]:
        hears = self.network.links.hears
        return [other.nid for other in self.network.coordinators if other is not self._own and hears[other.node, self._own.node]]

    def allow(self, addresses: frozenset[str] | None) -> None:
        self._own.allows_association = addresses is None or len(addresses) > 0
        listed = None if addresses is None else frozenset(int(one) for one in addresses if one.isdecimal())
        self.network.set_white_list(self._number, listed)

    def identify_phases(self) -> None:
        self.network.phase_identification.collect(self._number, self._own.members.tolist())

    def restart(self) -> None:
        self._arrived.clear()
        self._address_of.clear()
        self.network.restart(self._number)

    def on_frame(self, delivered: Delivered) -> None:
        self._arrived.append(Arrived(
            at_s=delivered.at_s, sent_s=delivered.sent_s, address=_text(int(self.network.stations.macs[delivered.source])),
            tei=delivered.source_tei, payload=delivered.payload, is_broadcast=delivered.send_type is not SendType.UNICAST,
        ))

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        """The supply of the CCO's own UART side is the concentrator's affair."""

    def on_lost(self, sequence: int, now_s: float) -> None:
        """A CCO is not told what was lost beyond its first hop; it finds out by waiting."""

    def _node(self, address: str) -> int | None:
        if not address.isdecimal():
            return None
        own = self._own
        found = np.flatnonzero((own.member_macs == int(address)) & (own.tei > 1))
        return int(found[0]) if len(found) else None

    def _member(self, node: int, has_children: bool, is_online: bool) -> Member:
        own = self._own
        proxy = int(own.proxy[node])
        return Member(
            address=_text(int(own.member_macs[node])), tei=int(own.tei[node]), proxy_tei=int(own.tei[proxy]) if proxy >= 0 else 0,
            level=int(own.level[node]), role=int(Role.PCO if has_children else Role.STA),
            phase=self.network.phase_identification.identified.get(node, 0),
            is_three_phase=bool(own.device[node] == DeviceKind.THREE_PHASE_METER_UNIT), is_online=is_online,
        )


class StationNode:
    """The module in a meter as an application of a node; the outage service goes above it (``OutageStation(..., beneath=this)``)."""

    def __init__(
        self, network: Network, node: int, answer: AnswerMeter, *, settings: StationSettings = USUAL_STATION, seed: int = 0,
        owner: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._network, self._node = network, node
        self.station = MeterStation(
            _text(int(network.stations.macs[node])), answer, StationPort(self._send_up, self._call_later), settings=settings,
            chance=random.Random(seed * 4096 + node), owner=owner,
        )

    def on_frame(self, delivered: Delivered) -> None:
        self.station.take(delivered.payload)

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        if has_mains:
            self.station.is_supplied = True
        else:
            self.station.lose_supply()

    def on_lost(self, sequence: int, now_s: float) -> None:
        """The CCO asks again."""

    def _send_up(self, payload: bytes) -> None:
        home = int(self._network.stations.home[self._node])
        if home >= 0:
            self._network.send(self._node, self._network.coordinators[home].node, payload)

    def _call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        self._network.call_at(self._network.now_s + delay_s, call)


def _text(mac: int) -> str:
    return f"{mac:0{_DIGITS}d}"
