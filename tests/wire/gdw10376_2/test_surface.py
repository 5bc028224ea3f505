"""The public names of the codec: others depend on them."""

from edge_agent.wire import gdw10376_2
from edge_agent.wire.gdw10376_2 import units

CODEC = {
    "BROADCAST", "BUFFER_LIMIT", "MAX_FRAME_BYTES", "AddressField", "Code", "CommType", "Decoder10376", "DenyReason", "DeviceType",
    "Direction", "DownInfo", "Frame10376", "MeterProtocol", "NodeRole", "SequenceNumbers", "UpInfo", "answers_for", "confirm", "deny",
    "describe", "encode", "is_answer", "is_known", "known_functions", "parse_frame", "parse_unit", "reply", "report", "request", "units",
}
UNITS = {
    "PHASE_SEQUENCES", "AddNodes", "ArchiveNode", "AreaMismatch", "Band", "Broadcast", "BroadcastDelay", "BroadcastDelayQuery",
    "CentreTime", "ChipList", "ChipNode", "Command", "ConcurrentReply", "ConcurrentRequest", "Confirm", "Content", "ContentQuery",
    "DeleteNodes", "Deny", "Forward", "FoundDevice", "FoundNode", "Functions", "FunctionsQuery", "MainAddress", "MeterEvent", "ModuleId",
    "ModuleKind", "MonitorReply", "MonitorRequest", "NetworkInfo", "NodeCount", "NodeList", "NodeProtocol", "NodeReport", "PageQuery",
    "Permission", "PhaseList", "PhaseNode", "RadioChannel", "ReadFlag", "ReadReport", "RefusedNode", "RefusedNodes", "RouteChange",
    "RouteState", "RouteTask", "RunMode", "SearchReport", "SerialSpeed", "SlaveEvent", "StartRegistration", "SupplyChange", "SupplyEvent",
    "SupplyNode", "Topology", "TopologyNode", "Unit", "VendorInfo", "supply_events",
}


def test_the_codec_offers_these_names():
    assert set(gdw10376_2.__all__) == CODEC
    assert all(hasattr(gdw10376_2, name) for name in CODEC)


def test_the_units_offer_these_names():
    assert set(units.__all__) == UNITS
    assert all(hasattr(units, name) for name in UNITS)
