"""Finds frames in a stream of bytes of the module's UART, either role, without port, clock or log.

Line damage is normal: bytes are dropped, counted, and the next good frame is found; nothing raises.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.frame import (
    END,
    MAX_FRAME_BYTES,
    MIN_FRAME_BYTES,
    START,
    Frame10376,
    code_of,
    code_offset,
    parse_frame,
)
from edge_agent.wire.gdw10376_2.names import NAMES

# What a longest frame still waits for plus one read of a serial line (4096 bytes): whoever takes the frames out after each such
# read loses nothing, and a babbling line does not fill the memory.
BUFFER_LIMIT = MAX_FRAME_BYTES + 4096

_HEAD_BYTES = 5   # up to the flags that say where AFN stands
_CODE_BYTES = 3


@dataclass(frozen=True, slots=True)
class _Head:
    """What the bytes at a start say so far: ``end`` of the frame and of its head, counted in the buffer; 0 = not known yet."""

    end: int = 0
    head_end: int = 0
    is_in_the_table: bool = False
    is_impossible: bool = False


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
        return self._ready.popleft() if self._ready else self._take(is_line_silent=False)

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
        seen_from = 0  # how much of the buffer must have come before a frame further in counts
        failed: list[int] = []
        at = buffer.find(START)
        while at >= 0 and (best is None or at < best_end):
            head = _head_at(buffer, at)
            seen_from = max(seen_from, head.head_end)
            if not head.is_impossible and not 0 < head.end <= len(buffer):
                if not is_line_silent:
                    waiting_at = min(waiting_at, at)
                    if head.is_in_the_table or not head.head_end:
                        break
            elif not head.is_impossible:
                frame = self._judge(at, head, failed)
                seen = max(head.end, seen_from)
                if frame is not None and (best is None or seen < best_seen):
                    best, best_at, best_end, best_seen = frame, at, head.end, seen
                if head.is_in_the_table:
                    if frame is not None:
                        break
                    seen_from = max(seen_from, head.end)
            at = buffer.find(START, at + 1)
        self._discard(waiting_at if best is None else best_at, failed)
        if best is not None:
            del buffer[: best_end - best_at]
        return best

    def _judge(self, at: int, head: _Head, failed: list[int]) -> Frame10376 | None:
        if self._buffer[head.end - 1] != END:
            return None
        try:
            return parse_frame(bytes(self._buffer[at : head.end]))
        except FrameError:
            failed.append(at)  # start, length, code and end are right: only the sum can be wrong
            return None

    def _discard(self, count: int, failed: list[int]) -> None:
        if count > 0:
            del self._buffer[:count]
            self.discarded_bytes += count
            self.checksum_errors += sum(at < count for at in failed)


def _head_at(buffer: bytearray, at: int) -> _Head:
    held = len(buffer) - at
    if held < _HEAD_BYTES:
        return _Head()
    length = int.from_bytes(buffer[at + 1 : at + 3], "little")
    code_at = code_offset(buffer[at : at + _HEAD_BYTES])
    if not MIN_FRAME_BYTES <= length <= MAX_FRAME_BYTES or code_at + _CODE_BYTES + 2 > length:
        return _Head(is_impossible=True)
    head_end = code_at + _CODE_BYTES
    if held < head_end:
        return _Head(end=at + length)
    code = code_of(buffer[at + code_at : at + head_end])
    return _Head(end=at + length, head_end=at + head_end, is_in_the_table=code in NAMES, is_impossible=code is None)
