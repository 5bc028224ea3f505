"""Which layout the data of a frame has: by AFN, Fn and direction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2.codes import Code, Direction
from edge_agent.wire.gdw10376_2.frame import Frame10376
from edge_agent.wire.gdw10376_2.units import archive, events, module, network, nodes, reading, reports, run_mode, settings, topology
from edge_agent.wire.gdw10376_2.units.answers import Confirm, Deny
from edge_agent.wire.gdw10376_2.units.commands import EMPTY_COMMANDS, Command
from edge_agent.wire.gdw10376_2.units.unit import Unit

Parse = Callable[[Code, bytes], Unit]


def parse_unit(frame: Frame10376) -> Unit:
    """The typed data of ``frame``.

    Raises:
        FrameError: the data is not of the layout that AFN, Fn and direction say, or the table knows none (see ``is_known``).
    """
    parse = _REGISTRY.get((frame.code, frame.direction))
    if parse is None:
        raise FrameError(f"{frame.code} {frame.direction}: no layout is known")
    return parse(frame.code, frame.data)


def is_known(code: Code, direction: Direction) -> bool:
    """Whether ``parse_unit`` has a layout for it. A module answers the others with 00H F2, reason 4 or 10."""
    return (code, direction) in _REGISTRY


def known_functions() -> list[tuple[Code, Direction]]:
    """All codes and directions that have a layout."""
    return list(_REGISTRY)


def _down() -> Iterable[tuple[Code, Parse]]:
    yield from ((code, Command.parse) for code in EMPTY_COMMANDS)
    yield from ((code, nodes.PageQuery.parse) for code in nodes.PAGED_QUERIES)
    yield from ((code, settings.Permission.parse) for code in _PERMISSIONS)
    yield from ((code, reading.MonitorRequest.parse) for code in (reading.MONITOR, reading.MONITOR_LONG))
    yield from ((code, reading.ConcurrentRequest.parse) for code in (reading.CONCURRENT_READ, reading.CONFIRM_PUSH))
    yield settings.SET_MAIN_ADDRESS, settings.MainAddress.parse
    yield settings.SET_BAND, settings.Band.parse
    yield settings.SET_RADIO_CHANNEL, settings.RadioChannel.parse
    for unit in (
        Confirm, Deny, reading.Forward, module.BroadcastDelayQuery, module.FunctionsQuery, settings.Broadcast, settings.SerialSpeed,
        settings.CentreTime, archive.AddNodes, archive.DeleteNodes, archive.StartRegistration, reading.Content,
    ):
        yield unit.code, unit.parse


def _up() -> Iterable[tuple[Code, Parse]]:
    yield from ((code, topology.Topology.parse) for code in (nodes.DUAL_TOPOLOGY, nodes.TOPOLOGY))
    yield from ((code, reading.MonitorReply.parse) for code in (reading.MONITOR, reading.MONITOR_LONG))
    yield settings.READ_MAIN_ADDRESS, settings.MainAddress.parse
    yield settings.READ_BAND, settings.Band.parse
    yield settings.READ_RADIO_CHANNEL, settings.RadioChannel.parse
    yield events.SLAVE_EVENT, events.parse_event
    for unit in (
        Confirm, Deny, reading.Forward, module.VendorInfo, module.BroadcastDelay, run_mode.RunMode, module.Functions, module.ModuleId,
        reports.NodeReport, reports.ReadReport, reports.RouteChange, reports.SearchReport, nodes.NodeCount, nodes.NodeList,
        nodes.RouteState, topology.PhaseList, network.NetworkInfo, network.ChipList, reading.ContentQuery, reading.ConcurrentReply,
    ):
        yield unit.code, unit.parse


_PERMISSIONS = (settings.ALLOW_EVENTS, settings.ALLOW_AREA_IDENTIFICATION, settings.ALLOW_REFUSED_NODES)
_REGISTRY: Mapping[tuple[Code, Direction], Parse] = MappingProxyType(
    {(code, Direction.DOWN): parse for code, parse in _down()} | {(code, Direction.UP): parse for code, parse in _up()}
)
