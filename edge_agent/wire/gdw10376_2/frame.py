"""One frame of the concentrator's local module interface, and its bytes.

``68 | L 2 | C | R 6 | [A] | AFN | DT1 DT2 | data | CS | 16``; L counts the whole frame, CS sums C to the last data byte.
Source: Q/GDW 10376.2-2024 sections 5 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.addresses import ADDRESS_BYTES, address_bytes, address_text
from edge_agent.wire.gdw10376_2.codes import MAX_FN, Code, CommType, Direction
from edge_agent.wire.gdw10376_2.information import INFORMATION_BYTES, MODULE_FLAG, DownInfo, UpInfo

START, END = 0x68, 0x16
MIN_FRAME_BYTES = 15
# The longest lists of the standard (255 nodes of 9 bytes in 06H F1, 64 chips of 34 in 10H F112) and the longest message of the power
# line (MSDU of 2044 bytes) stay under 2400 bytes; L itself could promise 65535, and every byte more is a byte that a false start waits for.
MAX_FRAME_BYTES = 2560
INFORMATION_AT = 4
BODY_AT = INFORMATION_AT + INFORMATION_BYTES  # A, or AFN where there is none

CODE_BYTES = 3

_UP, _PRM, _TYPE_MASK = 0x80, 0x40, 0x3F


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressField:
    """A1, A2, A3. Up, the source is the meter that answers or failed; relays travel down only."""

    source: str
    destination: str
    relays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame10376:
    """A frame; the type of ``info`` is its direction, ``addresses`` its module flag. ``prm``: started by the side that sends it."""

    afn: int
    fn: int
    info: DownInfo | UpInfo
    data: bytes = b""
    addresses: AddressField | None = None
    prm: bool = True
    comm_type: int = CommType.HPLC

    @property
    def code(self) -> Code:
        return Code(self.afn, self.fn)

    @property
    def direction(self) -> Direction:
        return Direction.UP if isinstance(self.info, UpInfo) else Direction.DOWN

    @property
    def sequence(self) -> int:
        return self.info.sequence


def encode(frame: Frame10376) -> bytes:
    """Bytes of the frame. Raises ValueError where a field does not fit the frame."""
    if not 1 <= frame.fn <= MAX_FN:
        raise ValueError(f"F{frame.fn} is outside F1..F{MAX_FN}")
    if not 0 <= frame.comm_type <= _TYPE_MASK:
        raise ValueError(f"communication type {frame.comm_type} does not fit 6 bits")
    control = (_UP if frame.direction is Direction.UP else 0) | (_PRM if frame.prm else 0) | frame.comm_type
    group, bit = divmod(frame.fn - 1, 8)
    body = bytes([control]) + frame.info.to_bytes(frame.addresses is not None) + _address_field(frame)
    body += bytes([frame.afn, 1 << bit, group]) + frame.data
    length = len(body) + 5
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"frame of {length} bytes is longer than {MAX_FRAME_BYTES}")
    return bytes([START]) + length.to_bytes(2, "little") + body + bytes([sum(body) & 0xFF, END])


def parse_frame(wire: bytes) -> Frame10376:
    """The one frame that ``wire`` is, from 68 to 16. Raises FrameError in one line for anything else."""
    if len(wire) < MIN_FRAME_BYTES:
        raise FrameError(f"{len(wire)} bytes are less than the shortest frame of {MIN_FRAME_BYTES}")
    if wire[0] != START or wire[-1] != END:
        raise FrameError(f"frame runs from {wire[0]:02X} to {wire[-1]:02X}, not from 68 to 16")
    length = int.from_bytes(wire[1:3], "little")
    if length != len(wire):
        raise FrameError(f"length field says {length}, frame has {len(wire)} bytes")
    if length > MAX_FRAME_BYTES:
        raise FrameError(f"frame of {length} bytes is longer than {MAX_FRAME_BYTES}")
    found = sum(wire[3:-2]) & 0xFF
    if found != wire[-2]:
        raise FrameError(f"checksum is {wire[-2]:02X}, bytes give {found:02X}")
    code_at = code_offset(wire)
    if code_at + CODE_BYTES > length - 2:
        raise FrameError(f"frame of {length} bytes cannot hold its addresses of {code_at - BODY_AT} bytes")
    code = code_of(wire[code_at : code_at + CODE_BYTES])
    if code is None:
        raise FrameError(f"information class {wire[code_at + 1]:02X} {wire[code_at + 2]:02X} names no single Fn")
    return frame_of(wire, code_at, code)


def frame_of(wire: bytes, code_at: int, code: Code) -> Frame10376:
    """The frame that ``wire`` is, once its form and sum are known to be right and ``code`` was found at ``code_at``."""
    information = wire[INFORMATION_AT:BODY_AT]
    return Frame10376(
        afn=code.afn,
        fn=code.fn,
        info=UpInfo.parse(information) if wire[3] & _UP else DownInfo.parse(information),
        data=wire[code_at + CODE_BYTES : -2],
        addresses=_addresses_of(wire[BODY_AT:code_at]),
        prm=bool(wire[3] & _PRM),
        comm_type=wire[3] & _TYPE_MASK,
    )


def code_offset(head: bytes | bytearray) -> int:
    """Where AFN stands, from the first five bytes: behind A1, A2 (down only) and A3 when the module flag is set."""
    if not head[INFORMATION_AT] & MODULE_FLAG:
        return BODY_AT
    relays = 0 if head[3] & _UP else head[INFORMATION_AT] >> 4
    return BODY_AT + ADDRESS_BYTES * (2 + relays)


def code_of(wire: bytes | bytearray) -> Code | None:
    """AFN and Fn of three bytes; None when DT1 is not one bit or DT2 no group of the standard."""
    afn, element, group = wire
    if element.bit_count() != 1 or group * 8 >= MAX_FN:
        return None
    return Code(afn, group * 8 + element.bit_length())


def _address_field(frame: Frame10376) -> bytes:
    if frame.addresses is None:
        return b""
    relays = frame.addresses.relays
    if frame.direction is Direction.UP and relays:
        raise ValueError("an upward frame carries no relay addresses")
    if frame.direction is Direction.DOWN and len(relays) != frame.info.relay_level:
        raise ValueError(f"{len(relays)} relay addresses do not fit relay level {frame.info.relay_level}")
    return b"".join(map(address_bytes, (frame.addresses.source, *relays, frame.addresses.destination)))


def _addresses_of(wire: bytes) -> AddressField | None:
    texts = [address_text(wire[at : at + ADDRESS_BYTES]) for at in range(0, len(wire), ADDRESS_BYTES)]
    return AddressField(source=texts[0], relays=tuple(texts[1:-1]), destination=texts[-1]) if texts else None
