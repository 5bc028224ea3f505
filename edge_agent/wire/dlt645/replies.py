"""What a meter answers: building replies in the meter's role, taking them apart in the master's.

Source: DL/T 645-2007 section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645.address import BROADCAST, address_from_wire, matches
from edge_agent.wire.dlt645.digits import text_from_wire
from edge_agent.wire.dlt645.frame import ABNORMAL_BIT, MAX_DATA_BYTES, MORE_BIT, REPLY_BIT, Direction, Frame645
from edge_agent.wire.dlt645.functions import IDENTIFIER_BYTES, ErrorBits, Function
from edge_agent.wire.dlt645.reading import Read, Read1997, ReadMore, ReadMore1997
from edge_agent.wire.dlt645.requests import parse_request

_IDENTIFIER_BYTES, _SEQ_BYTES = 4, 1
FIRST_PART_BYTES = MAX_DATA_BYTES - _IDENTIFIER_BYTES
NEXT_PART_BYTES = FIRST_PART_BYTES - _SEQ_BYTES
_ECHOES_NO_IDENTIFIER = (Function.WRITE, Function.WRITE_1997, Function.CHANGE_PASSWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply645:
    """A reply taken apart. ``payload`` is what follows the identifier and precedes ``seq``; ``error`` is set where the meter refuses."""

    address: str
    function: int
    di: str | None = None
    payload: bytes = b""
    seq: int | None = None
    has_more: bool = False
    error: ErrorBits | None = None


def parse_reply(frame: Frame645) -> Reply645:
    """Raises FrameError where ``frame`` is a request or its data is too short for its function."""
    if frame.direction is not Direction.REPLY:
        raise FrameError(f"control code {frame.control:02X} is no reply")
    data, function = frame.data, frame.function
    if frame.is_abnormal:
        if not data:
            raise FrameError("abnormal reply without its error byte")
        return Reply645(address=frame.address, function=function, error=ErrorBits(data[0]))
    di, seq = None, None
    if function in IDENTIFIER_BYTES and function not in _ECHOES_NO_IDENTIFIER:
        size = IDENTIFIER_BYTES[function]
        if len(data) < size + (function == Function.READ_MORE):
            raise FrameError(f"reply to function {function:02X} with {len(data)} data bytes: it begins with an identifier of {size}")
        di, data = text_from_wire(data[:size]), data[size:]
        if function == Function.READ_MORE:
            data, seq = data[:-_SEQ_BYTES], data[-1]
    return Reply645(address=frame.address, function=function, di=di, payload=data, seq=seq, has_more=frame.has_more)


def answers(request: Frame645, reply: Frame645) -> bool:
    """Whether ``reply`` can be the answer to ``request``: a meter that was meant, the same function, identifier and sequence number."""
    if reply.direction is not Direction.REPLY or reply.function != request.function or request.address == BROADCAST:
        return False
    if request.function == Function.WRITE_ADDRESS and len(request.data) == 6:
        return reply.address in (request.address, address_from_wire(request.data))
    if not matches(request.address, reply.address):
        return False
    if reply.is_abnormal or request.function in _ECHOES_NO_IDENTIFIER:
        return True
    size = IDENTIFIER_BYTES.get(request.function, 0)
    same_seq = request.function != Function.READ_MORE or request.data[-1:] == reply.data[-1:]
    return reply.data[:size] == request.data[:size] and same_seq


def reply_frame(request: Frame645, *, address: str, data: bytes = b"", has_more: bool = False) -> Frame645:
    """The normal reply of the meter ``address``; ``data`` is the whole data field."""
    return Frame645(address=address, control=request.function | REPLY_BIT | (MORE_BIT if has_more else 0), data=data)


def error_frame(request: Frame645, *, address: str, error: ErrorBits) -> Frame645:
    """The refusal of the meter ``address``."""
    return Frame645(address=address, control=request.function | REPLY_BIT | ABNORMAL_BIT, data=bytes([error]))


def read_reply_frame(request: Frame645, *, address: str, payload: bytes) -> Frame645:
    """The reply to a read or follow-up request of any part of ``payload``, which may be longer than one frame.

    A sequence number behind the end is refused with "no such data".

    Raises:
        ValueError: another request; follow-ups of 1997 carry no number and depend on what was read before.
    """
    asked = parse_request(request)
    if not isinstance(asked, Read | Read1997 | ReadMore) or isinstance(asked, ReadMore1997):
        raise ValueError(f"control code {request.control:02X} is no numbered read")
    if not isinstance(asked, ReadMore):
        size = IDENTIFIER_BYTES[request.function]
        part = payload[:FIRST_PART_BYTES]
        return reply_frame(request, address=address, data=request.data[:size] + part, has_more=len(payload) > FIRST_PART_BYTES)
    begin = FIRST_PART_BYTES + NEXT_PART_BYTES * (asked.seq - 1)
    if asked.seq == 0 or begin >= len(payload):
        return error_frame(request, address=address, error=ErrorBits.NO_SUCH_DATA)
    end = begin + NEXT_PART_BYTES
    data = request.data[:_IDENTIFIER_BYTES] + payload[begin:end] + bytes([asked.seq])
    return reply_frame(request, address=address, data=data, has_more=len(payload) > end)
