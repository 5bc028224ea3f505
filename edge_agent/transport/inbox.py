"""Bytes that arrived and the one reader that may wait for them: shared by all links."""

from __future__ import annotations

import asyncio

from edge_agent.errors import LinkError

# No frame is longer than 260 bytes; a babbling line must not fill the memory between two reads.
_LIMIT = 4096


class Inbox:
    """Filled by callbacks of the event loop, emptied by one task."""

    __slots__ = ("_buffer", "_failure", "_waiter", "overflowed_bytes")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._failure: str | None = None
        self.overflowed_bytes = 0

    def put(self, data: bytes | memoryview) -> None:
        self._buffer += data
        excess = len(self._buffer) - _LIMIT
        if excess > 0:
            self.overflowed_bytes += excess
            del self._buffer[:excess]
        self._wake()

    def fail(self, reason: str) -> None:
        """The link is gone: this and every later read raises."""
        if self._failure is None:
            self._failure = reason
        self._wake()

    def take(self) -> bytes:
        """All bytes there are, without waiting."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    @property
    def failure(self) -> str | None:
        """Why the link is gone; None while it is not."""
        return self._failure

    async def get(self, timeout_s: float) -> bytes:
        """All bytes there are, waiting for the first; b"" after ``timeout_s``."""
        if not self._buffer and self._failure is None:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            # a bare timer instead of asyncio.timeout: this runs once or twice for each of 1000 reads a second
            timer = loop.call_later(timeout_s, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
                self._waiter = None
        if self._buffer:
            return self.take()
        if self._failure is not None:
            raise LinkError(self._failure)
        return b""

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
