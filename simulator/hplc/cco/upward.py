"""What stations send to the CCO: answers, events, search results, to which area they belong."""

from __future__ import annotations

from edge_agent.errors import FrameError
from edge_agent.wire.gdw10376_2 import DeviceType, MeterProtocol, units
from edge_agent.wire.gdw10376_2.addresses import ADDRESS_BYTES, address_text
from edge_agent.wire.gdw10376_2.units import SupplyChange
from simulator.hplc.cco.carrier import Arrived
from simulator.hplc.cco.core import Core
from simulator.hplc.cco.messages import (
    CarrierMessage,
    EventFunction,
    Identifier,
    SupplyNews,
    decode_message,
    encode_message,
    supply_news,
)
from simulator.hplc.cco.search import station_meters

_READS = (Identifier.READ, Identifier.ROUTER_READ, Identifier.CONCURRENT_READ)
_LONGEST_EVENT = 255


def take_arrived(core: Core, arrived: Arrived, now_s: float) -> None:
    """Act on one message; one that cannot be understood is counted and dropped."""
    try:
        message = decode_message(arrived.payload)
        if message.is_up:
            _take(core, message, arrived, now_s)
    except FrameError:
        core.bad_messages += 1


def _take(core: Core, message: CarrierMessage, arrived: Arrived, now_s: float) -> None:
    if message.identifier in _READS:
        core.reads.take_answer(message, arrived, now_s)
    elif message.identifier is Identifier.EVENT:
        _take_event(core, message, arrived, now_s)
    elif message.identifier is Identifier.SEARCH:
        core.search.take(arrived.address, station_meters(message.data))
    elif message.identifier is Identifier.AREA and len(message.data) == ADDRESS_BYTES:
        owner = address_text(message.data)
        if core.allows_area_identification and owner != core.main_address and core.allows_events:
            core.reports.add(units.AreaMismatch(meter=arrived.address, owner_main_address=owner), now_s)


def _take_event(core: Core, message: CarrierMessage, arrived: Arrived, now_s: float) -> None:
    """Unicast events are acknowledged, or their sender would repeat them; broadcasts are not."""
    if message.function == EventFunction.BY_METER:
        if core.allows_events and len(message.data) <= _LONGEST_EVENT:
            core.reports.add(units.MeterEvent(
                device=DeviceType.METER, protocol=MeterProtocol.DLT645_2007, payload=message.data,
            ), now_s)
    else:
        _take_supply(core, supply_news(message.data), message.function == EventFunction.BY_COLLECTOR, now_s)
    if not arrived.is_broadcast:
        function = EventFunction.ACKNOWLEDGED if core.allows_events else EventFunction.FORBID
        core.carrier.send(arrived.address, encode_message(CarrierMessage(
            identifier=Identifier.EVENT, function=function, is_up=False, sequence=message.sequence, address=message.address, is_start=False,
        )))


def _take_supply(core: Core, news: SupplyNews, is_collector: bool, now_s: float) -> None:
    if not core.allows_events:
        return
    found = [(core.carrier.address_of(tei), False) for tei in news.teis]
    core.unknown_teis += sum(address is None for address, _ in found)
    told = [(address, lives) for address, lives in found if address is not None]
    told += zip(news.addresses, news.live, strict=True)
    # the concentrator asked for its own meters: others have no business in its reports
    own = [(address, lives) for address, lives in told if address in core.archive]
    if not own:
        return
    change = SupplyChange.OUTAGE if news.is_outage else SupplyChange.RESTORE
    core.supply.take(change, [address for address, _ in own], now_s, live=[lives for _, lives in own] if is_collector else ())
