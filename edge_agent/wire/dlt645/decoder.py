"""Finds DL/T 645 frames in a stream of bytes, for either side of the line, without port, clock or log."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edge_agent.wire.dlt645.address import VALID_BYTES
from edge_agent.wire.dlt645.frame import (
    END,
    FRAME_OVERHEAD,
    HEAD_BYTES,
    MAX_DATA_BYTES,
    START,
    Direction,
    Frame645,
    decode_whole,
)

_NO_FRAME, _UNDECIDED = 0, -1
_PIECE_BYTES = 4096           # a larger chunk is taken piece by piece, so that held bytes stay bounded
_READY_LIMIT = 64             # frames nobody has taken: 768 bytes at least, more than one read of a line holds


@dataclass(slots=True)
class Decoder645:
    """Takes frames of one direction and skips those of the other.

    A master takes replies: the echo of its own request on a two-wire line is a request and never reaches it. A meter takes requests:
    what other meters on the bus answer never reaches it. A skipped frame is skipped whole, so its payload is not searched for frames.

    Of frames that overlap, the one that begins first wins. At most one frame's bytes are held undecided; an ``68`` that began no frame
    may hold good bytes back until the line falls silent, then :meth:`end_burst` frees them (bytes of one frame are at most 500 ms
    apart, section 5.3.3).
    """

    accepts: Direction = Direction.REPLY
    discarded_bytes: int = 0            # of no intact frame, or of frames that nobody took in time
    checksum_errors: int = 0            # head and end were right, the sum was not
    foreign_frames: int = 0             # intact, of the other direction
    _buffer: bytearray = field(default_factory=bytearray)
    _ready: deque[Frame645] = field(default_factory=deque)

    @property
    def is_waiting_for_more(self) -> bool:
        """Whether bytes are held that may be the beginning of a frame."""
        return bool(self._buffer)

    @property
    def held_bytes(self) -> int:
        """Bytes not yet decided on; never more than a frame has."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> None:
        for begin in range(0, len(chunk), _PIECE_BYTES):
            self._buffer += chunk[begin : begin + _PIECE_BYTES]
            self._scan(is_burst_over=False)

    def next_frame(self) -> Frame645 | None:
        """The oldest frame not yet taken, or None for "need more"."""
        return self._ready.popleft() if self._ready else None

    def end_burst(self) -> None:
        """The line has been silent for longer than a frame may pause: what is unfinished is no frame, what lies behind it may be."""
        self._scan(is_burst_over=True)

    def reset(self) -> None:
        """Drop all that is held, found frames too, as before a new request."""
        self.discarded_bytes += len(self._buffer) + sum(FRAME_OVERHEAD + len(frame.data) for frame in self._ready)
        self._buffer.clear()
        self._ready.clear()

    def _scan(self, *, is_burst_over: bool) -> None:
        buffer, at = self._buffer, 0
        while (start := buffer.find(START, at)) >= 0:
            self.discarded_bytes += start - at
            at = start
            length = self._judge(start)
            if length == _UNDECIDED and not is_burst_over:
                break
            if length > 0:
                self._take(decode_whole(buffer[start : start + length]))
                at += length
            else:
                self.discarded_bytes += 1   # this 68 was payload or noise: one byte on
                at += 1
        else:
            self.discarded_bytes += len(buffer) - at
            at = len(buffer)
        del buffer[:at]

    def _judge(self, start: int) -> int:
        """Bytes of the frame that begins at ``start``, or whether none does, or whether more bytes decide it."""
        buffer = self._buffer
        held = len(buffer) - start
        if buffer[start + 1 : start + 7].translate(None, VALID_BYTES) or (held > 7 and buffer[start + 7] != START):
            return _NO_FRAME
        if held < HEAD_BYTES:
            return _UNDECIDED
        data_bytes = buffer[start + 9]
        if data_bytes > MAX_DATA_BYTES:
            return _NO_FRAME
        length = FRAME_OVERHEAD + data_bytes
        if held < length:
            return _UNDECIDED
        if buffer[start + length - 1] != END:
            return _NO_FRAME
        if sum(buffer[start : start + length - 2]) & 0xFF != buffer[start + length - 2]:
            self.checksum_errors += 1
            return _NO_FRAME
        return length

    def _take(self, frame: Frame645) -> None:
        if frame.direction is not self.accepts:
            self.foreign_frames += 1
            return
        if len(self._ready) >= _READY_LIMIT:
            self.discarded_bytes += FRAME_OVERHEAD + len(self._ready.popleft().data)
        self._ready.append(frame)
