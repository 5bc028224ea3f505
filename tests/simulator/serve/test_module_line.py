"""A local module on its UART: pacing, both directions, speeds that do not match, pseudo terminal and link."""

from __future__ import annotations

import asyncio

import pytest

from edge_agent.errors import LinkError
from edge_agent.transport import create_link
from simulator.serve.module_line import ModuleLink, ModulePty
from simulator.serve.module_uart import ModuleUart
from tests.virtual_loop import run_virtual

CHARACTER_S = 11 / 9600


class Echo:
    """Answers what it hears, capitals instead of small letters, ``wait_s`` later; says a word by itself at ``speaks_s``."""

    def __init__(self, *, wait_s: float = 0.5, speaks_s: float = float("inf")) -> None:
        self.baud = 9600
        self.now_s = 0.0
        self.heard: list[tuple[float, bytes]] = []
        self._wait_s = wait_s
        self._due: list[tuple[float, bytes]] = [(speaks_s, b"up")]

    def receive(self, data: bytes, now_s: float) -> None:
        self.heard.append((now_s, data))
        self._due.append((now_s + self._wait_s, data.upper()))

    def advance(self, now_s: float) -> None:
        assert now_s >= self.now_s
        self.now_s = now_s

    def take_output(self) -> bytes:
        out = b"".join(data for at_s, data in self._due if at_s <= self.now_s)
        self._due = [one for one in self._due if one[0] > self.now_s]
        return out

    def next_due_s(self) -> float:
        return min((at_s for at_s, _ in self._due), default=float("inf"))


def test_characters_take_their_time_in_both_directions():
    module = Echo()
    uart = ModuleUart(module)
    uart.write(b"x" * 96, 1.0, baud=9600)
    arrives_s = 1.0 + 96 * CHARACTER_S
    assert uart.advance(arrives_s + 0.5 + 96 * CHARACTER_S - 0.001, baud=9600) == b"X" * 91, "the last chunk is still on its way"
    assert module.heard == [(pytest.approx(arrives_s), b"x" * 96)]
    assert uart.advance(arrives_s + 0.5 + 96 * CHARACTER_S + 0.001, baud=9600) == b"X" * 5


def test_a_second_frame_waits_for_the_first_to_be_sent():
    module = Echo()
    uart = ModuleUart(module)
    uart.write(b"a" * 100, 0.0, baud=9600)
    uart.write(b"b", 0.01, baud=9600)
    uart.advance(5.0, baud=9600)
    assert [at_s for at_s, _ in module.heard] == pytest.approx([100 * CHARACTER_S, 101 * CHARACTER_S])


def test_what_the_module_says_by_itself_comes_when_it_is_due():
    uart = ModuleUart(Echo(speaks_s=30.0))
    assert uart.next_due_s() == 30.0
    assert uart.advance(29.9, baud=9600) == b""
    assert uart.advance(30.1, baud=9600) == b"up"


def test_bytes_at_another_speed_reach_nobody():
    module = Echo(speaks_s=1.0)
    uart = ModuleUart(module)
    uart.write(b"hello", 0.0, baud=115200)
    assert uart.advance(2.0, baud=115200) == b""
    assert module.heard == []
    assert uart.wrong_speed_bytes == len(b"hello") + len(b"up")


def test_a_module_that_is_always_due_does_not_stop_time():
    module = Echo()
    module.next_due_s = lambda: 0.0
    uart = ModuleUart(module)
    uart.advance(1.0, baud=9600)
    assert module.now_s == 1.0


def test_the_link_brings_answers_and_reports_in_the_loops_time():
    async def talk() -> tuple[bytes, float, bytes, float]:
        link = ModuleLink(ModuleUart(Echo(speaks_s=600.0)), baud=9600)
        loop = asyncio.get_running_loop()
        await link.open()
        began_s = loop.time()
        link.write(b"abc")
        answer, answered_s = await link.read(10.0), loop.time() - began_s
        report, reported_s = await link.read(1000.0), loop.time() - began_s
        link.close()
        return answer, answered_s, report, reported_s

    answer, answered_s, report, reported_s = run_virtual(talk())
    assert (answer, report) == (b"ABC", b"up")
    assert answered_s == pytest.approx(0.5 + 6 * CHARACTER_S, abs=0.003)
    assert reported_s == pytest.approx(600.0, abs=0.01)


def test_a_link_that_is_not_open_says_so():
    async def talk() -> None:
        link = ModuleLink(ModuleUart(Echo()))
        with pytest.raises(LinkError, match="not open"):
            link.write(b"a")
        with pytest.raises(LinkError, match="not open"):
            await link.read(1.0)

    run_virtual(talk())


async def over_pty(url_speed: int, module: Echo, *, speed: float = 1.0, wait_s: float = 0.3) -> bytes:
    uart = ModuleUart(module)
    line = ModulePty(uart, speed=speed)
    await line.start()
    link = create_link(f"serial://{line.path}?baud={url_speed}&format=8E1")
    try:
        await link.open()
        link.write(b"abc")
        return await link.read(wait_s)
    finally:
        link.close()
        line.stop()


def test_an_agent_reads_the_module_on_a_pseudo_terminal():
    assert asyncio.run(over_pty(9600, Echo(wait_s=0.01), wait_s=5.0)) == b"ABC"


def test_a_pseudo_terminal_set_to_another_speed_hears_nothing():
    module = Echo(wait_s=0.01)
    assert asyncio.run(over_pty(115200, module)) == b""
    assert module.heard == []


def test_a_faster_pseudo_terminal_has_an_hour_of_module_time_in_no_time():
    assert asyncio.run(over_pty(9600, Echo(wait_s=3600.0), speed=36_000.0, wait_s=20.0)) == b"ABC"
