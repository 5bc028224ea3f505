"""Joins agent and simulated meters inside one process: ``memory://name``; for tests and closed loops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from edge_agent.errors import ConfigError, LinkError
from edge_agent.transport.base import Framing
from edge_agent.transport.inbox import Inbox

SCHEMES = {"memory": Framing.RTU}
# what the far end does with bytes: gives replies as (delay in seconds, bytes)
Responder = Callable[[bytes], list[tuple[float, bytes]]]
_responders: dict[str, Responder] = {}


def register(name: str, responder: Responder) -> None:
    """Put ``responder`` behind ``memory://name``."""
    _responders[name] = responder


def create(url: str) -> MemoryLink:
    name = urlsplit(url).netloc
    if name not in _responders:
        raise ConfigError([f"url {url!r}: nothing is registered under this name in this process"])
    return MemoryLink(name, _responders[name])


class MemoryLink:
    """Replies arrive after their delay on the event loop's clock, which a test may run faster than real time."""

    seconds_per_character = 0.0

    def __init__(self, name: str, responder: Responder) -> None:
        self.name = name
        self._responder = responder
        self._inbox: Inbox | None = None

    async def open(self) -> None:
        self._inbox = Inbox()

    def write(self, data: bytes) -> None:
        if self._inbox is None:
            raise LinkError(f"{self.name}: not open")
        inbox, loop = self._inbox, asyncio.get_running_loop()
        for delay_s, reply in self._responder(data):
            loop.call_later(delay_s, inbox.put, reply)

    async def read(self, timeout_s: float) -> bytes:
        if self._inbox is None:
            raise LinkError(f"{self.name}: not open")
        return await self._inbox.get(timeout_s)

    def drain_input(self) -> bytes:
        return self._inbox.take() if self._inbox is not None else b""

    def close(self) -> None:
        self._inbox = None
