"""Finds Modbus replies and requests in streams of bytes, RTU and TCP framing, both roles, without port, clock or log.

Line damage is normal: decoders drop, count and resynchronise; they do not raise. A reply is handed out only when unit, function and
byte count (TCP: also the transaction) are those of the request that is expected.
Source: Modbus Application Protocol V1.1b3 sections 6.3, 6.4, 7; Modbus over Serial Line V1.02; Messaging on TCP/IP V1.0b.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from cython_ext.crc16 import crc16_modbus
from edge_agent.wire.modbus_frames import (
    EXCEPTION_BIT,
    GATEWAY_NO_PATH,
    GATEWAY_NO_REPLY,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    MAX_READ_WORDS,
    READ_FUNCTIONS,
    READ_HOLDING,
    READ_INPUT,
    DecoderCounters,
    ReadRequest,
    Reply,
    encode_reply_rtu,
    encode_reply_tcp,
    encode_request_rtu,
    encode_request_tcp,
    is_reply_pdu,
    is_request_pdu,
    next_mbap,
    reply_from_pdu,
    with_crc,
)

__all__ = [
    "EXCEPTION_BIT", "GATEWAY_NO_PATH", "GATEWAY_NO_REPLY", "ILLEGAL_ADDRESS", "ILLEGAL_FUNCTION", "ILLEGAL_VALUE", "MAX_READ_WORDS",
    "READ_FUNCTIONS", "READ_HOLDING", "READ_INPUT", "DecoderCounters", "ReadRequest", "Reply", "RtuReplyDecoder", "RtuRequestDecoder",
    "TcpReplyDecoder", "TcpRequestDecoder", "encode_reply_rtu", "encode_reply_tcp", "encode_request_rtu", "encode_request_tcp",
    "reply_from_pdu", "with_crc",
]

_RTU_EXCEPTION_BYTES = 5
_RTU_REQUEST_BYTES = 8
_TCP_REPLY_HEAD = struct.Struct(">HHHBBB")
_FOREIGN_LIMIT = 64           # frames nobody has taken; more than one read of the line can hold
# Four of the longest frames (260 bytes): a good frame behind a whole damaged one still fits, a babbling line does not fill the memory.
_BUFFER_LIMIT = 1024


@dataclass(slots=True)
class RtuReplyDecoder:
    """Finds the expected reply in a stream of RTU bytes.

    RTU has no transaction number and its gaps do not survive drivers and gateways, so a frame is recognised by unit, function, length
    and CRC. An intact frame that answers something else is skipped whole, never searched for a second meaning, and kept in ``foreign``
    until somebody takes it: whoever guards against late replies wants to know whose it was.
    """

    counters: DecoderCounters = field(default_factory=DecoderCounters)
    _buffer: bytearray = field(default_factory=bytearray)
    _request: ReadRequest | None = None
    _sent: bytes = b""
    _foreign: list[Reply] = field(default_factory=list)

    @property
    def is_waiting_for_more(self) -> bool:
        """Whether bytes are held that may be the beginning of a frame."""
        return bool(self._buffer)

    def expect(self, request: ReadRequest) -> None:
        """Only an answer to ``request`` is handed out from now on. Bytes held stay: they may be the head of a late reply."""
        self._request, self._sent = request, encode_request_rtu(request)

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk
        excess = len(self._buffer) - _BUFFER_LIMIT
        if excess > 0:
            self._discard(excess)

    def next_reply(self) -> Reply | None:
        """The expected reply, or None for "need more"."""
        buffer = self._buffer
        while len(buffer) >= _RTU_EXCEPTION_BYTES:
            if buffer.startswith(self._sent) and self._sent:
                self.counters.foreign_frames += 1  # a two-wire adapter hears its own request; no reply has this form
                del buffer[:_RTU_REQUEST_BYTES]
                continue
            length = self._frame_length()
            if length is None:
                self._discard(1)
                continue
            if len(buffer) < length:
                return None
            frame = bytes(buffer[:length])
            if crc16_modbus(frame) != 0:
                if self._sent.startswith(buffer):
                    return None  # the echo has not come whole yet
                if self._answers(frame):
                    self.counters.crc_errors += 1
                self._discard(1)
                continue
            del buffer[:length]
            reply = reply_from_pdu(frame[0], frame[1:-2])
            if self._answers(frame):
                return reply
            self._skip(reply)
        return None

    def reply_behind_noise(self) -> Reply | None:
        """After a pause of the line: the expected reply behind bytes that look like the head of a longer frame.

        Noise such as ``01 03 F8`` would otherwise hold a good reply back until 253 more bytes have come. What is held stays held when
        nothing is found, since the pause may have been one within a frame.
        """
        request = self._request
        if request is None:
            return None
        size = 2 * request.count
        heads = (
            (bytes([request.unit, request.function, size]), size + 5),
            (bytes([request.unit, request.function | EXCEPTION_BIT]), _RTU_EXCEPTION_BYTES),
        )
        for head, length in heads:
            start = self._buffer.find(head)
            while start >= 0 and len(self._buffer) >= start + length:
                frame = bytes(self._buffer[start : start + length])
                if crc16_modbus(frame) == 0:
                    self._discard(start)
                    del self._buffer[:length]
                    return reply_from_pdu(frame[0], frame[1:-2])
                start = self._buffer.find(head, start + 1)
        return None

    def take_foreign(self) -> list[Reply]:
        """Intact frames skipped since the last call, oldest first."""
        foreign, self._foreign = self._foreign, []
        return foreign

    def reset(self) -> None:
        """Drop what is held, as after a silence that no frame contains."""
        self._discard(len(self._buffer))

    def _frame_length(self) -> int | None:
        """Length of the frame that may begin at the first byte; None when no reply begins there."""
        function, third = self._buffer[1], self._buffer[2]
        if function in READ_FUNCTIONS:
            return third + 5 if third % 2 == 0 and 2 <= third <= 2 * MAX_READ_WORDS else None
        if function & EXCEPTION_BIT and function & 0x7F in READ_FUNCTIONS:
            return _RTU_EXCEPTION_BYTES
        return None

    def _answers(self, frame: bytes) -> bool:
        request = self._request
        if request is None or frame[0] != request.unit or frame[1] & 0x7F != request.function:
            return False
        return bool(frame[1] & EXCEPTION_BIT) or frame[2] == 2 * request.count

    def _skip(self, reply: Reply | None) -> None:
        self.counters.foreign_frames += 1
        if reply is not None and len(self._foreign) < _FOREIGN_LIMIT:
            self._foreign.append(reply)

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
    _head: bytes = b""
    _size: int = 0
    late_replies: int = 0               # intact replies with another transaction number: the foreign frames that came after their time-out

    def expect(self, request: ReadRequest, transaction: int) -> None:
        """Only an answer to ``request`` with this transaction number is handed out from now on."""
        self._request, self._transaction = request, transaction
        data_size = 2 * request.count
        self._head = _TCP_REPLY_HEAD.pack(transaction, 0, data_size + 3, request.unit, request.function, data_size)
        self._size = _TCP_REPLY_HEAD.size + data_size

    def feed(self, chunk: bytes) -> None:
        self._buffer += chunk
        excess = len(self._buffer) - _BUFFER_LIMIT
        if excess > 0:
            self._discard(excess)

    def next_reply(self) -> Reply | None:
        """The expected reply, or None for "need more"."""
        buffer, request = self._buffer, self._request
        # nearly every time the buffer is the expected frame, whole and alone: 1000 reads a second pass here
        if request is not None and len(buffer) == self._size and buffer.startswith(self._head):
            reply = Reply(unit=request.unit, function=request.function, data=bytes(buffer[_TCP_REPLY_HEAD.size :]))
            buffer.clear()
            return reply
        while (frame := next_mbap(buffer, self.counters, is_reply_pdu)) is not None:
            transaction, unit, pdu = frame
            found = reply_from_pdu(unit, pdu)
            if found is not None and transaction == self._transaction and self._answers(found):
                return found
            self.counters.foreign_frames += 1
            self.late_replies += transaction != self._transaction
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
        while (frame := next_mbap(self._buffer, self.counters, is_request_pdu)) is not None:
            transaction, unit, pdu = frame
            if len(pdu) == 5:
                function, address, count = struct.unpack(">BHH", pdu)
                return ReadRequest(unit=unit, function=function, address=address, count=count), transaction
            self.counters.foreign_frames += 1
        return None
