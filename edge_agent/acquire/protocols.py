"""Which protocol a bus speaks: that of the profiles of its meters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from edge_agent.acquire.dlt645_plan import plan645
from edge_agent.acquire.dlt645_transaction import Transactor645
from edge_agent.acquire.plan import make_plan
from edge_agent.acquire.poll import BusMeter, ReadPlan, Transactor
from edge_agent.acquire.settings import AcquireSettings, BusCounters
from edge_agent.acquire.transaction import Transactor as ModbusTransactor
from edge_agent.transport.base import Framing, Link
from firmware_profiles.dlt645 import DLT645_PROTOCOLS
from firmware_profiles.schema import MODBUS, Profile

DLT645 = "dlt645"


def wire_protocol(profile: Profile) -> str:
    """``modbus`` or ``dlt645``: meters of both 645 standards may share a line, since their frames are the same."""
    return DLT645 if profile.protocol in DLT645_PROTOCOLS else MODBUS


def protocol_of(meters: Iterable[BusMeter]) -> str:
    """Of a bus with these meters; of one without any, Modbus.

    Raises:
        ValueError: they do not speak the same.
    """
    found = sorted({wire_protocol(meter.profile) for meter in meters}) or [MODBUS]
    if len(found) > 1:
        raise ValueError(f"meters of {' and '.join(found)} on one bus: one bus speaks one protocol")
    return found[0]


def make_transactor(protocol: str, link: Link, framing: Framing, settings: AcquireSettings, counters: BusCounters) -> Transactor:
    if protocol == DLT645:
        return Transactor645(link, settings, counters)
    return ModbusTransactor(link, framing, settings, counters)


def plan_of(profile: Profile) -> ReadPlan[Any]:
    """Raises ValueError where the profile has no point to read."""
    return plan645(profile) if wire_protocol(profile) == DLT645 else make_plan(profile)
