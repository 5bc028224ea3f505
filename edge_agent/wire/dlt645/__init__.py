"""DL/T 645-2007 (and reading by the 1997 form): frames, both roles, data identifiers. Pure: no port, clock, log or thread.

Requests are built and taken apart by :mod:`edge_agent.wire.dlt645.requests`, one class per function.
"""

from edge_agent.wire.dlt645.address import BROADCAST, WILDCARD, matches
from edge_agent.wire.dlt645.decoder import Decoder645
from edge_agent.wire.dlt645.describe import describe
from edge_agent.wire.dlt645.fields import Quality
from edge_agent.wire.dlt645.follow_up import PayloadAssembly
from edge_agent.wire.dlt645.frame import Direction, Frame645, decode_frame, encode
from edge_agent.wire.dlt645.functions import ErrorBits
from edge_agent.wire.dlt645.identifiers import Identifier, identifier
from edge_agent.wire.dlt645.replies import Reply645, answers, error_frame, parse_reply, read_reply_frame, reply_frame
from edge_agent.wire.dlt645.requests import parse_request, request_frame
from edge_agent.wire.dlt645.values import Value645, decode_data, encode_data

__all__ = [
    "BROADCAST", "WILDCARD", "Decoder645", "Direction", "ErrorBits", "Frame645", "Identifier", "PayloadAssembly", "Quality", "Reply645",
    "Value645", "answers", "decode_data", "decode_frame", "describe", "encode", "encode_data", "error_frame", "identifier", "matches",
    "parse_reply", "parse_request", "read_reply_frame", "reply_frame", "request_frame",
]
