"""Answers to 03H and 10H: what the module is and what its network looks like, from its own tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from edge_agent.wire.gdw10376_2 import Code, Direction, known_functions, units
from edge_agent.wire.gdw10376_2.units import commands, nodes, settings
from edge_agent.wire.gdw10376_2.units.unit import Unit
from simulator.hplc.cco.carrier import Member
from simulator.hplc.cco.chips import chip_id, device_type
from simulator.hplc.cco.core import Core

_BROADBAND = 2
_THREE_PHASES = 3
_ALL_PHASE_BITS = 7
_SLAVE_STEP_IDLE = 8
_LEARNT, _WORKING, _EVENTS = 1, 2, 4
_SEARCHES, _AREA = 2, 8
RADIO_ONLY = (Code(0x03, 17), Code(0x05, 17), nodes.DUAL_TOPOLOGY)     # an HPLC module has none of it


def answer_to(core: Core, asked: Unit) -> Unit | None:
    """The answer to a question of 03H or 10H; None when it is none of those."""
    answer = _ANSWERS.get(asked.code)
    return None if answer is None else answer(core, asked)


def run_mode(core: Core) -> units.RunMode:
    """03H F10, asked or by itself after a reset."""
    profile = core.profile
    return units.RunMode(
        kind=_BROADBAND, manages_route=True, needs_archive=True, cycle_reading=profile.cycle_reading, monitor_delay=True,
        broadcast_delay=True, switch_by=1, channels=_THREE_PHASES, slave_timeout_s=profile.slave_timeout_s,
        broadcast_timeout_s=profile.broadcast_timeout_s, max_frame_bytes=profile.max_frame_bytes, max_file_packet_bytes=512,
        upgrade_wait_min=10, main_address=core.main_address, max_nodes=profile.max_nodes, nodes=len(core.archive),
        protocol_date=profile.protocol_date, filing_date=profile.filing_date, vendor=profile.vendor,
    )


def broadcast_delay_s(core: Core) -> int:
    """How long a broadcast takes to the last level of the network as it is now."""
    deepest = max((member.level for member in core.carrier.members()), default=0)
    return round(core.profile.hop_broadcast_s * max(1, deepest))


def supported(afn: int) -> tuple[int, ...]:
    """Fn of ``afn`` that this module answers or sends."""
    known = {code for code, _ in known_functions() if code.afn == afn} - set(RADIO_ONLY)
    return tuple(sorted(code.fn for code in known))


def is_supported(code: Code) -> bool:
    return code not in RADIO_ONLY and any(code == known and direction is Direction.DOWN for known, direction in known_functions())


def _delay(core: Core, asked: Unit) -> Unit:
    assert isinstance(asked, units.BroadcastDelayQuery)
    return units.BroadcastDelay(delay_s=broadcast_delay_s(core), protocol=asked.protocol, payload=asked.payload)


def _functions(core: Core, asked: Unit) -> Unit:
    assert isinstance(asked, units.FunctionsQuery)
    return units.Functions(asked_afn=asked.asked_afn, functions=supported(asked.asked_afn))


def _count(core: Core, asked: Unit) -> Unit:
    return units.NodeCount(total=len(core.archive), max_nodes=core.profile.max_nodes)


def _archived(core: Core, asked: Unit) -> Unit:
    assert isinstance(asked, nodes.PageQuery)
    addresses = core.archive.addresses()
    begin = max(0, asked.start - core.profile.first_page_node)
    return units.NodeList(total=len(addresses), nodes=tuple(_archive_node(core, one) for one in addresses[begin : begin + asked.count]))


def _archive_node(core: Core, address: str) -> units.ArchiveNode:
    member = core.carrier.member(address)
    protocol = core.archive.protocol(address) & 7
    if member is None:
        return units.ArchiveNode(address=address, protocol=protocol)
    return units.ArchiveNode(
        address=address, protocol=protocol, relay_level=max(0, member.level - 1), phase_bits=_phase_bits(member),
    )


def _route_state(core: Core, asked: Unit) -> Unit:
    is_learnt = all(core.carrier.member(address) is not None for address in core.archive.addresses())
    works = core.cycle.is_running and not core.cycle.is_paused
    members = core.carrier.members()
    status = (_LEARNT if is_learnt else 0) | (_WORKING if works else 0) | (_EVENTS if len(core.reports) else 0)
    switches = (_SEARCHES if core.search.is_running else 0) | (_EVENTS if core.allows_events else 0)
    return units.RouteState(
        status=status, total=len(core.archive), read=core.cycle.done, relayed=sum(member.level > 1 for member in members),
        switches=switches | (_AREA if core.allows_area_identification else 0), steps=(_SLAVE_STEP_IDLE,) * _THREE_PHASES,
    )


def _page(core: Core, asked: Unit) -> tuple[Sequence[Member], int, int]:
    """Members of this page, the total and the start. Every round begins at node 1, which is the CCO, and sees one and the same table."""
    assert isinstance(asked, nodes.PageQuery)
    start = max(1, asked.start)
    if start == 1 or asked.code not in core.pages:
        core.pages[asked.code] = list(core.carrier.members())
    members = core.pages[asked.code]
    return members[start - 1 : start - 1 + min(asked.count, nodes.MAX_PAGE_NODES)], len(members), start


def _topology(core: Core, asked: Unit) -> Unit:
    members, total, start = _page(core, asked)
    entries = tuple(
        units.TopologyNode(address=one.address, tei=one.tei, proxy_tei=one.proxy_tei, level=one.level, role=one.role) for one in members
    )
    return units.Topology(total=total, start=start, nodes=entries)


def _phases(core: Core, asked: Unit) -> Unit:
    members, total, start = _page(core, asked)
    entries = tuple(
        units.PhaseNode(
            address=one.address, phase_bits=_ALL_PHASE_BITS if one.level == 0 else _phase_bits(one),
            is_three_phase_meter=one.is_three_phase,
        ) for one in members
    )
    return units.PhaseList(total=total, start=start, nodes=entries)


def _chips(core: Core, asked: Unit) -> Unit:
    members, total, start = _page(core, asked)
    version = core.profile.vendor.version
    entries = tuple(
        units.ChipNode(address=one.address, device_type=device_type(one), chip_id=chip_id(one.address), version=version) for one in members
    )
    return units.ChipList(total=total, start=start, nodes=entries)


def _network(core: Core, asked: Unit) -> Unit:
    return units.NetworkInfo(nid=core.carrier.nid, main_address=core.main_address, neighbours=tuple(core.carrier.neighbour_nids()))


def _module_id(core: Core, asked: Unit) -> Unit:
    return units.ModuleId(vendor=core.profile.vendor.vendor, id_format=2, module_id=core.profile.module_id)


def _phase_bits(member: Member) -> int:
    if member.is_three_phase:
        return _ALL_PHASE_BITS
    return 1 << member.phase - 1 if member.phase else 0


_ANSWERS: Mapping[Code, Callable[[Core, Unit], Unit]] = MappingProxyType({
    commands.QUERY_VENDOR: lambda core, asked: core.profile.vendor,
    commands.QUERY_MAIN_ADDRESS: lambda core, asked: units.MainAddress(main_address=core.main_address, code=settings.READ_MAIN_ADDRESS),
    units.BroadcastDelayQuery.code: _delay,
    commands.QUERY_RUN_MODE: lambda core, asked: run_mode(core),
    units.FunctionsQuery.code: _functions,
    commands.QUERY_MODULE_ID: _module_id,
    commands.QUERY_BAND: lambda core, asked: units.Band(band=core.carrier.band, code=settings.READ_BAND),
    commands.QUERY_NODE_COUNT: _count,
    nodes.NODE_LIST: _archived,
    commands.QUERY_ROUTE_STATE: _route_state,
    nodes.TOPOLOGY: _topology,
    nodes.PHASES: _phases,
    commands.QUERY_NETWORK: _network,
    nodes.CHIPS: _chips,
})
