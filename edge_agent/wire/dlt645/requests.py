"""What a request says, one class per function: the master builds frames from them, the meter gets them back."""

from __future__ import annotations

from typing import TypeAlias

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645.frame import Direction, Frame645
from edge_agent.wire.dlt645.privileged import (
    ChangePassword,
    ClearDemand,
    ClearEvents,
    ClearMeter,
    Credentials,
    Relay,
    Security,
    Write,
)
from edge_agent.wire.dlt645.reading import Read, Read1997, ReadAddress, ReadMore, ReadMore1997
from edge_agent.wire.dlt645.setting import BroadcastTime, ChangeBaud, Freeze, WriteAddress

__all__ = [
    "BroadcastTime", "ChangeBaud", "ChangePassword", "ClearDemand", "ClearEvents", "ClearMeter", "Credentials", "Freeze", "Read",
    "Read1997", "ReadAddress", "ReadMore", "ReadMore1997", "Relay", "Request645", "Security", "Write", "WriteAddress", "parse_request",
    "request_frame",
]

Request645: TypeAlias = (
    Read | ReadMore | Read1997 | ReadMore1997 | ReadAddress | Write | WriteAddress | BroadcastTime | Freeze | ChangeBaud
    | ChangePassword | ClearDemand | ClearMeter | ClearEvents | Security | Relay
)
_BY_FUNCTION: dict[int, type[Request645]] = {
    kind.FUNCTION: kind
    for kind in (
        Read, ReadMore, Read1997, ReadMore1997, ReadAddress, Write, WriteAddress, BroadcastTime, Freeze, ChangeBaud,
        ChangePassword, ClearDemand, ClearMeter, ClearEvents, Security, Relay,
    )
}


def request_frame(address: str, request: Request645) -> Frame645:
    """The frame that says ``request`` to ``address`` (AA pairs and 999999999999 allowed).

    Raises:
        ValueError: a field of ``request`` that its bytes cannot hold.
    """
    data = request.to_data()
    if len(data) not in request.LENGTHS:
        raise ValueError(f"{type(request).__name__} with {len(data)} data bytes: another length is expected")
    return Frame645(address=address, control=request.FUNCTION, data=data)


def parse_request(frame: Frame645) -> Request645:
    """What an intact frame asks for.

    Raises:
        FrameError: it is a reply, of a function that this codec does not know, or its data does not fit the function.
    """
    if frame.direction is not Direction.REQUEST or frame.control not in _BY_FUNCTION:
        raise FrameError(f"control code {frame.control:02X} is no request that is known")
    kind = _BY_FUNCTION[frame.control]
    if len(frame.data) not in kind.LENGTHS:
        raise FrameError(f"control code {frame.control:02X} with {len(frame.data)} data bytes: another length is expected")
    return kind.from_data(frame.data)
