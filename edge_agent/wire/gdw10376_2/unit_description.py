"""What application data says, for people. The published vectors fix the keys of some units; the others show their fields as they are."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from edge_agent.wire.gdw10376_2.codes import Direction, MeterProtocol, NodeRole
from edge_agent.wire.gdw10376_2.frame import Frame10376
from edge_agent.wire.gdw10376_2.units import (
    AddNodes,
    AreaMismatch,
    ChipList,
    ConcurrentReply,
    ConcurrentRequest,
    Confirm,
    MonitorRequest,
    NetworkInfo,
    PhaseList,
    SupplyEvent,
    Topology,
    Unit,
    VendorInfo,
)
from edge_agent.wire.gdw10376_2.units.nodes import DUAL_TOPOLOGY

_ROLES: dict[int, str] = {NodeRole.INVALID: "invalid", NodeRole.STA: "STA", NodeRole.PCO: "PCO", NodeRole.CCO: "CCO"}
_DLT645 = (MeterProtocol.DLT645_1997, MeterProtocol.DLT645_2007)
_DLT645_LENGTH_AT, _DLT645_FRAME_BYTES = 9, 12  # 68, address 6, 68, C, L, data, CS, 16


def describe_unit(unit: Unit, frame: Frame10376) -> dict[str, Any]:
    """The fields of ``unit``, which came in ``frame``, ready for JSON."""
    form = _FORMS.get(type(unit))
    return form(unit, frame) if form is not None else _fields(unit)


def _fields(value: Any) -> dict[str, Any]:
    return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.name != "code"}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return _fields(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return int(value) if isinstance(value, IntEnum) else value


def _confirm(_unit: Confirm, frame: Frame10376) -> dict[str, Any]:
    if frame.prm and frame.direction is Direction.DOWN:
        return {"note": "C without PRM=1 (03H) is the stricter reading for a reply; captures show 43H"}
    return {}


def _vendor(unit: VendorInfo, _frame: Frame10376) -> dict[str, Any]:
    return {
        "vendor_raw": unit.vendor[::-1],
        "chip_raw": unit.chip[::-1],
        "date": f"20{unit.date[:2]}-{unit.date[2:4]}-{unit.date[4:]}",
        "version_raw": unit.version[2:] + unit.version[:2],
    }


def _add_nodes(unit: AddNodes, _frame: Frame10376) -> dict[str, Any]:
    """Plain addresses where every node speaks 645-2007, the usual case; else each with its protocol."""
    if all(node.protocol == MeterProtocol.DLT645_2007 for node in unit.nodes):
        return {"nodes": [node.address for node in unit.nodes]}
    return {"nodes": _plain(unit.nodes)}


def _monitor(unit: MonitorRequest, _frame: Frame10376) -> dict[str, Any]:
    shown: dict[str, Any] = {"protocol": unit.protocol, "payload": unit.payload.hex()}
    if unit.depends_on_delay:
        shown["depends_on_delay"] = True
    if unit.subordinates:
        shown["subordinates"] = list(unit.subordinates)
    return shown


def _concurrent_request(unit: ConcurrentRequest, _frame: Frame10376) -> dict[str, Any]:
    return {"protocol": unit.protocol} | _single_payload(unit.protocol, unit.payload)


def _concurrent_reply(unit: ConcurrentReply, frame: Frame10376) -> dict[str, Any]:
    if unit.has_failed:
        return {"failed": frame.addresses.source if frame.addresses is not None else None}
    return {"protocol": unit.protocol} | _single_payload(unit.protocol, unit.payload)


def _single_payload(protocol: int, content: bytes) -> dict[str, Any]:
    """``payload`` where it is one message. Several 645 frames one after another are left in ``data``."""
    if protocol in _DLT645 and len(content) > _DLT645_LENGTH_AT and content[_DLT645_LENGTH_AT] + _DLT645_FRAME_BYTES < len(content):
        return {}
    return {"payload": content.hex()}


def _supply(unit: SupplyEvent, _frame: Frame10376) -> dict[str, Any]:
    event = {"event": unit.change.name.lower()}
    if any(node.is_live is not None for node in unit.nodes):
        return event | {"entries": [[node.address, int(bool(node.is_live))] for node in unit.nodes]}
    return event | {"addresses": [node.address for node in unit.nodes]}


def _area_mismatch(unit: AreaMismatch, _frame: Frame10376) -> dict[str, Any]:
    return {
        "meter": unit.meter,
        "owner_main_address": unit.owner_main_address,
        "uncertain": "protocol type 02 and device type 01 are inferred",
    }


def _topology(unit: Topology, _frame: Frame10376) -> dict[str, Any]:
    nodes = []
    for node in unit.nodes:
        shown: dict[str, Any] = {"address": node.address, "tei": node.tei}
        if unit.code == DUAL_TOPOLOGY:
            shown["module_type"] = node.module_type
        shown |= {"proxy_tei": node.proxy_tei, "level": node.level, "role": _ROLES.get(node.role, f"reserved {node.role}")}
        if unit.code == DUAL_TOPOLOGY:
            shown["radio_link"] = node.radio_link
        nodes.append(shown)
    return {"nodes": nodes}


def _phases(unit: PhaseList, _frame: Frame10376) -> dict[str, Any]:
    nodes = []
    for node in unit.nodes:
        shown: dict[str, Any] = {
            "address": node.address,
            "phase_bits": node.phase_bits,
            "three_phase_meter": node.is_three_phase_meter,
            "sequence": node.sequence,
        }
        if node.has_line_fault:
            shown["line_fault"] = True
        nodes.append(shown)
    return {"nodes": nodes, "uncertain": "order of the two information bytes (Bit0-7 first) follows little-endian practice"}


def _network(unit: NetworkInfo, _frame: Frame10376) -> dict[str, Any]:
    return _fields(unit) | {"uncertain": "n is taken as the number of neighbours that follow"}


def _chips(unit: ChipList, _frame: Frame10376) -> dict[str, Any]:
    if len(unit.nodes) == 1:
        return {"chip_id": unit.nodes[0].chip_id.hex()}
    return {"nodes": _plain(unit.nodes)}


_FORMS: dict[type, Callable[[Any, Frame10376], dict[str, Any]]] = {
    Confirm: _confirm,
    VendorInfo: _vendor,
    AddNodes: _add_nodes,
    MonitorRequest: _monitor,
    ConcurrentRequest: _concurrent_request,
    ConcurrentReply: _concurrent_reply,
    SupplyEvent: _supply,
    AreaMismatch: _area_mismatch,
    Topology: _topology,
    PhaseList: _phases,
    NetworkInfo: _network,
    ChipList: _chips,
}
