"""``hplc-edge scan --protocol dlt645``: who lives on a line of DL/T 645 meters."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from edge_agent.acquire.dlt645_single import Single645
from edge_agent.cli.profiles import load_shipped
from edge_agent.errors import LinkError
from edge_agent.transport import create_link
from firmware_profiles.dlt645 import DLT645_2007
from firmware_profiles.schema import Profile

_THREE_PHASES = "abc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found645:
    """One meter that answered, and the profiles that fit the phases which it measures."""

    address: str
    plausible: tuple[str, ...]


async def scan_dlt645(url: str, timeout_s: float, *, as_json: bool) -> int:
    """Print who answers; 1 when nobody does."""
    link = create_link(url)
    await link.open()
    found: list[Found645] = []
    try:
        reader = Single645(link, timeout_s=timeout_s)
        async for address in reader.search(_progress):
            found.append(Found645(address=address, plausible=await _plausible(reader, address)))
    finally:
        link.close()
        if sys.stderr.isatty():
            print("\r", end="", file=sys.stderr)
    if as_json:
        print(json.dumps([{"address": entry.address, "plausible": list(entry.plausible)} for entry in found]))
    for entry in found if not as_json else []:
        print(f"address {entry.address}: perhaps {', '.join(entry.plausible) or 'no shipped profile'}")
    if not found:
        print(f"{url}: nobody answered; check speed (2400 or 9600), format (8E1) and wiring", file=sys.stderr)
    return 0 if found else 1


def _progress(pattern: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{pattern} ", end="", file=sys.stderr, flush=True)


async def _plausible(reader: Single645, address: str) -> tuple[str, ...]:
    """One that gives a voltage of phase b is a three-phase meter. The meter cannot say more about its model."""
    profiles = [profile for profile in load_shipped().values() if profile.protocol == DLT645_2007]
    three = next((profile for profile in profiles if profile.phases == _THREE_PHASES), None)
    if three is None:
        return tuple(profile.name for profile in profiles)
    try:
        volts = await reader.read_points(_only_voltages(three), address)
    except LinkError:
        return ()
    is_three = any(reading.point.place == "b" and reading.decoded and reading.decoded.si_value for reading in volts)
    return tuple(profile.name for profile in profiles if (profile.phases == _THREE_PHASES) == is_three)


def _only_voltages(profile: Profile) -> Profile:
    points = tuple(point for point in profile.data_points if point.quantity == "voltage_v")
    return Profile(
        name=profile.name, maker=profile.maker, meter=profile.meter, protocol=profile.protocol, source=profile.source, golden=(),
        data_points=points,
    )
