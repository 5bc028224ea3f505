"""What stations send to the CCO: answers, events, search results, to which area they belong."""

from __future__ import annotations

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import DeviceType, MeterProtocol, units
from edge_agent.wire.gdw10376_2.addresses import ADDRESS_BYTES, address_text
from edge_agent.wire.gdw10376_2.units import SupplyChange, SupplyNode
from simulator.hplc.cco.carrier import Arrived
from simulator.hplc.cco.core import Core
from simulator.hplc.cco.messages import CarrierMessage, Identifier, decode_message
from simulator.hplc.cco.search import station_meters
from simulator.hplc.gasp.bitmap import teis_of
from simulator.hplc.gasp.events import (
    AddressReport,
    Down,
    Event,
    ReportKind,
    TeiReport,
    Up,
    decode_event,
    decode_report,
    encode_event,
    is_event,
)

_READS = (Identifier.READ, Identifier.ROUTER_READ, Identifier.CONCURRENT_READ)
_LONGEST_EVENT = 255


def take_arrived(core: Core, arrived: Arrived, now_s: float) -> None:
    """Act on one message; one that cannot be understood is counted and dropped."""
    if is_event(arrived.payload):
        _take_event(core, arrived, now_s)
        return
    try:
        message = decode_message(arrived.payload)
        if message.is_up:
            _take(core, message, arrived, now_s)
    except FrameError:
        core.bad_messages += 1


def _take(core: Core, message: CarrierMessage, arrived: Arrived, now_s: float) -> None:
    if message.identifier in _READS:
        core.reads.take_answer(message, arrived, now_s)
    elif message.identifier is Identifier.SEARCH:
        core.search.take(arrived.address, station_meters(message.data))
    elif message.identifier is Identifier.AREA and len(message.data) == ADDRESS_BYTES:
        owner = address_text(message.data)
        if core.allows_area_identification and core.allows_events and owner != core.main_address:
            core.reports.add(units.AreaMismatch(meter=arrived.address, owner_main_address=owner), now_s)


def _take_event(core: Core, arrived: Arrived, now_s: float) -> None:
    """Unicast events are acknowledged, or their sender would repeat them; broadcasts are not."""
    event = decode_event(arrived.payload)
    if event is None or not isinstance(event.function, Up) or not _is_understood(core, event, arrived, now_s):
        core.bad_messages += 1
    elif not arrived.is_broadcast:
        told = Down.ACKNOWLEDGED if core.allows_events else Down.FORBID
        core.carrier.send(arrived.address, encode_event(Event(function=told, sequence=event.sequence, address=event.address)))


def _is_understood(core: Core, event: Event, arrived: Arrived, now_s: float) -> bool:
    if event.function is Up.BY_METER:
        if core.is_new_event(event, arrived.tei) and core.allows_events and len(event.data) <= _LONGEST_EVENT:
            core.reports.add(units.MeterEvent(
                device=DeviceType.METER, protocol=MeterProtocol.DLT645_2007, payload=event.data,
            ), now_s)
        return True
    report = decode_report(event.data)
    if report is None:
        return False
    if not core.allows_events:
        return True
    if event.function is Up.BY_COLLECTOR and isinstance(report, AddressReport):
        if core.is_new_event(event, arrived.tei):
            _tell_collector(core, report, now_s)
        return True
    core.supply.hear(report.kind, [address for address in _addresses(core, report) if f"{address:012d}" in core.archive], now_s)
    return True


def _addresses(core: Core, report: TeiReport | AddressReport) -> list[int]:
    """Whom a report of modules is about, by the CCO's own table. It tells of others than its archive, in which nobody is interested."""
    if isinstance(report, AddressReport):
        return list(report.live if report.kind is ReportKind.RESTORE else report.dead)
    found = [core.carrier.address_of(tei) for tei in teis_of(report.bits)]
    core.unknown_teis += sum(address is None for address in found)
    return [int(address) for address in found if address is not None]


def _tell_collector(core: Core, report: AddressReport, now_s: float) -> None:
    """A collector tells the state of each of its meters; it goes on as it comes, no source says that it is gathered [I]."""
    told = [SupplyNode(address=f"{one:012d}", is_live=True) for one in report.live]
    told += [SupplyNode(address=f"{one:012d}", is_live=False) for one in report.dead]
    change = SupplyChange.OUTAGE if report.kind is ReportKind.OUTAGE else SupplyChange.RESTORE
    for event in units.supply_events(change, told, DeviceType.COLLECTOR):
        core.reports.add(event, now_s)
