"""A local module on a line that an agent can open: a pseudo terminal in real or faster time, or a link in the loop's own time."""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from collections.abc import Callable

from edge_agent.errors import LinkError
from edge_agent.transport.inbox import Inbox
from simulator.serve.module_uart import ModuleUart

_LEAST_WAIT_S = 0.001
_READ_BYTES = 4096
_BITS_PER_CHARACTER = 11
# speeds of the local interface as termios names them
_SPEEDS = {
    termios.B9600: 9600, termios.B19200: 19200, termios.B38400: 38400, termios.B57600: 57600, termios.B115200: 115200,
}


class _Pump:
    """Calls the UART when something is due, ``speed`` times as fast as the loop's clock, and hands on what it says."""

    def __init__(self, uart: ModuleUart, speed: float, baud: Callable[[], int], heard: Callable[[bytes], None]) -> None:
        self._uart, self._speed, self._baud, self._heard = uart, speed, baud, heard
        self._timer: asyncio.TimerHandle | None = None
        self._began_s = 0.0

    def start(self, module_s: float) -> None:
        """``module_s``: the module's time now."""
        self._began_s = asyncio.get_running_loop().time() - module_s / self._speed
        self._turn()

    def stop(self) -> float:
        """Gives the module's time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return self.now_s

    @property
    def now_s(self) -> float:
        return (asyncio.get_running_loop().time() - self._began_s) * self._speed

    def write(self, data: bytes) -> None:
        self._uart.write(data, self.now_s, baud=self._baud())
        self._turn()

    def _turn(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        now_s = self.now_s
        heard = self._uart.advance(now_s, baud=self._baud())
        wait_s = max(_LEAST_WAIT_S, (self._uart.next_due_s() - now_s) / self._speed)
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._turn)
        if heard:
            self._heard(heard)


class ModulePty:
    """The module behind ``path``. Both sides must have the same speed set, as on a real line."""

    def __init__(self, uart: ModuleUart, *, speed: float = 1.0, module_s: float = 0.0) -> None:
        self._pump = _Pump(uart, speed, self._baud_set, self._write)
        self._module_s = module_s
        self._master = self._slave = -1
        self.lost_bytes = 0
        self.path = ""

    async def start(self) -> None:
        self._master, self._slave = os.openpty()      # the slave stays open here: readers may come and go
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        asyncio.get_running_loop().add_reader(self._master, self._readable)
        self._pump.start(self._module_s)

    def stop(self) -> None:
        if self._master < 0:
            return
        self._module_s = self._pump.stop()
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def _baud_set(self) -> int:
        """Speed of whoever has the other end open; 0 for one that no module has."""
        return _SPEEDS.get(termios.tcgetattr(self._slave)[4], 0)

    def _readable(self) -> None:
        data = os.read(self._master, _READ_BYTES)
        if self._baud_set():
            self._pump.write(data)
        else:
            self.lost_bytes += len(data)

    def _write(self, data: bytes) -> None:
        try:
            sent = os.write(self._master, data)
        except BlockingIOError:
            sent = 0
        self.lost_bytes += len(data) - sent          # nobody reads: on a real line these are gone as well


class ModuleLink:
    """The module as a link of the agent, on the event loop's clock, which a test may run faster than real time.

    Module time goes on only while the link is open. ``at`` gives the module's time at the first opening.
    """

    def __init__(self, uart: ModuleUart, *, name: str = "memory", baud: int = 9600, at: Callable[[], float] = lambda: 0.0) -> None:
        self.name, self.seconds_per_character = name, _BITS_PER_CHARACTER / baud
        self._pump = _Pump(uart, 1.0, lambda: baud, self._put)
        self._at = at
        self._inbox: Inbox | None = None

    async def open(self) -> None:
        self.close()
        self._inbox = Inbox()
        self._pump.start(self._at())

    def write(self, data: bytes) -> None:
        if self._inbox is None:
            raise LinkError(f"{self.name}: not open")
        self._pump.write(data)

    async def read(self, timeout_s: float) -> bytes:
        if self._inbox is None:
            raise LinkError(f"{self.name}: not open")
        return await self._inbox.get(timeout_s)

    def drain_input(self) -> bytes:
        return self._inbox.take() if self._inbox is not None else b""

    def close(self) -> None:
        if self._inbox is not None:
            self._inbox = None
            self._pump.stop()

    def _put(self, data: bytes) -> None:
        if self._inbox is not None:
            self._inbox.put(data)
