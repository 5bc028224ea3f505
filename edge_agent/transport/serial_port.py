"""A serial line: ``serial:///dev/ttyUSB0?baud=9600&format=8E1``; ``&rs485=1`` lets the kernel switch the driver (TIOCSRS485)."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import re
import struct
import termios
from urllib.parse import parse_qsl, urlsplit

import serial

from edge_agent.errors import ConfigError, LinkError
from edge_agent.transport.base import Framing
from edge_agent.transport.inbox import Inbox

SCHEMES = {"serial": Framing.RTU}
_FORMAT = re.compile(r"([78])([NEO])([12])")
_DIGITS = re.compile(r"[0-9]{1,7}")
_READ_BYTES = 1024
_PSEUDO_TERMINALS = "/dev/pts/"
_TIOCSRS485 = 0x542F                    # linux/serial.h, struct serial_rs485
_RS485_ENABLED_RTS_ON_SEND = 0b011


def create(url: str) -> SerialLink:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    unknown = set(options) - {"baud", "format", "rs485"}
    format_match = _FORMAT.fullmatch(options.get("format", "8N1"))
    baud_text, rs485 = options.get("baud", "9600"), options.get("rs485", "0")
    if not parts.path or parts.netloc or unknown or not _DIGITS.fullmatch(baud_text) or format_match is None or rs485 not in ("0", "1"):
        form = "serial:///dev/ttyUSB0?baud=9600&format=8E1 (and &rs485=1 where the kernel drives the line)"
        raise ConfigError([f"url {url!r}: write {form}"])
    baud = int(baud_text)
    if baud not in serial.Serial.BAUDRATES:
        raise ConfigError([f"url {url!r}: {baud} baud is no usual speed; one of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200"])
    data_bits, parity, stop_bits = format_match.groups()
    return SerialLink(
        parts.path, baud, data_bits=int(data_bits), parity=parity, stop_bits=int(stop_bits), rs485=rs485 == "1"
    )


class SerialLink:
    """One port, opened exclusively; readable bytes arrive by the event loop, writes are one ``os.write`` for each frame."""

    def __init__(self, path: str, baud: int, *, data_bits: int, parity: str, stop_bits: int, rs485: bool) -> None:
        self._path, self._baud, self._rs485 = path, baud, rs485
        self._data_bits, self._parity, self._stop_bits = data_bits, parity, stop_bits
        self._port: serial.Serial | None = None
        self._inbox = Inbox()

    @property
    def name(self) -> str:
        return self._path

    @property
    def seconds_per_character(self) -> float:
        return (1 + self._data_bits + (self._parity != "N") + self._stop_bits) / self._baud

    async def open(self) -> None:
        self.close()
        self._inbox = Inbox()
        try:
            port = serial.Serial(
                self._path, self._baud, bytesize=self._data_bits, parity=self._parity_of_port(), stopbits=self._stop_bits, timeout=0,
                exclusive=True,
            )
        except (serial.SerialException, OSError, termios.error) as exc:
            raise LinkError(f"{self._path}: {_reason(exc)}") from exc
        try:
            if self._rs485:
                fcntl.ioctl(port.fileno(), _TIOCSRS485, struct.pack("8I", _RS485_ENABLED_RTS_ON_SEND, 0, 0, 0, 0, 0, 0, 0))
        except OSError as exc:
            port.close()
            raise LinkError(f"{self._path}: this port has no RS-485 mode in the kernel ({exc.strerror}); leave rs485=1 out") from exc
        self._port = port
        asyncio.get_running_loop().add_reader(port.fileno(), self._readable)

    def _parity_of_port(self) -> str:
        # a pseudo terminal has no parity and refuses to be set to one a second time
        return "N" if os.path.realpath(self._path).startswith(_PSEUDO_TERMINALS) else self._parity

    def write(self, data: bytes) -> None:
        if self._port is None:
            raise LinkError(self._inbox.failure or f"{self._path}: not open")
        try:
            sent = os.write(self._port.fileno(), data)
        except BlockingIOError:
            sent = 0
        except OSError as exc:
            raise LinkError(f"{self._path}: port is gone ({exc.strerror})") from exc
        if sent != len(data):
            raise LinkError(f"{self._path}: the port takes no more bytes; is the line held busy?")

    async def read(self, timeout_s: float) -> bytes:
        return await self._inbox.get(timeout_s)

    def drain_input(self) -> bytes:
        return self._inbox.take()

    def close(self) -> None:
        if self._port is None:
            return
        port, self._port = self._port, None
        asyncio.get_running_loop().remove_reader(port.fileno())
        port.close()

    def _readable(self) -> None:
        if self._port is None:
            return
        try:
            data = os.read(self._port.fileno(), _READ_BYTES)
        except BlockingIOError:
            return
        except OSError as exc:
            self._gone(f"port is gone ({exc.strerror})")
            return
        if data:
            self._inbox.put(data)
        else:
            self._gone("port is gone (hung up)")

    def _gone(self, reason: str) -> None:
        self.close()  # a reader on a dead descriptor would spin
        self._inbox.fail(f"{self._path}: {reason}")


def _reason(exc: Exception) -> str:
    number = getattr(exc, "errno", None)
    if number == errno.ENOENT:
        return "no such port; is the adapter plugged in? ls /dev/serial/by-id"
    if number == errno.EACCES:
        return "no permission; add the user to the group dialout"
    if number in (errno.EBUSY, errno.EAGAIN) or "lock" in str(exc):
        return "port is in use by another program"
    return f"cannot be opened ({exc})"
