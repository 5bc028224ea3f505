"""TCP to a meter or gateway: ``tcp://host:port`` speaks Modbus TCP, ``rtu+tcp://host:port`` carries RTU frames."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

from edge_agent.errors import ConfigError, LinkError
from edge_agent.transport.base import Framing
from edge_agent.transport.inbox import Inbox

SCHEMES = {"tcp": Framing.TCP, "rtu+tcp": Framing.RTU}
DEFAULT_PORT = 502            # Modbus Messaging on TCP/IP V1.0b, 4.3.2
CONNECT_TIMEOUT_S = 5.0       # a black-holed gateway: several SYN repeats, well before a person wonders
# A gateway that loses power does not say so. On an idle connection the kernel finds out after 10 + 3 x 5 s; with a request under way
# it would repeat that for a quarter of an hour (tcp(7), tcp_retries2), and all meters would seem dead instead of the way to them.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)     # Linux only
_UNACKNOWLEDGED_S = 10.0
_RECEIVE_BYTES = 1024         # four of the longest frames


def create(url: str) -> TcpLink:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, DEFAULT_PORT if parts.port is None else parts.port
    except ValueError as exc:
        raise ConfigError([f"url {url!r}: {exc}; write {parts.scheme}://host:port"]) from exc
    if not host or not port or parts.path not in ("", "/") or parts.query or parts.username is not None:
        raise ConfigError([f"url {url!r}: write {parts.scheme}://host:port"])
    return TcpLink(host, port)


class _Connection(asyncio.BufferedProtocol):
    """One connection with an inbox of its own: what an old one still says cannot reach its successor.

    It brings its own small buffer: asyncio would make one of 256 KiB for every reply.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._received = memoryview(bytearray(_RECEIVE_BYTES))
        self.inbox = Inbox()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._received

    def buffer_updated(self, nbytes: int) -> None:
        self.inbox.put(self._received[:nbytes])

    def connection_lost(self, exc: Exception | None) -> None:
        self.inbox.fail(f"{self._name}: connection {f'lost ({exc})' if exc else 'closed by the other side'}")


class TcpLink:
    """One connection at a time; ``open`` after a failure makes a new one."""

    seconds_per_character = 0.0

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._transport: asyncio.Transport | None = None
        self._connection = _Connection(self.name)

    @property
    def name(self) -> str:
        return f"{self._host}:{self._port}"

    async def open(self) -> None:
        self.close()
        connection = _Connection(self.name)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                transport, _ = await asyncio.get_running_loop().create_connection(lambda: connection, self._host, self._port)
        except TimeoutError as exc:
            raise LinkError(f"{self.name}: no answer to the connection within {CONNECT_TIMEOUT_S:.0f} s; is the address right?") from exc
        except OSError as exc:
            raise LinkError(f"{self.name}: {_reason(exc)}") from exc
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
        if _USER_TIMEOUT is not None:
            sock.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, round(1000 * _UNACKNOWLEDGED_S))
        self._transport, self._connection = transport, connection

    def write(self, data: bytes) -> None:
        if self._transport is None or self._connection.inbox.failure is not None:
            raise LinkError(self._connection.inbox.failure or f"{self.name}: not connected")
        self._transport.write(data)

    async def read(self, timeout_s: float) -> bytes:
        return await self._connection.inbox.get(timeout_s)

    def drain_input(self) -> bytes:
        return self._connection.inbox.take()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None


def _reason(exc: OSError) -> str:
    if isinstance(exc, socket.gaierror):
        return f"host name cannot be resolved ({exc.strerror})"
    if isinstance(exc, ConnectionRefusedError):
        return "connection refused; does the gateway listen on this port?"
    return f"cannot be reached ({exc.strerror or exc})"
