"""What lives on top of a module: it is told what arrives and what happens to its supply, and sends through the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from simulator.hplc.network.messages import SendType


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """An application message at one receiver. ``hops``: transmissions on its way; times in virtual seconds."""

    at_s: float
    sent_s: float
    source: int
    source_tei: int
    receiver: int
    payload: bytes
    send_type: SendType
    sequence: int
    hops: int


class Application(Protocol):
    """One object a node, or one for all. Timers: ``Network.call_at``."""

    def on_frame(self, delivered: Delivered) -> None: ...

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        """The node's supply is gone (it lives on for its hold time) or is back."""

    def on_lost(self, sequence: int, now_s: float) -> None:
        """A unicast message of this node ended on its way. A real module only learns this of the first hop; use it to measure."""
