"""TCP links, over the loopback interface."""

import asyncio
import socket

import pytest

from edge_agent.errors import LinkError
from edge_agent.transport import create_link, tcp

pytestmark = pytest.mark.servers


class Peer:
    """A server for one test: ``say`` is what it answers, None hangs up."""

    def __init__(self, say: bytes | None) -> None:
        self.say, self.heard = say, b""
        self.connections: list[asyncio.Transport] = []

    async def __aenter__(self) -> "Peer":
        self.server = await asyncio.get_running_loop().create_server(lambda: PeerConnection(self), "127.0.0.1", 0)
        self.url = f"tcp://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for connection in self.connections:
            connection.abort()
        await asyncio.sleep(0)


class PeerConnection(asyncio.Protocol):
    def __init__(self, peer: Peer) -> None:
        self.peer = peer

    def connection_made(self, transport: asyncio.Transport) -> None:        # type: ignore[override]
        self.transport = transport
        self.peer.connections.append(transport)

    def data_received(self, data: bytes) -> None:
        self.peer.heard += data
        if self.peer.say is None:
            self.transport.close()
        else:
            self.transport.write(self.peer.say)


def test_bytes_go_both_ways_without_delay():
    async def scenario() -> tuple[bytes, bytes]:
        async with Peer(b"pong") as peer:
            link = create_link(peer.url)
            await link.open()
            sock = link._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            # unacknowledged requests end the connection in seconds, not in a quarter of an hour
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
            link.write(b"ping")
            came = await link.read(5.0)
            assert await link.read(0.01) == b""
            link.close()
            return peer.heard, came

    assert asyncio.run(scenario()) == (b"ping", b"pong")


def test_refused_connection_is_one_line_that_says_so():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))

        async def scenario() -> None:
            await create_link(f"tcp://127.0.0.1:{unused.getsockname()[1]}").open()

        with pytest.raises(LinkError, match=r"connection refused; does the gateway listen"):
            asyncio.run(scenario())


def test_black_hole_ends_with_the_connect_time_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tcp, "CONNECT_TIMEOUT_S", 0.05)
    # a listener with a full backlog drops further connection requests: the kernel answers nothing
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())

            async def scenario() -> None:
                await create_link(f"tcp://127.0.0.1:{listener.getsockname()[1]}").open()

            with pytest.raises(LinkError, match=r"no answer to the connection within .* is the address right"):
                asyncio.run(scenario())
        finally:
            for filler in fillers:
                filler.close()


def test_hang_up_ends_the_read_and_later_writes():
    async def scenario() -> None:
        async with Peer(None) as peer:
            link = create_link(peer.url)
            await link.open()
            link.write(b"ping")
            with pytest.raises(LinkError, match="closed by the other side"):
                await link.read(5.0)
            with pytest.raises(LinkError, match="closed by the other side"):
                link.write(b"ping")
            link.close()

    asyncio.run(scenario())


def test_link_can_be_opened_anew_and_forgets_what_the_old_connection_said():
    async def scenario() -> bytes:
        async with Peer(b"old") as peer:
            link = create_link(peer.url)
            await link.open()
            link.write(b"x")
            while not peer.heard:
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            peer.say = b"new"
            await link.open()
            link.write(b"y")
            came = await link.read(5.0)
            link.close()
            return came

    assert asyncio.run(scenario()) == b"new"
