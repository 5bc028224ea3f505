"""Stations for tests of the MAC: they send what they are told, and note what happens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.hplc.links import LinkTable
from simulator.hplc.mac.csma import Csma
from simulator.hplc.mac.frames import BROADCAST, Frame
from simulator.hplc.mac.timeline import Timeline


class Stations:
    """``saturated`` stations send the same frame again as soon as it has left their queue."""

    def __init__(self, links: LinkTable, *, seed: int, saturated: bool = False) -> None:
        self.sent: list[tuple[int, bool, float]] = []
        self.received: list[tuple[int, int, float]] = []
        self.timeline = Timeline()
        self._saturated = saturated
        print(f"seed {seed}")
        self.csma = Csma(links, timeline=self.timeline, rng=np.random.default_rng(seed), listener=self)

    def send(self, sender: int, receiver: int = 0, *, link_id: int = 0, pbs: int = 1, send_limit: int = 31) -> None:
        self.csma.enqueue(Frame(sender=sender, receiver=receiver, link_id=link_id, tmi=4, pbs=pbs, length_bytes=100,
                                send_limit=send_limit, body=None))

    def broadcast(self, sender: int) -> None:
        self.send(sender, BROADCAST)

    def run(self, begin_s: float, end_s: float) -> None:
        self.csma.run_slice(begin_s, end_s, np.ones(len(self.csma.alive), np.bool_))

    def delivered(self) -> int:
        return sum(is_delivered for _, is_delivered, _ in self.sent)

    def on_received(self, frame: Frame, receivers: npt.NDArray[np.intp], now_s: float) -> None:
        self.received += [(frame.sender, int(receiver), now_s) for receiver in receivers]

    def on_sent(self, frame: Frame, is_delivered: bool, now_s: float) -> None:
        self.sent.append((frame.sender, is_delivered, now_s))
        if self._saturated:
            self.csma.enqueue(frame)
