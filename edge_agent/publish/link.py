"""What the sender needs of a broker connection; made anew for each connection, so that nothing of an old one is sent twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker publishes when it loses us."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """What the broker granted. ``receive_maximum``: messages that it takes without PUBACK."""

    protocol: str
    receive_maximum: int


class BrokerLink(Protocol):
    """One connection. Callbacks run in the event loop and hold no logic of their own."""

    on_ack: Callable[[int, int], None]         # message id, reason code (0 where the protocol has none)
    on_lost: Callable[[str], None]             # once, with the reason in words

    async def connect(self, timeout_s: float) -> Connected:
        """Raises LinkError with the reason in words."""
        ...

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> int | None:
        """Message id, or None when the link cannot take it now."""
        ...

    async def disconnect(self, timeout_s: float) -> None:
        """Say goodbye (no will) and close; bounded, also when the broker hangs."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...
