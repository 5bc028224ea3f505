"""A pseudo terminal with meters on it, paced like the serial line that it stands for."""

from __future__ import annotations

import asyncio
import os
import tty

from simulator.meter.bank import MeterBank
from simulator.serve.byte_line import ByteLine, RtuLine

_CHUNK_S = 0.005         # a real adapter hands bytes over in pieces of a few milliseconds


class PtyLine:
    """Characters take their time: a request its own, then the turnaround, then the reply byte by byte (in small chunks).

    ``bank``: Modbus meters, or a line of another protocol.
    """

    def __init__(
        self, bank: MeterBank | ByteLine, *, baud: int = 9600, bits_per_character: int = 10, turnaround_s: float = 0.02
    ) -> None:
        self._line: ByteLine = RtuLine(bank) if isinstance(bank, MeterBank) else bank
        self._character_s = bits_per_character / baud
        self._turnaround_s = turnaround_s
        self._master = self._slave = -1
        self._timers: set[asyncio.TimerHandle] = set()
        self.path = ""

    async def start(self) -> None:
        self._master, self._slave = os.openpty()      # the slave stays open here: readers may come and go
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def stop(self) -> None:
        if self._master < 0:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        for timer in self._timers:
            timer.cancel()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def _readable(self) -> None:
        data = os.read(self._master, 4096)
        for delay_s, frame in self._line.respond(data):
            # the request came in no time through the pty; on the wire its last character arrives now
            self._send_paced(frame, len(data) * self._character_s + self._turnaround_s + delay_s)

    def _send_paced(self, frame: bytes, start_s: float) -> None:
        size = max(1, int(_CHUNK_S / self._character_s))
        for begin in range(0, len(frame), size):
            chunk = frame[begin : begin + size]
            self._later(start_s + (begin + len(chunk)) * self._character_s, chunk)

    def _later(self, delay_s: float, chunk: bytes) -> None:
        self._timers = {timer for timer in self._timers if timer.when() > asyncio.get_running_loop().time() and not timer.cancelled()}
        self._timers.add(asyncio.get_running_loop().call_later(delay_s, self._write, chunk))

    def _write(self, chunk: bytes) -> None:
        try:
            os.write(self._master, chunk)
        except BlockingIOError:
            # nobody reads the line and its buffer is full: on a real one these bytes would be gone as well
            self._line.reset()
