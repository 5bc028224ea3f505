"""Sampled windows of a sensing unit as bytes: frames on a local socket, one after the other in a file.

All numbers little endian. A frame is a head of 52 bytes, the samples, and a check of the samples:

    offset  size  what
    0       4     "HWF1"
    4       1     flags: bit 0 voltage samples follow the current's; bits 1-2 source of the time: 0 none, 1 rtc, 2 ntp, 3 of the unit itself
    5       1     0
    6       2     channel of the unit: which of its sensors
    8       4     number of the window, rising by one for windows without a pause between them, from 0 again after 2^32 - 1
    12      8     time of the first sample, UTC ms, signed; 0 when the source is none
    20      8     samples a second, float64
    28      8     frequency of the mains as the unit measures it, Hz, float64
    36      4     amperes of one count, float32
    40      4     volts of one count, float32; 0 without voltage
    44      4     n, samples of the window: 1 to 65536
    48      4     CRC-32C of bytes 0 to 47
    52      2n    current, int16 counts; -32768 = not measured
            2n    voltage, the same, where the flag says so
            4     CRC-32C of the samples

A window should hold whole cycles of the mains and begin where the voltage rises through zero, as far as the unit can tell.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cython_ext.crc32c import crc32c

START = b"HWF1"
MAX_SAMPLES = 65_536                       # 1.3 s at 50 kHz
_HEAD = struct.Struct("<4sBBHIqddffI")
_CHECK = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CHECK.size
MAX_FRAME_BYTES = HEAD_BYTES + 4 * MAX_SAMPLES + _CHECK.size
BUFFER_LIMIT = 2 * MAX_FRAME_BYTES         # the frame that is coming, and one that came behind it in the same chunk
NOT_MEASURED = -32_768
_MOST_RATE_HZ = 1e7
_MOST_PER_COUNT = 1e4
_HAS_VOLTAGE = 1
TIME_SOURCES = ("none", "rtc", "ntp", "meter")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveformFrame:
    """``current`` and ``voltage`` are int16 counts, shape (n,); ``time_source`` is one of TIME_SOURCES."""

    channel: int
    sequence: int
    taken_utc_ms: int
    time_source: str
    rate_hz: float
    mains_hz: float
    amperes_per_count: float
    volts_per_count: float
    current: npt.NDArray[np.int16]
    voltage: npt.NDArray[np.int16] | None = None

    def __post_init__(self) -> None:
        n = len(self.current)
        if not 1 <= n <= MAX_SAMPLES or (self.voltage is not None and self.voltage.shape != (n,)):
            raise ValueError(f"a window has 1 to {MAX_SAMPLES} samples, of the voltage as many as of the current")
        if not (0 <= self.channel < 1 << 16 and 0 <= self.sequence < 1 << 32 and self.time_source in TIME_SOURCES):
            raise ValueError("channel is 16 bit, sequence 32 bit, time_source one of " + ", ".join(TIME_SOURCES))
        if not (1 <= self.rate_hz <= _MOST_RATE_HZ and 1 <= self.mains_hz <= self.rate_hz and abs(self.taken_utc_ms) <= 1 << 53):
            raise ValueError(f"rate_hz is 1 to {_MOST_RATE_HZ:.0f}, mains_hz 1 to rate_hz, taken_utc_ms at most 2^53")
        if not (0 < self.amperes_per_count <= _MOST_PER_COUNT and 0 <= self.volts_per_count <= _MOST_PER_COUNT):
            raise ValueError(f"scales are above 0 and at most {_MOST_PER_COUNT:.0f}")

    @property
    def current_a(self) -> npt.NDArray[np.float32]:
        """Shape (n,), NaN where it was not measured."""
        return _scaled(self.current, self.amperes_per_count)

    @property
    def voltage_v(self) -> npt.NDArray[np.float32] | None:
        return None if self.voltage is None else _scaled(self.voltage, self.volts_per_count)


def encode(frame: WaveformFrame) -> bytes:
    """The bytes of a frame."""
    flags = TIME_SOURCES.index(frame.time_source) << 1 | (_HAS_VOLTAGE if frame.voltage is not None else 0)
    head = _HEAD.pack(
        START, flags, 0, frame.channel, frame.sequence, frame.taken_utc_ms, frame.rate_hz, frame.mains_hz, frame.amperes_per_count,
        frame.volts_per_count, len(frame.current),
    )
    samples = frame.current.astype("<i2").tobytes() + (b"" if frame.voltage is None else frame.voltage.astype("<i2").tobytes())
    return head + _CHECK.pack(crc32c(head)) + samples + _CHECK.pack(crc32c(samples))


@dataclass(slots=True)
class WaveformDecoder:
    """``feed`` bytes as they come, take frames with ``next_frame``. Bytes that are no frame are dropped and counted.

    Where a frame's samples fail their check, only its start is dropped: a frame that begins within is found.
    """

    discarded_bytes: int = 0
    checksum_errors: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _ready: deque[WaveformFrame] = field(default_factory=deque)

    @property
    def held_bytes(self) -> int:
        """Never more than BUFFER_LIMIT."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> None:
        """Store ``chunk``; the oldest bytes go when more than BUFFER_LIMIT are held."""
        self._buffer += chunk
        self._discard(len(self._buffer) - BUFFER_LIMIT)

    def next_frame(self) -> WaveformFrame | None:
        """The next good frame, or None for "need more"."""
        if self._ready:
            return self._ready.popleft()
        return self._take(is_silent=False)

    def reset(self) -> None:
        """The unit fell silent: a frame that waits for more will not be whole. Good ones within what is held come out next."""
        while (frame := self._take(is_silent=True)) is not None:
            self._ready.append(frame)

    def _take(self, *, is_silent: bool) -> WaveformFrame | None:
        buffer = self._buffer
        while True:
            at = buffer.find(START)
            if at < 0:
                kept = 0 if is_silent else _begins(buffer)
                self._discard(len(buffer) - kept)
                return None
            self._discard(at)
            if len(buffer) < HEAD_BYTES:
                if not is_silent:
                    return None
                self._discard(1)
                continue
            size = _size_of(bytes(buffer[:HEAD_BYTES]))
            if size is not None and len(buffer) < size and not is_silent:
                return None
            frame = _frame_of(bytes(buffer[:size])) if size is not None and len(buffer) >= size else None
            if frame is not None:
                del buffer[:size]
                return frame
            if size is None or len(buffer) >= size:
                self.checksum_errors += 1
            self._discard(1)       # this start was false: the next may be within

    def _discard(self, count: int) -> None:
        if count > 0:
            del self._buffer[:count]
            self.discarded_bytes += count


def _size_of(head: bytes) -> int | None:
    """Of the whole frame; None for a head that is none."""
    if crc32c(head[: _HEAD.size]) != _CHECK.unpack_from(head, _HEAD.size)[0]:
        return None
    _, flags, *_, count = _HEAD.unpack_from(head)
    if not 1 <= count <= MAX_SAMPLES:
        return None
    size: int = HEAD_BYTES + 2 * count * (1 + (flags & _HAS_VOLTAGE)) + _CHECK.size
    return size


def _frame_of(wire: bytes) -> WaveformFrame | None:
    _, flags, zero, channel, sequence, taken_utc_ms, rate_hz, mains_hz, amperes, volts, count = _HEAD.unpack_from(wire)
    samples = wire[HEAD_BYTES : -_CHECK.size]
    if crc32c(samples) != _CHECK.unpack_from(wire, len(wire) - _CHECK.size)[0] or zero or flags >> 3:
        return None
    numbers = np.frombuffer(samples, dtype="<i2").astype(np.int16)
    try:
        return WaveformFrame(
            channel=channel, sequence=sequence, taken_utc_ms=taken_utc_ms, time_source=TIME_SOURCES[flags >> 1], rate_hz=rate_hz,
            mains_hz=mains_hz, amperes_per_count=amperes, volts_per_count=volts, current=numbers[:count],
            voltage=numbers[count:] if flags & _HAS_VOLTAGE else None,
        )
    except ValueError:
        return None


def _begins(buffer: bytearray) -> int:
    """How many bytes at the end may be the beginning of a start."""
    return next((size for size in range(len(START) - 1, 0, -1) if buffer.endswith(START[:size])), 0)


def _scaled(counts: npt.NDArray[np.int16], unit: float) -> npt.NDArray[np.float32]:
    scaled = counts.astype(np.float32) * np.float32(unit)
    scaled[counts == NOT_MEASURED] = np.nan
    return scaled
