"""What a CCO does by itself as time goes on: reports, searches, its router's cycle, the end of an identification; and its reset."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.wire.gdw10376_2 import DeviceType, units
from edge_agent.wire.gdw10376_2.units import (
    ContentQuery,
    FoundDevice,
    FoundNode,
    NodeReport,
    RouteTask,
    SupplyChange,
    SupplyNode,
    supply_events,
)
from edge_agent.wire.gdw10376_2.units.events import MAX_REFUSED
from simulator.hplc.cco.core import Core
from simulator.hplc.cco.reading import end_read
from simulator.hplc.cco.reads import Reads
from simulator.hplc.cco.reports import Reports
from simulator.hplc.cco.router_cycle import RouterCycle
from simulator.hplc.cco.search import Search
from simulator.hplc.gasp.events import ReportKind
from simulator.hplc.gasp.gathering import CcoGathering

_NEVER = float("inf")


def make_parts(core: Core) -> Core:
    """Give ``core`` its parts, which talk to each other through it."""
    profile = core.profile
    core.reports = Reports(core.send, profile.report_repeat_s)
    core.reads = Reads(core.carrier, profile, lambda result, now_s: end_read(core, result, now_s))
    core.search = Search(core.carrier, profile.search_repeat_s)
    core.supply = CcoGathering(profile.supply)
    core.cycle = RouterCycle(core.send, core.reads.start, wait_s=profile.content_wait_s, tries=profile.content_tries)
    core.allows_events = profile.allows_events_after_reset
    return core


def reset_parts(core: Core) -> None:
    """As after the reset line: what was under way is gone, and so is the network; archive and main address stay."""
    core.outbox.reset()
    core.reports.reset()
    core.reads.forget()
    core.search.stop()
    core.cycle.stop()
    core.supply = CcoGathering(core.profile.supply)
    core.last_events.clear()
    core.pages.clear()
    core.refused.clear()
    core.allows_events = core.profile.allows_events_after_reset
    core.allows_area_identification = core.reports_refused = False
    core.area_until_s = core.reset_s = _NEVER
    core.clock_set_to = None
    core.carrier.restart()


def advance_tasks(core: Core, now_s: float) -> None:
    """Everything that is due at ``now_s``."""
    core.reads.advance(now_s)
    _report_supply(core, now_s)
    _report_refused(core, now_s)
    _search(core, now_s)
    if core.cycle.advance(now_s, lambda meter: _content_query(core, meter)):
        core.reports.add(units.RouteChange(change=RouteTask.READING), now_s)
    if now_s >= core.area_until_s:
        core.area_until_s, core.allows_area_identification = _NEVER, False
        core.reports.add(units.RouteChange(change=RouteTask.AREA_IDENTIFICATION), now_s)
    core.reports.advance(now_s)


def next_task_s(core: Core) -> float:
    """When the next of them is due, or the next byte."""
    supply_s = min(core.supply.due_s(kind) for kind in ReportKind)
    return min(
        core.reads.next_due_s(), supply_s, core.search.next_due_s(), core.cycle.next_due_s(), core.reports.next_due_s(),
        core.area_until_s, core.reset_s, core.outbox.next_due_s(),
    )


def _report_supply(core: Core, now_s: float) -> None:
    """What was gathered long enough, in frames of at most 42 addresses."""
    for kind, change in ((ReportKind.OUTAGE, SupplyChange.OUTAGE), (ReportKind.RESTORE, SupplyChange.RESTORE)):
        addresses = [f"{address:012d}" for address in core.supply.take(kind, now_s)]
        if addresses and change is SupplyChange.OUTAGE:
            addresses += core.misbehaviour.unknown_addresses
        for event in supply_events(change, [SupplyNode(address=address) for address in addresses]):
            core.reports.add(event, now_s)


def _search(core: Core, now_s: float) -> None:
    was_open = core.search.is_open
    has_ended = core.search.advance(now_s)
    if core.search.is_open != was_open:
        core.list_allowed()
    for nodes in core.search.take_found(core.archive.index, core.profile.search_nodes):
        core.reports.add(units.SearchReport(nodes=tuple(nodes)) if core.profile.search_tells_devices else _named(core, nodes), now_s)
    if has_ended:
        core.reports.add(units.RouteChange(change=RouteTask.SEARCH), now_s)


def _named(core: Core, devices: Sequence[FoundDevice]) -> NodeReport:
    """06H F1 knows no collectors: these and the meters behind them are slaves alike."""
    found = []
    for device in devices:
        found.append(FoundNode(address=device.address, protocol=device.protocol, index=device.index))
        found += [
            FoundNode(address=one.address, protocol=one.protocol, index=core.archive.index(one.address)) for one in device.subordinates
        ]
    return NodeReport(nodes=tuple(found))


def _report_refused(core: Core, now_s: float) -> None:
    """Each stranger once."""
    new = [address for address in core.carrier.take_refused() if address not in core.refused and address not in core.archive]
    core.refused.update(new)
    if not core.reports_refused:
        return
    new = list(dict.fromkeys(new))
    for at in range(0, len(new), MAX_REFUSED):
        nodes = tuple(units.RefusedNode(address=address, device=DeviceType.HPLC_UNIT) for address in new[at : at + MAX_REFUSED])
        core.reports.add(units.RefusedNodes(nodes=nodes, device=DeviceType.HPLC_UNIT), now_s)


def _content_query(core: Core, meter: str) -> ContentQuery | None:
    member = core.carrier.member(meter)
    if member is None or meter not in core.archive or core.reads.is_reading(meter):
        return None
    return ContentQuery(phase=member.phase, address=meter, index=core.archive.index(meter))
