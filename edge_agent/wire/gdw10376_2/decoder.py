"""Finds frames in a stream of bytes of the module's UART, either role, without port, clock or log.

Line damage is normal: bytes are dropped, counted, and the next good frame is found; nothing raises.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from edge_agent.wire.gdw10376_2.codes import Code
from edge_agent.wire.gdw10376_2.frame import (
    CODE_BYTES,
    END,
    MAX_FRAME_BYTES,
    MIN_FRAME_BYTES,
    START,
    Frame10376,
    code_of,
    code_offset,
    frame_of,
)
from edge_agent.wire.gdw10376_2.names import NAMES

# What a longest frame still waits for plus one read of a serial line (4096 bytes): whoever takes the frames out after each such
# read loses nothing, and a babbling line does not fill the memory.
BUFFER_LIMIT = MAX_FRAME_BYTES + 4096

_HEAD_BYTES = 5  # up to the flags that say where AFN stands


class _Head(NamedTuple):
    """What the bytes at a start say so far: ``end`` of the frame and of its head, counted in the buffer; 0 = not known yet."""

    end: int = 0
    head_end: int = 0
    code: Code | None = None
    is_impossible: bool = False

    def is_whole(self, held: int) -> bool:
        return self.code is not None and self.end <= held

    @property
    def hides_what_follows(self) -> bool:
        """A function of the table, or not enough bytes to say which function."""
        return self.code in NAMES or not (self.head_end or self.is_impossible)


@dataclass(slots=True)
class Decoder10376:
    """Hands out good frames in order.

    A start whose head names a function of the standard's table is believed: what it holds is content, even where that looks like a
    frame, until its checksum fails or ``reset()`` says that the line fell silent. Any other start hides nothing: a good frame behind it
    comes out at once. How the bytes were cut into chunks makes no difference.
    """

    discarded_bytes: int = 0
    checksum_errors: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _ready: deque[Frame10376] = field(default_factory=deque)
    _come_at_once: int = 0  # bytes held that were there when the frame before them could first be told

    @property
    def is_waiting_for_more(self) -> bool:
        """Whether bytes are held that may be the beginning of a frame."""
        return bool(self._buffer)

    @property
    def held_bytes(self) -> int:
        """Never more than BUFFER_LIMIT."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> None:
        """Store ``chunk``; the oldest bytes go when more than BUFFER_LIMIT are held."""
        self._buffer += chunk
        self._discard(len(self._buffer) - BUFFER_LIMIT, [])

    def next_frame(self) -> Frame10376 | None:
        """The next good frame, or None for "need more"."""
        if self._ready:
            return self._ready.popleft()
        return self._take(is_line_silent=False) if self._buffer else None

    def reset(self) -> None:
        """The line fell silent within what was held: a start that waits for more was false. Frames behind it come out next."""
        while (frame := self._take(is_line_silent=True)) is not None:
            self._ready.append(frame)
        while len(self._ready) > BUFFER_LIMIT // MIN_FRAME_BYTES:
            self._ready.popleft()  # nobody takes frames out: keep what one buffer can hold

    def _take(self, is_line_silent: bool) -> Frame10376 | None:
        """Discards up to the good frame that was complete first and returns it, or up to the first start that may become one."""
        buffer = self._buffer
        best: Frame10376 | None = None
        best_at = best_end = best_seen = 0
        waiting_at = len(buffer)
        seen_from = self._come_at_once  # how much of the buffer must have come before a frame further in counts
        failed: list[int] = []
        at = buffer.find(START)
        while at >= 0 and (best is None or at < best_end):
            head = _head_at(buffer, at)
            seen_from = max(seen_from, head.head_end)
            if head.is_whole(len(buffer)):
                frame = self._judge(at, head, failed)
                seen = max(head.end, seen_from)
                if frame is not None and (best is None or seen < best_seen):
                    best, best_at, best_end, best_seen = frame, at, head.end, seen
                if head.hides_what_follows:
                    if frame is not None:
                        break
                    seen_from = seen
            elif not (head.is_impossible or is_line_silent):
                waiting_at = min(waiting_at, at)
                if head.hides_what_follows:
                    break
            at = buffer.find(START, at + 1)
        self._discard(waiting_at if best is None else best_at, failed)
        if best is not None:
            del buffer[: best_end - best_at]
            self._come_at_once = best_seen - best_end
        return best

    def _judge(self, at: int, head: _Head, failed: list[int]) -> Frame10376 | None:
        """The frame of a head whose bytes have all come, or None; ``at`` joins ``failed`` when only the sum is wrong."""
        wire = bytes(self._buffer[at : head.end])
        if head.code is None or wire[-1] != END:
            return None
        if sum(wire[3:-2]) & 0xFF != wire[-2]:
            failed.append(at)
            return None
        return frame_of(wire, head.head_end - CODE_BYTES - at, head.code)

    def _discard(self, count: int, failed: list[int]) -> None:
        if count > 0:
            del self._buffer[:count]
            self._come_at_once = max(0, self._come_at_once - count)
            self.discarded_bytes += count
            if failed:
                self.checksum_errors += sum(at < count for at in failed)


def _head_at(buffer: bytearray, at: int) -> _Head:
    held = len(buffer) - at
    if held < _HEAD_BYTES:
        return _Head()
    length = buffer[at + 1] | buffer[at + 2] << 8
    if not MIN_FRAME_BYTES <= length <= MAX_FRAME_BYTES:
        return _Head(is_impossible=True)
    head_end = code_offset(buffer[at : at + _HEAD_BYTES]) + CODE_BYTES
    if head_end + 2 > length:
        return _Head(is_impossible=True)
    if held < head_end:
        return _Head(end=at + length)
    code = code_of(buffer[at + head_end - CODE_BYTES : at + head_end])
    return _Head(end=at + length, head_end=at + head_end, code=code, is_impossible=code is None)
