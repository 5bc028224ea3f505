"""What the parts of a station's outage service share: their node, its timers, and how event messages leave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.hplc.gasp.events import AddressReport, Event, TeiReport, Up, encode_event, encode_report
from simulator.hplc.network import Network, SendType


class EventPort:
    """Of one node. Addresses are the decimal reading of the node's MAC number."""

    def __init__(self, network: Network, node: int, rng: np.random.Generator) -> None:
        self.network, self.node = network, node
        self._rng = rng
        self._sequence = 0

    @property
    def now_s(self) -> float:
        return self.network.now_s

    @property
    def is_alive(self) -> bool:
        """It has supply, or its capacitor holds."""
        return bool(self.network.csma.alive[self.node])

    @property
    def is_joined(self) -> bool:
        return self.network.stations.is_joined(self.node)

    @property
    def level(self) -> int:
        return int(self.network.stations.level[self.node])

    @property
    def own_bit(self) -> int:
        """The node's TEI as a bitmap, 0 when it has none."""
        return 1 << int(self.network.stations.tei[self.node]) if self.is_joined else 0

    @property
    def address(self) -> int:
        return int(self.network.stations.macs[self.node])

    def call_in(self, delay_s: float, call: Callable[..., None], *arguments: Any) -> None:
        self.network.call_at(self.now_s + delay_s, call, *arguments)

    def uniform(self, least: float, most: float) -> float:
        return float(self._rng.uniform(least, most))

    def next_sequence(self) -> int:
        """Grows with each event and stays for its repeats."""
        self._sequence = self._sequence + 1 & 0xFFFF
        return self._sequence

    def broadcast(self, report: TeiReport, sequence: int) -> None:
        """To all who hear it, without acknowledgement."""
        self.network.send(self.node, self.node, self._message(report, sequence), send_type=SendType.LOCAL_BROADCAST)

    def unicast(self, report: TeiReport | AddressReport, sequence: int) -> None:
        """To the CCO, over the tree; lost at once where the node is in no network."""
        home = int(self.network.stations.home[self.node])
        if self.is_joined:
            self.network.send(self.node, self.network.coordinators[home].node, self._message(report, sequence))

    def has_waiting(self) -> bool:
        """Something of this node still waits for the medium."""
        return self.network.csma.queued(self.node) > 0

    def _message(self, report: TeiReport | AddressReport, sequence: int) -> bytes:
        return encode_event(Event(function=Up.BY_MODULE, sequence=sequence, address=self.address, data=encode_report(report)))
