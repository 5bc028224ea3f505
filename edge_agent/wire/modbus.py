"""Modbus application frames (reads only) in RTU and TCP framing, both roles, without port, clock or log.

Line damage is normal: decoders drop, count and resynchronise; they do not raise. A reply is handed out only when unit, function and
byte count (TCP: also the transaction) are those of the request that is expected.
Source: Modbus Application Protocol V1.1b3 sections 6.3, 6.4, 7; Modbus over Serial Line V1.02; Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from cython_ext.crc16 import crc16_modbus

READ_HOLDING, READ_INPUT = 3, 4
READ_FUNCTIONS = (READ_HOLDING, READ_INPUT)
EXCEPTION_BIT = 0x80
MAX_READ_WORDS = 125          # V1.1b3 section 6.3
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
GATEWAY_NO_PATH, GATEWAY_NO_REPLY = 0x0A, 0x0B

_RTU_EXCEPTION_BYTES = 5
_RTU_REQUEST_BYTES = 8
_MBAP = struct.Struct(">HHHB")
_MAX_TCP_LENGTH = 254         # unit + 253 bytes of PDU
# Twice the longest RTU frame (256 bytes): a good frame behind a whole damaged one still fits.
_BUFFER_LIMIT = 1024


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
    """What a decoder dropped. ``foreign_frames`` were whole and intact, but not the answer that is expected."""

    discarded_bytes: int = 0
    foreign_frames: int = 0
    crc_errors: int = 0


@dataclass(slots=True)
class RtuReplyDecoder:
    """Finds the expected reply in a stream of RTU bytes.

    RTU has no transaction number and its gaps do not survive drivers and gateways, so a frame is recognised by unit, function, length
    and CRC. An intact frame that answers something else is skipped whole, never searched for a second meaning.
    """

    counters: DecoderCounters = field(default_factory=DecoderCounters)
    _buffer: bytearray = field(default_factory=bytearray)
    _request: ReadRequest | None = None

    def expect(self, request: ReadRequest) -> None:
        """Only an answer to ``request`` is handed out from now on; bytes that came before are dropped."""
        self.reset()
        self._request = request

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk
        excess = len(self._buffer) - _BUFFER_LIMIT
        if excess > 0:
            self._discard(excess)

    def next_reply(self) -> Reply | None:
        """The expected reply, or None for "need more"."""
        buffer = self._buffer
        while len(buffer) >= _RTU_EXCEPTION_BYTES:
            length = self._frame_length()
            if length is None:
                self._discard(1)
                continue
            if len(buffer) < length:
                return self._skip_to_reply_inside()
            frame = bytes(buffer[:length])
            if crc16_modbus(frame) != 0:
                if self._answers(frame):
                    self.counters.crc_errors += 1
                self._discard(1)
                continue
            del buffer[:length]
            if self._answers(frame):
                return reply_from_pdu(frame[0], frame[1:-2])
            self.counters.foreign_frames += 1
        return None

    def reset(self) -> None:
        """Drop what is buffered, as after line silence."""
        self.counters.discarded_bytes += len(self._buffer)
        self._buffer.clear()

    def _frame_length(self) -> int | None:
        """Length of the frame that may begin at the first byte; None when no reply begins there."""
        function, third = self._buffer[1], self._buffer[2]
        if function in READ_FUNCTIONS:
            return third + 5 if third % 2 == 0 and 2 <= third <= 2 * MAX_READ_WORDS else None
        if function & EXCEPTION_BIT and function & 0x7F in READ_FUNCTIONS:
            return _RTU_EXCEPTION_BYTES
        return None

    def _skip_to_reply_inside(self) -> Reply | None:
        """Noise may look like the head of a long frame and hold a good short one back: look for the expected one behind it."""
        if self._request is None:
            return None
        head = bytes([self._request.unit, self._request.function, 2 * self._request.count])
        start = self._buffer.find(head, 1)
        length = len(head) + 2 * self._request.count + 2
        while start > 0 and len(self._buffer) >= start + length:
            frame = bytes(self._buffer[start : start + length])
            if crc16_modbus(frame) == 0:
                self._discard(start)
                del self._buffer[:length]
                return reply_from_pdu(frame[0], frame[1:-2])
            start = self._buffer.find(head, start + 1)
        return None

    def _answers(self, frame: bytes) -> bool:
        request = self._request
        if request is None or frame[0] != request.unit or frame[1] & 0x7F != request.function:
            return False
        return bool(frame[1] & EXCEPTION_BIT) or frame[2] == 2 * request.count

    def _discard(self, count: int) -> None:
        self.counters.discarded_bytes += count
        del self._buffer[:count]


@dataclass(slots=True)
class TcpReplyDecoder:
    """Finds the expected reply in a Modbus TCP stream: the transaction number tells late replies apart."""

    counters: DecoderCounters = field(default_factory=DecoderCounters)
    _buffer: bytearray = field(default_factory=bytearray)
    _request: ReadRequest | None = None
    _transaction: int = -1

    def expect(self, request: ReadRequest, transaction: int) -> None:
        self._request, self._transaction = request, transaction

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk
        excess = len(self._buffer) - _BUFFER_LIMIT
        if excess > 0:
            self._discard(excess)

    def next_reply(self) -> Reply | None:
        """The expected reply, or None for "need more"."""
        while (frame := _next_mbap(self._buffer, self.counters)) is not None:
            transaction, unit, pdu = frame
            reply = reply_from_pdu(unit, pdu)
            if reply is not None and transaction == self._transaction and self._answers(reply):
                return reply
            self.counters.foreign_frames += 1
        return None

    def reset(self) -> None:
        self._discard(len(self._buffer))

    def _answers(self, reply: Reply) -> bool:
        request = self._request
        if request is None or reply.unit != request.unit or reply.function != request.function:
            return False
        return reply.exception is not None or len(reply.data) == 2 * request.count

    def _discard(self, count: int) -> None:
        self.counters.discarded_bytes += count
        del self._buffer[:count]


def _next_mbap(buffer: bytearray, counters: DecoderCounters) -> tuple[int, int, bytes] | None:
    """Transaction, unit and PDU of the next intact TCP frame; resynchronises byte by byte on the protocol number and length."""
    while len(buffer) >= _MBAP.size + 1:
        transaction, protocol, length, unit = _MBAP.unpack_from(buffer)
        if protocol != 0 or not 3 <= length <= _MAX_TCP_LENGTH:
            counters.discarded_bytes += 1
            del buffer[:1]
            continue
        if len(buffer) < 6 + length:
            return None
        pdu = bytes(buffer[_MBAP.size : 6 + length])
        del buffer[: 6 + length]
        return transaction, unit, pdu
    return None


@dataclass(slots=True)
class RtuRequestDecoder:
    """The meter's side: read requests in a stream of RTU bytes."""

    counters: DecoderCounters = field(default_factory=DecoderCounters)
    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk
        excess = len(self._buffer) - _BUFFER_LIMIT
        if excess > 0:
            self.counters.discarded_bytes += excess
            del self._buffer[:excess]

    def next_request(self) -> ReadRequest | None:
        """The next intact request of any eight-byte function, or None for "need more"."""
        buffer = self._buffer
        while len(buffer) >= _RTU_REQUEST_BYTES:
            frame = bytes(buffer[:_RTU_REQUEST_BYTES])
            if 1 <= frame[1] <= 6 and crc16_modbus(frame) == 0:
                del buffer[:_RTU_REQUEST_BYTES]
                _, _, address, count = struct.unpack_from(">BBHH", frame)
                return ReadRequest(unit=frame[0], function=frame[1], address=address, count=count)
            self.counters.discarded_bytes += 1
            del buffer[:1]
        return None

    def reset(self) -> None:
        self.counters.discarded_bytes += len(self._buffer)
        self._buffer.clear()


@dataclass(slots=True)
class TcpRequestDecoder:
    """The meter's side: requests in a Modbus TCP stream, with their transaction numbers."""

    counters: DecoderCounters = field(default_factory=DecoderCounters)
    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk
        excess = len(self._buffer) - _BUFFER_LIMIT
        if excess > 0:
            self.counters.discarded_bytes += excess
            del self._buffer[:excess]

    def next_request(self) -> tuple[ReadRequest, int] | None:
        while (frame := _next_mbap(self._buffer, self.counters)) is not None:
            transaction, unit, pdu = frame
            if len(pdu) == 5:
                function, address, count = struct.unpack(">BHH", pdu)
                return ReadRequest(unit=unit, function=function, address=address, count=count), transaction
            self.counters.foreign_frames += 1
        return None
