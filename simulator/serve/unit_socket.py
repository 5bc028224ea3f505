"""A sensing unit's driver, simulated: serves frames on a local socket that only its own user may open."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

_MODE = 0o600
_STUCK_S = 5.0        # a reader that takes nothing for this long is let go: samples do not wait


class UnitSocket:
    """``frames`` is called for each reader and gives the bytes that it gets, when they are due."""

    def __init__(self, path: Path, frames: Callable[[], AsyncIterator[bytes]]) -> None:
        self._path, self._frames = path, frames
        self._server: asyncio.Server | None = None
        self._readers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Raises OSError where the path is taken by something that is no socket."""
        if self._path.is_socket():
            self._path.unlink()
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o777 & ~_MODE)      # never open to others, not even between bind and chmod
        try:
            listening.bind(str(self._path))
        finally:
            os.umask(mask)
        self._server = await asyncio.start_unix_server(self._serve, sock=listening)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for task in self._readers:
                task.cancel()
            await asyncio.gather(*self._readers, return_exceptions=True)
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._readers.add(task)
        try:
            async for frame in self._frames():
                writer.write(frame)
                async with asyncio.timeout(_STUCK_S):
                    await writer.drain()
            writer.close()
            async with asyncio.timeout(_STUCK_S):
                await writer.wait_closed()   # what is still on its way is not cut off
        except (OSError, TimeoutError, asyncio.CancelledError):
            writer.transport.abort()         # the reader went, or the unit stops: nobody is left to tell
        finally:
            if task is not None:
                self._readers.discard(task)
