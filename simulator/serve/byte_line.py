"""Bytes to a line with meters, and bytes back: what a pseudo terminal or a transparent gateway carries, whatever the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from edge_agent.wire.modbus import RtuRequestDecoder
from simulator.meter.bank import MeterBank
from simulator.serve.replies import reply_bytes


class ByteLine(Protocol):
    def respond(self, data: bytes) -> list[tuple[float, bytes]]:
        """(delay in seconds from the end of the request, bytes) for each answer."""
        ...

    def reset(self) -> None:
        """Forget half a request."""
        ...


class RtuLine:
    """Modbus meters that hear and speak RTU."""

    def __init__(self, bank: MeterBank) -> None:
        self.bank = bank
        self._decoder = RtuRequestDecoder()

    def respond(self, data: bytes) -> list[tuple[float, bytes]]:
        self._decoder.feed(data)
        found = []
        while (request := self._decoder.next_request()) is not None:
            delay_s, frame = reply_bytes(self.bank, request, None)
            if frame:
                found.append((delay_s, frame))
        return found

    def reset(self) -> None:
        self._decoder.reset()


class TransparentGateway:
    """A TCP port that carries the bytes of a line as they are; each connection hears the meters through a line of its own making."""

    def __init__(self, make_line: Callable[[], ByteLine]) -> None:
        self._make_line = make_line
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self.port = 0

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self._make_line(), self._connections), host, port, backlog=256)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, line: ByteLine, open_ones: set[_Connection]) -> None:
        self._line, self._open_ones = line, open_ones
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open_ones.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._open_ones.discard(self)

    def data_received(self, data: bytes) -> None:
        for delay_s, frame in self._line.respond(data):
            asyncio.get_running_loop().call_later(delay_s, self._send, frame)

    def _send(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
