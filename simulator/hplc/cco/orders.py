"""Commands of 01H, 05H, 11H and 12H: what each does, and how long the confirm tells the concentrator to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from edge_agent.wire.gdw10376_2 import Code, DenyReason, MeterProtocol, units
from edge_agent.wire.gdw10376_2.units import commands, settings
from edge_agent.wire.gdw10376_2.units.unit import Unit
from simulator.hplc.cco.core import Core
from simulator.hplc.cco.messages import CarrierMessage, Identifier, encode_message
from simulator.hplc.cco.queries import broadcast_delay_s

_RESET_AFTER_S = 0.5        # the confirm leaves first
_NEVER = float("inf")


def carry_out(core: Core, order: Unit, now_s: float) -> DenyReason | int | None:
    """Seconds to wait, or why not; None when it is no order of these."""
    action = _ORDERS.get(order.code)
    return None if action is None else action(core, order, now_s)


def _reset(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    if order.code == commands.PARAMETER_INIT:
        core.archive.clear(now_s)
    core.reset_s = now_s + _RESET_AFTER_S
    return 0


def _set_main_address(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.MainAddress)
    core.main_address = order.main_address
    return 0


def _permit(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.Permission)
    if order.code == settings.ALLOW_EVENTS:
        core.allows_events = order.allowed
    elif order.code == settings.ALLOW_REFUSED_NODES:
        core.reports_refused = order.allowed
    else:
        core.allows_area_identification = order.allowed
        core.area_until_s = now_s + core.profile.area_identification_s if order.allowed else _NEVER
        if order.allowed:
            core.carrier.broadcast(encode_message(CarrierMessage(
                identifier=Identifier.AREA, function=0, is_up=False, sequence=core.next_sequence(), address=core.main_address,
            )))
    return 0


def _broadcast(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.Broadcast)
    if order.control == settings.BROADCAST_PHASE_IDENTIFICATION:
        core.carrier.identify_phases()
    elif order.control not in tuple(MeterProtocol) or not order.payload:
        return DenyReason.BAD_DATA_UNIT
    else:
        core.carrier.broadcast(encode_message(CarrierMessage(
            identifier=Identifier.BROADCAST, function=order.control, is_up=False, sequence=core.next_sequence(), data=order.payload,
        )))
    return broadcast_delay_s(core)


def _set_speed(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.SerialSpeed)
    core.outbox.change_baud_after(order.baud)
    return 0


def _set_band(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    """The simulated wires are worked out for one band."""
    assert isinstance(order, units.Band)
    return 0 if order.band == core.carrier.band else DenyReason.NOT_SUPPORTED


def _take_time(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.CentreTime)
    core.clock_set_s, core.clock_set_to = now_s, order.time
    return 0


def _add(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.AddNodes)
    return core.archive.add(order.nodes, now_s) or 0


def _delete(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.DeleteNodes)
    return core.archive.delete(order.addresses, now_s) or 0


def _start_search(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    assert isinstance(order, units.StartRegistration)
    begin_s = now_s
    if order.start is not None and core.clock_set_to is not None:
        begin_s = max(now_s, core.clock_set_s + (order.start - core.clock_set_to).total_seconds())
    core.search.start(begin_s, 60.0 * order.minutes, order.slots or core.profile.search_slots)
    return 0


def _stop_search(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    core.search.stop()
    return 0


def _route(core: Core, order: Unit, now_s: float) -> DenyReason | int:
    if order.code == commands.ROUTE_RESTART:
        core.cycle.start(core.archive.addresses() if core.profile.reads_by_router else ())
    core.cycle.is_paused = order.code == commands.ROUTE_PAUSE
    return 0


_ORDERS: Mapping[Code, Callable[[Core, Unit, float], DenyReason | int]] = MappingProxyType({
    commands.HARDWARE_INIT: _reset,
    commands.PARAMETER_INIT: _reset,
    commands.DATA_INIT: _reset,
    settings.SET_MAIN_ADDRESS: _set_main_address,
    settings.ALLOW_EVENTS: _permit,
    settings.ALLOW_AREA_IDENTIFICATION: _permit,
    settings.ALLOW_REFUSED_NODES: _permit,
    units.Broadcast.code: _broadcast,
    units.SerialSpeed.code: _set_speed,
    settings.SET_BAND: _set_band,
    units.CentreTime.code: _take_time,
    units.AddNodes.code: _add,
    units.DeleteNodes.code: _delete,
    units.StartRegistration.code: _start_search,
    commands.STOP_REGISTRATION: _stop_search,
    commands.ROUTE_RESTART: _route,
    commands.ROUTE_PAUSE: _route,
    commands.ROUTE_RESUME: _route,
})
