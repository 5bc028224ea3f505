"""Typed application data of Q/GDW 10376.2, one class per layout: every AFN and Fn that a concentrator needs, both directions."""

from __future__ import annotations

from edge_agent.wire.gdw10376_2.units.answers import Confirm, Deny
from edge_agent.wire.gdw10376_2.units.archive import AddNodes, DeleteNodes, NodeProtocol, StartRegistration
from edge_agent.wire.gdw10376_2.units.commands import Command
from edge_agent.wire.gdw10376_2.units.events import (
    AreaMismatch,
    MeterEvent,
    RefusedNode,
    RefusedNodes,
    SlaveEvent,
    SupplyChange,
    SupplyEvent,
    SupplyNode,
    supply_events,
)
from edge_agent.wire.gdw10376_2.units.module import (
    BroadcastDelay,
    BroadcastDelayQuery,
    Functions,
    FunctionsQuery,
    ModuleId,
    VendorInfo,
)
from edge_agent.wire.gdw10376_2.units.network import ChipList, ChipNode, NetworkInfo
from edge_agent.wire.gdw10376_2.units.nodes import ArchiveNode, NodeCount, NodeList, PageQuery, RouteState
from edge_agent.wire.gdw10376_2.units.reading import (
    ConcurrentReply,
    ConcurrentRequest,
    Content,
    ContentQuery,
    Forward,
    MonitorReply,
    MonitorRequest,
    ReadFlag,
)
from edge_agent.wire.gdw10376_2.units.reports import FoundDevice, FoundNode, NodeReport, ReadReport, RouteChange, RouteTask, SearchReport
from edge_agent.wire.gdw10376_2.units.run_mode import ModuleKind, RunMode
from edge_agent.wire.gdw10376_2.units.settings import Band, Broadcast, CentreTime, MainAddress, Permission, RadioChannel, SerialSpeed
from edge_agent.wire.gdw10376_2.units.topology import PHASE_SEQUENCES, PhaseList, PhaseNode, Topology, TopologyNode
from edge_agent.wire.gdw10376_2.units.unit import Unit

__all__ = [
    "PHASE_SEQUENCES", "AddNodes", "ArchiveNode", "AreaMismatch", "Band", "Broadcast", "BroadcastDelay", "BroadcastDelayQuery",
    "CentreTime", "ChipList", "ChipNode", "Command", "ConcurrentReply", "ConcurrentRequest", "Confirm", "Content", "ContentQuery",
    "DeleteNodes", "Deny", "Forward", "FoundDevice", "FoundNode", "Functions", "FunctionsQuery", "MainAddress", "MeterEvent", "ModuleId",
    "ModuleKind", "MonitorReply", "MonitorRequest", "NetworkInfo", "NodeCount", "NodeList", "NodeProtocol", "NodeReport", "PageQuery",
    "Permission", "PhaseList", "PhaseNode", "RadioChannel", "ReadFlag", "ReadReport", "RefusedNode", "RefusedNodes", "RouteChange",
    "RouteState", "RouteTask", "RunMode", "SearchReport", "SerialSpeed", "SlaveEvent", "StartRegistration", "SupplyChange", "SupplyEvent",
    "SupplyNode", "Topology", "TopologyNode", "Unit", "VendorInfo", "supply_events",
]
