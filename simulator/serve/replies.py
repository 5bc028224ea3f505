"""What goes out on a wire for a request: the bytes, when, and what the misbehaviour of the hour makes of them."""

from __future__ import annotations

from edge_agent.wire.modbus import ReadRequest, Reply, encode_reply_rtu, encode_reply_tcp
from simulator.meter.bank import MeterBank
from simulator.meter.misbehaviour import GARBAGE, Misbehaviour

LATE_S = 0.4                  # beyond a time-out that has adapted to a fast meter
_ENDLESS_BYTES = 4096         # more than any buffer may hold; the stream need not run for ever to be endless for a reader
_DEVICE_FAILURE = 4


def reply_bytes(bank: MeterBank, request: ReadRequest, transaction: int | None) -> tuple[float, bytes]:
    """(extra delay in seconds, bytes); no bytes mean silence. ``transaction`` None frames RTU."""
    wrong = bank.misbehave(request) if bank.misbehave is not None else None
    if wrong is Misbehaviour.SILENT:
        return 0.0, b""
    reply = bank.answer(request)
    if reply is None:
        return 0.0, b""
    if wrong is Misbehaviour.EXCEPTION:
        reply = Reply(unit=reply.unit, function=reply.function, exception=_DEVICE_FAILURE)
    elif wrong is Misbehaviour.WRONG_UNIT:
        reply = Reply(unit=reply.unit % 247 + 1, function=reply.function, data=reply.data, exception=reply.exception)
    elif wrong is Misbehaviour.WRONG_LENGTH:
        reply = Reply(unit=reply.unit, function=reply.function, data=reply.data + b"\0\0", exception=reply.exception)
    frame = encode_reply_rtu(reply) if transaction is None else encode_reply_tcp(reply, transaction)
    if wrong is Misbehaviour.WRONG_CRC and transaction is None:
        frame = frame[:-1] + bytes([frame[-1] ^ 0xFF])
    elif wrong is Misbehaviour.GARBAGE_BEFORE:
        frame = GARBAGE + frame
    elif wrong is Misbehaviour.ENDLESS:
        frame = bytes(_ENDLESS_BYTES)
    return LATE_S if wrong is Misbehaviour.LATE else 0.0, frame
