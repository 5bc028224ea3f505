"""What a frame says, as the JSON object of the test vectors: for people and for checks, never for the hot path."""

from __future__ import annotations

from typing import TypeAlias

from edge_agent.errors import FrameError
from edge_agent.wire.dlt645.address import address_from_wire
from edge_agent.wire.dlt645.describe_requests import described_request, named
from edge_agent.wire.dlt645.describe_values import described_values
from edge_agent.wire.dlt645.digits import text_from_wire
from edge_agent.wire.dlt645.frame import PREAMBLE, Direction, Frame645, decode_frame
from edge_agent.wire.dlt645.functions import BAUD_CODES, FUNCTION_NAMES, FUNCTIONS_1997, IDENTIFIER_BYTES, Function
from edge_agent.wire.dlt645.recalled import FILING_FUNCTIONS
from edge_agent.wire.dlt645.replies import Reply645, parse_reply
from edge_agent.wire.dlt645.requests import parse_request

Described: TypeAlias = dict[str, object]


def describe(frame: bytes) -> Described:
    """The keys of the vectors' ``decoded``: the frame, and what its data mean. FE bytes before it are accepted.

    An intact frame whose data do not fit its function is described with a "problem". Numbers are JSON numbers in the unit given.

    Raises:
        FrameError: one line, where the bytes are not one intact frame.
    """
    decoded = decode_frame(frame)
    said: Described = {
        "address": decoded.address.lower(),     # the vectors print the wildcard as aa
        "control": f"{decoded.control:02X}",
        "function": FUNCTION_NAMES.get(decoded.function, "?"),
        "reply": decoded.direction is Direction.REPLY,
        "abnormal": decoded.is_abnormal,
        "more_follows": decoded.has_more,
        "length": len(decoded.data),
        "data_minus33": decoded.data.hex(),
    }
    preamble = len(frame) - len(frame.lstrip(bytes([PREAMBLE])))
    if preamble:
        said["preamble_FE"] = preamble
    if decoded.function in FUNCTIONS_1997:
        said["standard"] = "DL/T 645-1997"
    if decoded.function in FILING_FUNCTIONS:
        said["filing_document_function"] = FILING_FUNCTIONS[decoded.function]    # recalled, hence "?" above
    try:
        if decoded.direction is Direction.REPLY:
            said |= _reply(parse_reply(decoded))
        else:
            said |= described_request(parse_request(decoded), decoded.data)
    except FrameError as exc:
        said |= _identifier_if_any(decoded) | {"problem": str(exc)}
    return said


def _identifier_if_any(frame: Frame645) -> Described:
    size = IDENTIFIER_BYTES.get(frame.function, 0)
    return named(text_from_wire(frame.data[:size])) if size and len(frame.data) >= size else {}


def _reply(reply: Reply645) -> Described:
    if reply.error is not None:
        return {"err": f"{reply.error:02X}", "err_bits": reply.error.names}
    if reply.di is not None:
        said = named(reply.di)
        if reply.seq is not None:
            said["seq"] = reply.seq
        if reply.payload:
            said["value_raw_lsb_first"] = reply.payload.hex()
        is_part = reply.has_more or reply.seq is not None      # a part of a payload ends anywhere
        return said if is_part else said | described_values(reply.di, reply.payload)
    if reply.function == Function.READ_ADDRESS:
        return {"reported_address": address_from_wire(reply.payload)}
    if reply.function == Function.CHANGE_BAUD and reply.payload and reply.payload[0] in BAUD_CODES:
        return {"baud": BAUD_CODES[reply.payload[0]]}
    if reply.function == Function.CHANGE_PASSWORD and len(reply.payload) == 4:
        return {"new_level": reply.payload[0], "new_password": text_from_wire(reply.payload[1:])}
    return {}
