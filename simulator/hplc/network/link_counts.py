"""Who hears whom how often: discovery lists and beacons counted over a route period, in both directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulator.hplc.mac.beacons import BeaconReception
from simulator.hplc.network.assumptions import FORGOTTEN_LINK
from simulator.hplc.network.stations import NOWHERE, Stations


class LinkCounts:
    """Index [i, j]: i sends, j hears. ``rate``: of the last full route period.

    ``both``: up times down, smoothed over route periods; a period in which j got no list of i counts as 0.
    """

    def __init__(self, nodes: int) -> None:
        self.rate = np.zeros((nodes, nodes), np.float32)
        self.both = np.zeros((nodes, nodes), np.float32)
        self._received = np.zeros((nodes, nodes), np.uint16)
        self._listed = np.zeros((nodes, nodes), np.bool_)
        self._sent = np.zeros(nodes, np.uint16)

    def list_sent(self, sender: int) -> None:
        self._sent[sender] += 1

    def list_received(self, sender: int, receivers: npt.NDArray[np.intp]) -> None:
        """A list also tells how often its sender heard each receiver."""
        self._received[sender, receivers] += 1
        self._listed[sender, receivers] = True

    def beacons(self, receptions: Sequence[BeaconReception]) -> None:
        for reception in receptions:
            senders = np.array([slot.sender for slot in reception.slots], np.intp)
            np.add.at(self._received, senders, reception.decoded.astype(np.uint16))
            np.add.at(self._sent, senders, reception.sent.astype(np.uint16))

    def so_far(self, nodes: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
        """``both`` of the route period that is running, shape (len(nodes), n) transposed: [i, k] for hearer nodes[k]."""
        sent = np.maximum(self._sent, 1).astype(np.float32)
        down = self._received[:, nodes] / sent[:, None]
        up = (self._received[nodes, :] / sent[nodes][:, None]).T
        return np.minimum(down, 1.0) * np.minimum(up, 1.0) * self._listed[:, nodes]

    def close_period(self, stations: Stations) -> None:
        """The route period ends: its counts become rates, and new counts begin."""
        joined = stations.home != NOWHERE
        same = (stations.home[:, None] == stations.home[None, :]) & joined[:, None]
        self.rate = np.where(same, self._received / np.maximum(self._sent, 1)[:, None], 0.0).astype(np.float32)
        np.minimum(self.rate, 1.0, out=self.rate)
        latest = self.rate * self.rate.T * self._listed
        # a dozen chances a period scatter so much that stations would move for nothing: half of what was known before stays
        self.both = np.where(self.both > FORGOTTEN_LINK, (self.both + latest) / 2.0, latest).astype(np.float32)
        self._received.fill(0)
        self._listed.fill(False)
        self._sent.fill(0)
