"""A scripted broker connection: the test decides what is acknowledged, how and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edge_agent.errors import LinkError
from edge_agent.publish.link import Connected


@dataclass
class FakeLink:
    """Collects what is published; ``ack`` and ``lose`` play the broker."""

    receive_maximum: int = 65_535
    refuse: str | None = None
    full_after: int | None = None
    on_ack: Callable[[int, int], None] = lambda mid, reason: None
    on_lost: Callable[[str], None] = lambda reason: None
    published: list[tuple[int, str, bytes, bool]] = field(default_factory=list)
    closed: bool = False

    async def connect(self, timeout_s: float) -> Connected:
        if self.refuse is not None:
            raise LinkError(self.refuse)
        return Connected(protocol="5", receive_maximum=self.receive_maximum)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> int | None:
        if self.full_after is not None and len(self.published) >= self.full_after:
            return None
        self.published.append((len(self.published) + 1, topic, payload, retain))
        return len(self.published)

    async def disconnect(self, timeout_s: float) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True
