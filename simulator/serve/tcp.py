"""A TCP port with meters behind it, like a gateway with an RS-485 bus: one request at a time where a turnaround is set."""

from __future__ import annotations

import asyncio
from collections import deque

from edge_agent.transport.base import Framing
from edge_agent.wire.modbus import ReadRequest, RtuRequestDecoder, TcpRequestDecoder
from simulator.meter.bank import MeterBank
from simulator.serve.replies import reply_bytes

_QUEUE_LIMIT = 1000      # requests of impatient readers; a real gateway holds fewer


class TcpGateway:
    """``turnaround_s`` per answered request, ``dead_block_s`` for one that nobody answers; 0 answers at once."""

    def __init__(self, bank: MeterBank, framing: Framing = Framing.TCP, *, turnaround_s: float = 0.0, dead_block_s: float = 0.0) -> None:
        self.bank, self._framing = bank, framing
        self._turnaround_s, self._dead_block_s = turnaround_s, dead_block_s
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._queue: deque[tuple[_Connection, ReadRequest, int | None]] = deque()
        self._busy = False
        self.port = 0

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, self._framing), host, port, backlog=256)
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()

    def opened(self, connection: _Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: _Connection) -> None:
        self._connections.discard(connection)

    def take(self, connection: _Connection, request: ReadRequest, transaction: int | None) -> None:
        """Serve a request, or queue it behind the one that the bus is busy with."""
        if not self._turnaround_s and not self._dead_block_s:
            self._send(connection, *reply_bytes(self.bank, request, transaction))
        elif len(self._queue) < _QUEUE_LIMIT:
            self._queue.append((connection, request, transaction))
            if not self._busy:
                self._next()

    def _next(self) -> None:
        self._busy = bool(self._queue)
        if not self._queue:
            return
        connection, request, transaction = self._queue.popleft()
        delay_s, frame = reply_bytes(self.bank, request, transaction)
        busy_s = self._turnaround_s if frame else self._dead_block_s
        asyncio.get_running_loop().call_later(busy_s, self._finish, connection, delay_s, frame)

    def _finish(self, connection: _Connection, delay_s: float, frame: bytes) -> None:
        self._send(connection, delay_s, frame)
        self._next()

    def _send(self, connection: _Connection, delay_s: float, frame: bytes) -> None:
        if not frame:
            return
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, connection.send, frame)
        else:
            connection.send(frame)


class _Connection(asyncio.Protocol):
    def __init__(self, gateway: TcpGateway, framing: Framing) -> None:
        self._gateway = gateway
        self._tcp = TcpRequestDecoder() if framing is Framing.TCP else None
        self._rtu = RtuRequestDecoder() if framing is Framing.RTU else None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._gateway.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gateway.closed(self)

    def data_received(self, data: bytes) -> None:
        if self._tcp is not None:
            self._tcp.feed(data)
            while (found := self._tcp.next_request()) is not None:
                self._gateway.take(self, *found)
        elif self._rtu is not None:
            self._rtu.feed(data)
            while (request := self._rtu.next_request()) is not None:
                self._gateway.take(self, request, None)

    def send(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
