"""A line with DL/T 645 meters on it: who hears a request, who answers, what the wire makes of two who answer at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge_agent.wire.dlt645 import Decoder645, Direction, Frame645, encode

_PREAMBLE_BYTES = 4


class Answering645(Protocol):
    """A meter of any kind."""

    def answer(self, request: Frame645) -> Frame645 | None: ...


@dataclass(slots=True)
class Line645:
    """Bytes in, bytes out. Requests with a wrong sum never reach a meter: they stay unanswered, as the standard wants.

    ``delay_s`` gives the reply delay of each answer (the standard allows 20 to 500 ms). ``spoil(request, reply bytes)`` may change what
    goes out, b"" for silence. Several meters that answer one wildcard talk over each other.
    """

    meters: Sequence[Answering645]
    delay_s: Callable[[], float] = lambda: 0.02
    spoil: Callable[[Frame645, bytes], bytes] | None = None
    _decoder: Decoder645 = field(default_factory=lambda: Decoder645(accepts=Direction.REQUEST))

    def respond(self, data: bytes) -> list[tuple[float, bytes]]:
        """(delay in seconds from the end of the request, bytes) for each answer."""
        self._decoder.feed(data)
        found = []
        while (request := self._decoder.next_frame()) is not None:
            replies = [encode(reply, _PREAMBLE_BYTES) for meter in self.meters if (reply := meter.answer(request)) is not None]
            if not replies:
                continue
            sent = _together(replies)
            sent = sent if self.spoil is None else self.spoil(request, sent)
            if sent:
                found.append((self.delay_s(), sent))
        return found

    def reset(self) -> None:
        """Forget half a request."""
        self._decoder.reset()


def _together(replies: Sequence[bytes]) -> bytes:
    """What a receiver hears: on RS-485 the driver that pulls to 0 mostly wins, bit by bit."""
    longest = max(map(len, replies))
    heard = bytearray(b"\xff" * longest)
    for reply in replies:
        for place, byte in enumerate(reply):
            heard[place] &= byte
    return bytes(heard)
