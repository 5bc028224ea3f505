"""MSDUs hop by hop over the tree, and broadcasts: once locally, or on by every proxy."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.hplc.mac.csma import Csma
from simulator.hplc.mac.frames import BROADCAST, Frame
from simulator.hplc.mac.timeline import Timeline
from simulator.hplc.network.coordinator import Coordinator
from simulator.hplc.network.messages import HEAD_BYTES, LONGEST_MSDU_BYTES, Hop, Msdu, SendType
from simulator.hplc.network.rates import Rates
from simulator.hplc.network.settings import LAST_LEVEL
from simulator.hplc.network.stations import NOWHERE, Role, Stations

_REMEMBERED = 256           # broadcasts of which each node knows whether it had them

Deliver = Callable[[Msdu, npt.NDArray[np.intp], int, float], None]


@dataclass(slots=True)
class RelayCounters:
    """``lost``: unicast messages that ended on the way as far as a sender knows: no way, queue full, sends exhausted."""

    sent: int = 0
    delivered: int = 0
    lost: int = 0
    relayed: int = 0


class Relay:
    """Listener of the MAC, which it therefore gets later than its other parts.

    ``deliver(msdu, receivers, hops, now_s)`` is told what has arrived, ``on_hop(frame, is_delivered)`` the end of each unicast hop.
    """

    def __init__(
        self, csma_of: Callable[[], Csma], timeline: Timeline, stations: Stations, coordinators: list[Coordinator], rates: Rates, *,
        send_limit: int, deliver: Deliver, on_hop: Callable[[Frame, bool], None], on_lost: Callable[[Msdu], None],
    ) -> None:
        self.counters = RelayCounters()
        self._csma_of = csma_of
        self._timeline = timeline
        self._stations = stations
        self._coordinators = coordinators
        self._rates = rates
        self._send_limit = send_limit
        self._deliver = deliver
        self._on_hop = on_hop
        self._on_lost = on_lost
        self._sequence = 0
        self._reached: OrderedDict[int, npt.NDArray[np.bool_]] = OrderedDict()

    def send(
        self, source: int, destination: int, body: object, length_bytes: int, *, send_type: SendType = SendType.UNICAST, link_id: int = 1,
        is_application: bool = False, first_hop: int | None = None,
    ) -> Msdu:
        """Start a message. ``first_hop``: neighbour to which a unicast goes first, for stations that have no proxy yet.

        A message without a way counts as lost at once. Raises ValueError for a message that does not fit into one frame.
        """
        rates = self._rates
        carried = rates.longest_unicast if send_type is SendType.UNICAST else rates.longest_broadcast
        longest = min(LONGEST_MSDU_BYTES, carried - HEAD_BYTES)
        if not 0 < length_bytes <= longest:
            raise ValueError(f"such an MSDU has 1 to {longest} bytes in this band, not {length_bytes}")
        self._sequence += 1
        self.counters.sent += 1
        msdu = Msdu(
            source=source, destination=destination, source_tei=int(self._stations.tei[source]), send_type=send_type, link_id=link_id,
            sequence=self._sequence, length_bytes=length_bytes, body=body, is_application=is_application,
            created_s=self._timeline.now_s,
        )
        if send_type is not SendType.UNICAST:
            self._remember(msdu)[source] = True
            self._put(source, BROADCAST, Hop(msdu=msdu, path=(), hops=1))
            return msdu
        path = (first_hop,) if first_hop is not None else self._way(source, destination)
        if path:
            self._put(source, path[0], Hop(msdu=msdu, path=path[1:], hops=1))
        else:
            self._lose(msdu)
        return msdu

    def on_received(self, frame: Frame, receivers: npt.NDArray[np.intp], now_s: float) -> None:
        hop = frame.body
        assert isinstance(hop, Hop)
        msdu = hop.msdu
        if msdu.send_type is not SendType.UNICAST:
            self._broadcast_arrived(hop, receivers, now_s)
            return
        receiver = int(receivers[0])
        if receiver == msdu.destination:
            self.counters.delivered += 1
            self._deliver(msdu, receivers, hop.hops, now_s)
            return
        path = hop.path or self._way(receiver, msdu.destination)
        if not path or hop.hops > 2 * LAST_LEVEL:
            self._lose(msdu)
            return
        self.counters.relayed += 1
        self._put(receiver, path[0], Hop(msdu=msdu, path=path[1:], hops=hop.hops + 1))

    def on_sent(self, frame: Frame, is_delivered: bool, now_s: float) -> None:
        if frame.is_broadcast:
            return
        self._on_hop(frame, is_delivered)
        if not is_delivered:
            hop = frame.body
            assert isinstance(hop, Hop)
            self._lose(hop.msdu)

    def _way(self, node: int, destination: int) -> tuple[int, ...]:
        """Down: the whole way, from the table of the CCO, with which the tables of its proxies agree [I]. Up: the own proxy."""
        home = int(self._stations.home[node])
        if home == NOWHERE:
            return ()
        if self._stations.role[node] == Role.CCO:
            return self._coordinators[home].path_to(destination)
        above = int(self._stations.proxy[node])
        return (above,) if destination == self._coordinators[home].node and above != NOWHERE else ()

    def _put(self, node: int, receiver: int, hop: Hop) -> None:
        msdu = hop.msdu
        length_bytes = msdu.length_bytes + HEAD_BYTES
        if receiver == BROADCAST:
            tmi, pbs = self._rates.broadcast(length_bytes)
        else:
            tmi, pbs = self._rates.unicast(node, receiver, length_bytes)
        frame = Frame(sender=node, receiver=receiver, link_id=msdu.link_id, tmi=tmi, pbs=pbs, length_bytes=length_bytes,
                      send_limit=self._send_limit, body=hop)
        if not self._csma_of().enqueue(frame) and receiver != BROADCAST:
            self._lose(msdu)

    def _broadcast_arrived(self, hop: Hop, receivers: npt.NDArray[np.intp], now_s: float) -> None:
        msdu = hop.msdu
        reached = self._remember(msdu)
        stations = self._stations
        first = receivers[~reached[receivers]]
        if not len(first):
            return
        reached[first] = True
        self._deliver(msdu, first, hop.hops, now_s)
        if msdu.send_type is SendType.LOCAL_BROADCAST or hop.hops >= LAST_LEVEL:
            return
        home = stations.home[msdu.source]
        for node in first[(stations.role[first] == Role.PCO) & (stations.home[first] == home)]:
            self.counters.relayed += 1
            self._put(int(node), BROADCAST, Hop(msdu=msdu, path=(), hops=hop.hops + 1))

    def _remember(self, msdu: Msdu) -> npt.NDArray[np.bool_]:
        """Which nodes had this broadcast; source and sequence tell it from others on the air."""
        if msdu.sequence not in self._reached:
            self._reached[msdu.sequence] = np.zeros(len(self._stations.home), np.bool_)
            if len(self._reached) > _REMEMBERED:
                self._reached.popitem(last=False)
        return self._reached[msdu.sequence]

    def _lose(self, msdu: Msdu) -> None:
        self.counters.lost += 1
        self._on_lost(msdu)
