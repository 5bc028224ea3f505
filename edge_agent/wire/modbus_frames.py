"""Modbus frames (reads only): requests, replies, and their bytes in RTU and TCP framing.

Source: Modbus Application Protocol V1.1b3 sections 6.3, 6.4, 7; Modbus over Serial Line V1.02; Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from cython_ext.crc16 import crc16_modbus

READ_HOLDING, READ_INPUT = 3, 4
READ_FUNCTIONS = (READ_HOLDING, READ_INPUT)
EXCEPTION_BIT = 0x80
MAX_READ_WORDS = 125          # V1.1b3 section 6.3
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
GATEWAY_NO_PATH, GATEWAY_NO_REPLY = 0x0A, 0x0B

_MBAP = struct.Struct(">HHHB")
_MAX_TCP_LENGTH = 254         # unit + 253 bytes of PDU


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """Read ``count`` registers from wire address ``address``."""

    unit: int
    function: int
    address: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """``data`` holds the register bytes, high byte first; ``exception`` is the code where the meter refused."""

    unit: int
    function: int
    data: bytes = b""
    exception: int | None = None


def with_crc(body: bytes) -> bytes:
    """``body`` and its CRC, low byte first."""
    return body + crc16_modbus(body).to_bytes(2, "little")


def encode_request_rtu(request: ReadRequest) -> bytes:
    return with_crc(struct.pack(">BBHH", request.unit, request.function, request.address, request.count))


def encode_request_tcp(request: ReadRequest, transaction: int) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, request.unit, request.function, request.address, request.count)


def encode_reply_rtu(reply: Reply) -> bytes:
    return with_crc(bytes([reply.unit]) + _reply_pdu(reply))


def encode_reply_tcp(reply: Reply, transaction: int) -> bytes:
    pdu = _reply_pdu(reply)
    return _MBAP.pack(transaction, 0, len(pdu) + 1, reply.unit) + pdu


def _reply_pdu(reply: Reply) -> bytes:
    if reply.exception is not None:
        return bytes([reply.function | EXCEPTION_BIT, reply.exception])
    return bytes([reply.function, len(reply.data)]) + reply.data


def reply_from_pdu(unit: int, pdu: bytes) -> Reply | None:
    """The reply in a complete PDU, whatever was asked; None when its own lengths contradict each other."""
    if len(pdu) == 2 and pdu[0] & EXCEPTION_BIT:
        return Reply(unit=unit, function=pdu[0] & ~EXCEPTION_BIT, exception=pdu[1])
    if len(pdu) >= 2 and pdu[0] in READ_FUNCTIONS and pdu[1] == len(pdu) - 2 and pdu[1] % 2 == 0:
        return Reply(unit=unit, function=pdu[0], data=bytes(pdu[2:]))
    return None


@dataclass(slots=True)
class DecoderCounters:
    """What a decoder dropped. ``foreign_frames`` were whole and intact, but not the answer that is expected (late ones among them)."""

    discarded_bytes: int = 0
    foreign_frames: int = 0
    crc_errors: int = 0


def is_reply_pdu(function: int, third: int, length: int) -> bool:
    """Whether a PDU of ``length - 1`` bytes that begins so may be a reply to a read."""
    if function & EXCEPTION_BIT:
        return function & 0x7F in READ_FUNCTIONS and length == 3
    return function in READ_FUNCTIONS and third == length - 3


def is_request_pdu(function: int, third: int, length: int) -> bool:
    return function & EXCEPTION_BIT == 0


def next_mbap(
    buffer: bytearray, counters: DecoderCounters, is_possible: Callable[[int, int, int], bool]
) -> tuple[int, int, bytes] | None:
    """Transaction, unit and PDU of the next intact TCP frame; resynchronises byte by byte where a head contradicts itself."""
    while len(buffer) > _MBAP.size + 1:
        transaction, protocol, length, unit = _MBAP.unpack_from(buffer)
        if protocol != 0 or not 3 <= length <= _MAX_TCP_LENGTH or not is_possible(buffer[_MBAP.size], buffer[_MBAP.size + 1], length):
            counters.discarded_bytes += 1
            del buffer[:1]
            continue
        if len(buffer) < 6 + length:
            return None
        pdu = bytes(buffer[_MBAP.size : 6 + length])
        del buffer[: 6 + length]
        return transaction, unit, pdu
    return None
