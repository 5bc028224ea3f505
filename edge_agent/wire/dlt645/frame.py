"""One frame of DL/T 645: ``68 A0..A5 68 C L DATA CS 16``, DATA sent with 33H added to each byte.

Source: DL/T 645-2007 sections 5.2, 5.3.1; the frame of DL/T 645-1997 is the same.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645.address import ADDRESS_BYTES, address_from_wire, address_to_wire, check_address

START, END, PREAMBLE = 0x68, 0x16, 0xFE
MAX_DATA_BYTES = 200          # section 5.2.4, reads; writes have at most 50
HEAD_BYTES = 10               # 68, address, 68, C, L
FRAME_OVERHEAD = HEAD_BYTES + 2
MAX_FRAME_BYTES = FRAME_OVERHEAD + MAX_DATA_BYTES
REPLY_BIT, ABNORMAL_BIT, MORE_BIT, FUNCTION_MASK = 0x80, 0x40, 0x20, 0x1F
_ADD_33 = bytes((value + 0x33) & 0xFF for value in range(256))
_SUBTRACT_33 = bytes((value - 0x33) & 0xFF for value in range(256))


class Direction(enum.Enum):
    """Who sent a frame: bit 7 of the control code."""

    REQUEST = "master>meter"
    REPLY = "meter>master"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame645:
    """``address``: twelve digits in natural order, pairs may be AA. ``data`` is what is meant, before 33H is added."""

    address: str
    control: int
    data: bytes = b""

    def __post_init__(self) -> None:
        check_address(self.address)
        if not 0 <= self.control <= 0xFF:
            raise ValueError(f"control code {self.control} is no byte")
        if len(self.data) > MAX_DATA_BYTES:
            raise ValueError(f"{len(self.data)} data bytes: a frame carries at most {MAX_DATA_BYTES}")

    @property
    def direction(self) -> Direction:
        return Direction.REPLY if self.control & REPLY_BIT else Direction.REQUEST

    @property
    def function(self) -> int:
        return self.control & FUNCTION_MASK

    @property
    def is_abnormal(self) -> bool:
        """Whether the meter refuses (bit 6); ``data`` is then the error byte."""
        return bool(self.control & ABNORMAL_BIT)

    @property
    def has_more(self) -> bool:
        """Whether the meter holds more data than this frame carries (bit 5)."""
        return bool(self.control & MORE_BIT)


def encode(frame: Frame645, preamble: int = 0) -> bytes:
    """The bytes of ``frame`` behind ``preamble`` bytes FE (4 wake up a receiver, section 5.3.1)."""
    body = b"\x68" + address_to_wire(frame.address) + bytes([START, frame.control, len(frame.data)]) + frame.data.translate(_ADD_33)
    return bytes([PREAMBLE]) * preamble + body + bytes([sum(body) & 0xFF, END])


def decode_whole(frame: bytes | bytearray) -> Frame645:
    """The frame in bytes whose head, length, sum and end are already known to be right."""
    return Frame645(
        address=frame[ADDRESS_BYTES:0:-1].hex().upper(), control=frame[8], data=bytes(frame[HEAD_BYTES:-2].translate(_SUBTRACT_33))
    )


def decode_frame(received: bytes) -> Frame645:
    """The one frame in ``received``; FE bytes before it are skipped.

    Raises:
        FrameError: one line on what is wrong: cut, damaged, or followed by something else.
    """
    frame = received.lstrip(bytes([PREAMBLE]))
    if len(frame) < FRAME_OVERHEAD:
        raise FrameError(f"{len(frame)} bytes: the shortest frame has {FRAME_OVERHEAD}")
    if frame[0] != START or frame[7] != START:
        raise FrameError(f"bytes 1 and 8 are {frame[0]:02X} and {frame[7]:02X}: a frame has 68 there")
    address_from_wire(frame[1:7])
    length = frame[9]
    if length > MAX_DATA_BYTES:
        raise FrameError(f"length byte says {length} data bytes: at most {MAX_DATA_BYTES} are allowed")
    if len(frame) < FRAME_OVERHEAD + length:
        raise FrameError(f"length byte says {length} data bytes, {len(frame) - FRAME_OVERHEAD} are there: the frame is cut")
    if len(frame) > FRAME_OVERHEAD + length:
        raise FrameError(f"{len(frame) - FRAME_OVERHEAD - length} bytes follow the end of the frame: give one whole frame")
    if frame[-1] != END:
        raise FrameError(f"last byte is {frame[-1]:02X}: a frame ends with 16")
    right = sum(frame[:-2]) & 0xFF
    if frame[-2] != right:
        raise FrameError(f"sum is {frame[-2]:02X}, the bytes before it give {right:02X}: the frame is damaged")
    return decode_whole(frame)
