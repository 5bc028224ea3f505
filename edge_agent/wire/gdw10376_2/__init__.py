"""Q/GDW 10376.2: the wire between concentrator and local module (CCO), in both roles; pure, no port and no clock.

``parse_unit`` gives the typed data of a frame, ``request``, ``report``, ``reply``, ``confirm`` and ``deny`` build frames from typed data;
the data types are in ``units``. Source: Q/GDW 10376.2-2024.
"""

from __future__ import annotations

from edge_agent.wire.gdw10376_2 import units
from edge_agent.wire.gdw10376_2.addresses import BROADCAST
from edge_agent.wire.gdw10376_2.codes import Code, CommType, DenyReason, DeviceType, Direction, MeterProtocol, NodeRole
from edge_agent.wire.gdw10376_2.decoder import BUFFER_LIMIT, Decoder10376
from edge_agent.wire.gdw10376_2.description import describe
from edge_agent.wire.gdw10376_2.exchange import SequenceNumbers, answers_for, confirm, deny, is_answer, reply, report, request
from edge_agent.wire.gdw10376_2.frame import MAX_FRAME_BYTES, AddressField, Frame10376, encode, parse_frame
from edge_agent.wire.gdw10376_2.information import DownInfo, UpInfo
from edge_agent.wire.gdw10376_2.registry import is_known, known_functions, parse_unit

__all__ = [
    "BROADCAST", "BUFFER_LIMIT", "MAX_FRAME_BYTES", "AddressField", "Code", "CommType", "Decoder10376", "DenyReason", "DeviceType",
    "Direction", "DownInfo", "Frame10376", "MeterProtocol", "NodeRole", "SequenceNumbers", "UpInfo", "answers_for", "confirm", "deny",
    "describe", "encode", "is_answer", "is_known", "known_functions", "parse_frame", "parse_unit", "reply", "report", "request", "units",
]
