"""Reads as frames: F1H F1 for several at once, 13H F1 for one after the other; and what came back. Pure."""

from __future__ import annotations

from typing import NamedTuple

from edge_agent.acquire.cco.flights import Flight
from edge_agent.acquire.cco.meter_read import MeterRead
from edge_agent.acquire.cco.record_read import RecordRead
from edge_agent.wire.gdw10376_2 import AddressField, Direction, Frame10376, MeterProtocol, request, units
from edge_agent.wire.gdw10376_2.units import Unit, reading
from firmware_profiles.dlt645 import DLT645_1997
from firmware_profiles.schema import Profile

_READ_CODES = frozenset({reading.CONCURRENT_READ, reading.MONITOR, units.Confirm.code, units.Deny.code})


class ReadReply(NamedTuple):
    """``payload`` is empty where the module says that reading failed; ``uplink_s`` is how long the answer travelled, where told."""

    payload: bytes
    uplink_s: int = 0


def protocol_number(profile: Profile) -> MeterProtocol:
    """What a meter speaks, in the code list of Q/GDW 10376.2."""
    return MeterProtocol.DLT645_1997 if profile.protocol == DLT645_1997 else MeterProtocol.DLT645_2007


def read_request(read: MeterRead | RecordRead, flight: Flight, *, payload: bytes, main_address: str) -> Frame10376:
    protocol = protocol_number(read.meter.profile)
    unit: Unit
    if flight.is_concurrent:
        unit = units.ConcurrentRequest(protocol=protocol, payload=payload)
    else:
        unit = units.MonitorRequest(protocol=protocol, payload=payload)
    return request(unit, sequence=flight.sequence, addresses=AddressField(source=main_address, destination=flight.address))


def is_read_answer(frame: Frame10376) -> bool:
    """Whether it may answer a read: an answer, a confirm or a deny."""
    return frame.direction is Direction.UP and frame.code in _READ_CODES


def reply_of(unit: Unit, flight: Flight) -> ReadReply | None:
    """None where ``unit`` is no answer to the kind of read that ``flight`` is."""
    if flight.is_concurrent and isinstance(unit, units.ConcurrentReply):
        return ReadReply(unit.payload)
    if not flight.is_concurrent and isinstance(unit, units.MonitorReply):
        return ReadReply(unit.payload, unit.uplink_s)
    return None
