"""The link inside one process, and the inbox that all links share."""

import asyncio

import pytest

from edge_agent.errors import LinkError
from edge_agent.transport.inbox import Inbox
from edge_agent.transport.memory import MemoryLink
from tests.virtual_loop import run_virtual


def test_replies_come_after_their_delay_and_in_pieces():
    async def scenario() -> list[tuple[float, bytes]]:
        link = MemoryLink("m", lambda data: [(0.1, data[:2]), (0.3, data[2:])])
        await link.open()
        loop = asyncio.get_running_loop()
        began_s, came = loop.time(), []
        link.write(b"abcd")
        for _ in range(3):
            data = await link.read(1.0)
            came.append((round(loop.time() - began_s, 6), data))
        return came

    assert run_virtual(scenario()) == [(0.1, b"ab"), (0.3, b"cd"), (1.3, b"")]


def test_bytes_that_came_before_the_read_are_there_at_once_or_drained():
    async def scenario() -> tuple[bytes, bytes]:
        inbox = Inbox()
        inbox.put(b"a")
        inbox.put(b"b")
        first = await inbox.get(1.0)
        inbox.put(b"late")
        assert inbox.take() == b"late"
        return first, inbox.take()

    assert run_virtual(scenario()) == (b"ab", b"")


def test_what_came_is_read_before_the_loss_is_told():
    async def scenario() -> bytes:
        inbox = Inbox()
        inbox.put(b"last words")
        inbox.fail("gone")
        inbox.fail("gone again")
        data = await inbox.get(1.0)
        with pytest.raises(LinkError, match=r"^gone$"):
            await inbox.get(1.0)
        return data

    assert run_virtual(scenario()) == b"last words"


def test_waiting_reader_is_told_of_the_loss_at_once():
    async def scenario() -> float:
        inbox, loop = Inbox(), asyncio.get_running_loop()
        loop.call_later(0.2, inbox.fail, "gone")
        began_s = loop.time()
        with pytest.raises(LinkError, match="gone"):
            await inbox.get(5.0)
        return loop.time() - began_s

    assert run_virtual(scenario()) == pytest.approx(0.2)


def test_babbling_line_does_not_fill_the_memory():
    inbox = Inbox()
    for _ in range(1000):
        inbox.put(bytes(100))
    assert len(inbox.take()) == 4096
    assert inbox.overflowed_bytes == 100_000 - 4096


def test_closed_link_says_so():
    link = MemoryLink("m", lambda data: [])
    with pytest.raises(LinkError, match="not open"):
        link.write(b"x")
    link.close()
    link.close()
