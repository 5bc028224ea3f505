"""Serial lines, on pseudo terminals."""

import asyncio
import contextlib
import os
import tty
from collections.abc import Iterator

import pytest

from edge_agent.errors import LinkError
from edge_agent.transport import create_link


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    """The far end of a line and the path of the near end."""
    master, slave = os.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    with contextlib.suppress(OSError):     # a test may have hung up
        os.close(master)


def test_bytes_go_both_ways(line: tuple[int, str]):
    master, path = line

    async def scenario() -> tuple[bytes, bytes]:
        link = create_link(f"serial://{path}?baud=115200&format=8E1")
        await link.open()
        link.write(b"\x01\x04\x00\x00\x11\x13\x7f\xff")     # flow control characters among them
        sent = os.read(master, 100)
        os.write(master, b"\x01\x04\x04\x03\x1a\x0d\x0a\x00")
        came = await link.read(5.0)
        link.close()
        return sent, came

    assert asyncio.run(scenario()) == (b"\x01\x04\x00\x00\x11\x13\x7f\xff", b"\x01\x04\x04\x03\x1a\x0d\x0a\x00")


def test_silence_is_no_bytes(line: tuple[int, str]):
    async def scenario() -> bytes:
        link = create_link(f"serial://{line[1]}")
        await link.open()
        try:
            return await link.read(0.01)
        finally:
            link.close()

    assert asyncio.run(scenario()) == b""


def test_late_bytes_can_be_drained(line: tuple[int, str]):
    master, path = line

    async def scenario() -> tuple[bytes, bytes]:
        link = create_link(f"serial://{path}")
        await link.open()
        os.write(master, b"one")
        first = await link.read(5.0)
        os.write(master, b"late")
        while not (late := link.drain_input()):
            await asyncio.sleep(0)
        link.close()
        return first, late

    assert asyncio.run(scenario()) == (b"one", b"late")


def test_port_that_is_not_there_is_one_line_that_says_so(tmp_path):
    async def scenario() -> None:
        await create_link(f"serial://{tmp_path}/ttyUSB7").open()

    with pytest.raises(LinkError, match=r"ttyUSB7: no such port; is the adapter plugged in\?"):
        asyncio.run(scenario())


def test_file_that_is_no_port_is_told(tmp_path):
    (tmp_path / "tty").write_bytes(b"")

    async def scenario() -> None:
        await create_link(f"serial://{tmp_path}/tty").open()

    with pytest.raises(LinkError, match="cannot be opened"):
        asyncio.run(scenario())


def test_port_in_use_is_told(line: tuple[int, str]):
    async def scenario() -> None:
        first, second = create_link(f"serial://{line[1]}"), create_link(f"serial://{line[1]}")
        await first.open()
        try:
            await second.open()
        finally:
            first.close()

    with pytest.raises(LinkError, match="in use by another program"):
        asyncio.run(scenario())


def test_port_without_rs485_mode_is_told(line: tuple[int, str]):
    async def scenario() -> None:
        await create_link(f"serial://{line[1]}?rs485=1").open()

    with pytest.raises(LinkError, match="no RS-485 mode"):
        asyncio.run(scenario())


def test_port_gone_in_flight_ends_the_read_and_later_writes_and_can_be_opened_anew(line: tuple[int, str]):
    master, path = line

    async def scenario() -> None:
        link = create_link(f"serial://{path}")
        await link.open()
        asyncio.get_running_loop().call_soon(os.close, master)
        with pytest.raises(LinkError, match="port is gone"):
            await link.read(5.0)
        with pytest.raises(LinkError, match="port is gone"):
            link.write(b"x")
        with pytest.raises(LinkError, match="no such port"):
            await link.open()
        link.close()

    asyncio.run(scenario())


def test_a_line_with_parity_can_be_opened_again_and_again(line: tuple[int, str]):
    async def scenario() -> None:
        for _ in range(3):
            link = create_link(f"serial://{line[1]}?baud=2400&format=8E1")
            await link.open()
            assert link.seconds_per_character == 11 / 2400
            link.close()

    asyncio.run(scenario())
