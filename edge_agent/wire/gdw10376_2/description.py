"""What a frame says, for people: the keys of the published test vectors."""

from __future__ import annotations

from typing import Any

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.frame import BODY_AT, INFORMATION_AT, Frame10376, parse_frame
from edge_agent.wire.gdw10376_2.information import MODULE_FLAG, DownInfo, UpInfo
from edge_agent.wire.gdw10376_2.names import NAMES, NOT_IN_THE_TABLE
from edge_agent.wire.gdw10376_2.registry import is_known, parse_unit
from edge_agent.wire.gdw10376_2.unit_description import describe_unit


def describe(frame: bytes) -> dict[str, Any]:
    """Keys and values for JSON: header, addresses, function, data in hex, and the fields of data whose layout is known.

    Data that is not of its layout gives ``problem``: one line, instead of fields.

    Raises:
        FrameError: one line, for bytes that are not one whole valid frame.
    """
    parsed = parse_frame(frame)
    described: dict[str, Any] = {
        "L": len(frame),
        "C": f"{frame[3]:02X}",
        "dir": str(parsed.direction),
        "prm": int(parsed.prm),
        "comm_type": parsed.comm_type,
        "R": _information(frame[INFORMATION_AT:BODY_AT], parsed.info),
    }
    if parsed.addresses is not None:
        described["A"] = [parsed.addresses.source, *parsed.addresses.relays, parsed.addresses.destination]
    described |= {
        "afn": f"{parsed.afn:02X}",
        "fn": f"F{parsed.fn}",
        "name": NAMES.get(parsed.code, NOT_IN_THE_TABLE),
        "data": parsed.data.hex(),
    }
    return described | _unit(parsed)


def _unit(frame: Frame10376) -> dict[str, Any]:
    if not is_known(frame.code, frame.direction):
        return {}
    try:
        return describe_unit(parse_unit(frame), frame)
    except FrameError as error:
        return {"problem": str(error)}


def _information(wire: bytes, info: DownInfo | UpInfo) -> dict[str, Any]:
    described: dict[str, Any] = {
        "raw": wire.hex(),
        "route_flag": int(info.without_route),
        "module_flag": int(bool(wire[0] & MODULE_FLAG)),
        "relay_level": info.relay_level,
        "seq": info.sequence,
        "channel": info.channel,
    }
    if isinstance(info, UpInfo):
        return described | {
            "phase": info.phase,
            "meter_channel_feature": info.meter_channel,
            "cmd_quality": info.command_quality,
            "reply_quality": info.reply_quality,
            "event_flag": int(info.event_pending),
        }
    return described | {
        "subordinate_flag": int(info.has_subordinates),
        "conflict": int(info.detects_conflict),
        "fec": info.coding,
        "expected_reply_len": info.expected_reply_bytes,
        "rate": info.rate,
    }
