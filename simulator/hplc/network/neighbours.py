"""Several CCOs in one medium: coordination of their periods, equal network numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simulator.hplc.mac.beacons import BeaconReception
from simulator.hplc.network.coordinator import Coordinator
from simulator.hplc.network.messages import ConflictReport, Msdu
from simulator.hplc.network.settings import CONFLICT_BACKOFF_S
from simulator.hplc.network.shared import Shared
from simulator.hplc.network.stations import Role

_LINK_ID = 2
_LAST_NID = 0xFFFFFF


class Neighbours:
    """CCOs that hear each other's coordination frames put their beacons one after the other; those that do not send at once [I]."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._is_changing: set[int] = set()
        self.are_coordinated = True

    def start(self) -> None:
        """After the time of listening: what each CCO heard of the others."""
        hears = self._shared.links.hears
        owners = self._shared.coordinators
        pairs = [(one, other) for one in owners for other in owners if one is not other]
        heard = [(one, other) for one, other in pairs if hears[other.node, one.node]]
        self.are_coordinated = len(heard) == len(pairs)
        for one, other in heard:
            self._compare(one, other.mac, other.nid)

    def after_beacons(self, receptions: Sequence[BeaconReception]) -> None:
        """A station that hears its own network's number from another CCO reports it."""
        stations, owners = self._shared.stations, self._shared.coordinators
        for one in owners:
            for other in owners:
                if one is other or one.nid != other.nid or one.network in self._is_changing:
                    continue
                heard = receptions[other.network].decoded.any(axis=0) & (stations.home == one.network) & (stations.role != Role.CCO)
                for node in np.flatnonzero(heard)[:1]:
                    report = ConflictReport(other_mac=other.mac)
                    self._shared.relay.send(int(node), one.node, report, report.length_bytes, link_id=_LINK_ID)

    def on_report(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        report = msdu.body
        assert isinstance(report, ConflictReport)
        own = self._shared.coordinators[int(self._shared.stations.home[receiver])]
        self._compare(own, report.other_mac, own.nid)

    def _compare(self, own: Coordinator, other_mac: int, other_nid: int) -> None:
        """The CCO with the larger address gives way, after a random time."""
        if own.nid != other_nid or own.mac < other_mac or own.network in self._is_changing:
            return
        self._is_changing.add(own.network)
        least_s, most_s = CONFLICT_BACKOFF_S
        delay_s = least_s + float(self._shared.rng.random()) * (most_s - least_s)
        self._shared.timeline.at(self._shared.now_s + delay_s, self._change, own)

    def _change(self, own: Coordinator) -> None:
        taken = {one.nid for one in self._shared.coordinators}
        while own.nid in taken:
            own.nid = int(self._shared.rng.integers(1, _LAST_NID + 1))
        # stations know their network by its number: they join the new one
        own.restart()
        self._is_changing.discard(own.network)
