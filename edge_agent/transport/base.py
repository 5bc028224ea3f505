"""What a way to the meters offers: bytes out, bytes in, with a time-out on everything."""

from __future__ import annotations

import enum
from typing import Protocol


class Framing(enum.Enum):
    RTU = "rtu"
    TCP = "tcp"


class Link(Protocol):
    """One wire with one owner. Every failure of the outside is a ``LinkError`` with one line that says what and where."""

    @property
    def name(self) -> str:
        """For messages: ``127.0.0.1:502``, ``/dev/ttyUSB0``."""
        ...

    @property
    def seconds_per_character(self) -> float:
        """Time of one character on a serial line; 0 where the link is not one."""
        ...

    async def open(self) -> None: ...

    def write(self, data: bytes) -> None:
        """Send ``data`` as one piece; it never blocks, since a request is a few bytes."""
        ...

    async def read(self, timeout_s: float) -> bytes:
        """Bytes as they come, b"" after ``timeout_s`` without any. Raises LinkError when the link is gone."""
        ...

    def drain_input(self) -> bytes:
        """What has arrived and was not read, without waiting."""
        ...

    def close(self) -> None:
        """Safe to call at any time, more than once."""
        ...
