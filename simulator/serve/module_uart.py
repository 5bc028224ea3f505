"""The UART between a concentrator and a local module, character by character, in the module's own time; no port and no loop."""

from __future__ import annotations

from collections import deque
from typing import Protocol

_BITS_PER_CHARACTER = 11            # 8E1
_LEAST_STEP_S = 0.001               # a module that is due for ever must not stop time
_CHUNK_S = 0.016                    # USB adapters hand over what came in about so long (latency timer of common chips)


class SerialModule(Protocol):
    """A module that lives in virtual time: ``advance`` never goes back, ``next_due_s`` says when to call it at the latest."""

    @property
    def baud(self) -> int:
        """At which the next bytes go out and come in."""
        ...

    def receive(self, data: bytes, now_s: float) -> None: ...

    def advance(self, now_s: float) -> None: ...

    def take_output(self) -> bytes:
        """Bytes that are due, all at the speed that ``baud`` had before the call."""
        ...

    def next_due_s(self) -> float: ...


class ModuleUart:
    """Full duplex: each direction is busy as long as its characters take. Bytes at another speed than the module's are noise, dropped
    and counted.
    """

    def __init__(self, module: SerialModule) -> None:
        self._module = module
        self._coming: deque[tuple[float, int, bytes]] = deque()
        self._going: deque[tuple[float, int, bytes]] = deque()
        self._now_s = self._coming_free_s = self._going_free_s = 0.0
        self.wrong_speed_bytes = 0

    def write(self, data: bytes, now_s: float, *, baud: int) -> None:
        """The concentrator begins to send at ``now_s``, or when it has sent what it sent before."""
        self._coming_free_s = max(now_s, self._coming_free_s) + len(data) * _BITS_PER_CHARACTER / baud
        self._coming.append((self._coming_free_s, baud, data))

    def advance(self, now_s: float, *, baud: int) -> bytes:
        """Let the module live up to ``now_s``; gives what a concentrator that listens at ``baud`` has heard since the last call."""
        while True:
            arrives_s = self._coming[0][0] if self._coming else float("inf")
            at_s = min(arrives_s, max(self._module.next_due_s(), self._now_s + _LEAST_STEP_S), now_s)
            self._module.advance(at_s)
            self._now_s = at_s
            if at_s == arrives_s:
                _, sent_at, data = self._coming.popleft()
                self._hear(data, sent_at, at_s)
            self._speak(at_s)
            if at_s >= now_s and not (self._coming and self._coming[0][0] <= now_s):
                return self._taken(now_s, baud)

    def next_due_s(self) -> float:
        """When something may happen next."""
        arrives_s = self._coming[0][0] if self._coming else float("inf")
        leaves_s = self._going[0][0] if self._going else float("inf")
        return min(arrives_s, leaves_s, self._module.next_due_s())

    def _hear(self, data: bytes, baud: int, now_s: float) -> None:
        if baud == self._module.baud:
            self._module.receive(data, now_s)
        else:
            self.wrong_speed_bytes += len(data)

    def _speak(self, now_s: float) -> None:
        baud = self._module.baud
        data = self._module.take_output()
        character_s = _BITS_PER_CHARACTER / baud
        size = max(1, int(_CHUNK_S / character_s))
        for begin in range(0, len(data), size):
            chunk = data[begin : begin + size]
            self._going_free_s = max(now_s, self._going_free_s) + len(chunk) * character_s
            self._going.append((self._going_free_s, baud, chunk))

    def _taken(self, now_s: float, baud: int) -> bytes:
        heard = b""
        while self._going and self._going[0][0] <= now_s:
            _, spoken_at, chunk = self._going.popleft()
            if spoken_at == baud:
                heard += chunk
            else:
                self.wrong_speed_bytes += len(chunk)
        return heard
