"""``hplc-edge read URL``: one meter, once."""

from __future__ import annotations

import argparse
import asyncio
import json
import re

from edge_agent.acquire import PointReading, read_points
from edge_agent.acquire.dlt645_single import Single645
from edge_agent.acquire.protocols import wire_protocol
from edge_agent.cli.command import Command
from edge_agent.cli.profiles import find_profile
from edge_agent.errors import ConfigError
from edge_agent.transport import create_link, framing_of
from firmware_profiles.dlt645 import DataPoint
from firmware_profiles.schema import MODBUS, Profile

_ADDRESS = re.compile(r"[0-9]{12}")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", help="tcp://host:port, rtu+tcp://host:port or serial:///dev/ttyUSB0?baud=9600&format=8N1")
    parser.add_argument("--profile", required=True, help="meter model, see 'hplc-edge profiles list'")
    parser.add_argument("--unit", type=int, help="unit address of a Modbus meter (default: that of the profile)")
    parser.add_argument("--address", help="the twelve digits of a DL/T 645 meter (default: the only one on the line is asked for it)")
    parser.add_argument("--timeout", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    profile = find_profile(arguments.profile)
    is_modbus = wire_protocol(profile) == MODBUS
    if (arguments.address if is_modbus else arguments.unit) is not None:
        option, other = ("--address", "--unit") if is_modbus else ("--unit", "--address")
        raise ConfigError([f"{option}: profile {profile.name} speaks {profile.protocol}; its meters have {other}"])
    if is_modbus:
        unit = profile.serial.unit if arguments.unit is None else arguments.unit
        readings = asyncio.run(_read(arguments.url, profile, unit, arguments.timeout))
    else:
        readings = asyncio.run(_read_645(arguments.url, profile, arguments.address, arguments.timeout))
    rows = [_row(reading) for reading in readings]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    width = max(len(str(row["quantity"])) for row in rows)
    for row in rows:
        shown = "refused" if row["refused"] else "not available" if row["value"] is None else f"{row['value']} {row['unit']}"
        print(f"{row['quantity']!s:<{width}}  {shown}")
    return 0


async def _read(url: str, profile: Profile, unit: int, timeout_s: float) -> list[PointReading]:
    link = create_link(url)
    await link.open()
    try:
        return await read_points(link, framing_of(url), profile, unit, timeout_s=timeout_s)
    finally:
        link.close()


async def _read_645(url: str, profile: Profile, address: str | None, timeout_s: float) -> list[PointReading]:
    if address is not None and not _ADDRESS.fullmatch(address):
        raise ConfigError([f"--address {address!r}: write the twelve digits on the meter"])
    link = create_link(url)
    await link.open()
    try:
        reader = Single645(link, timeout_s=timeout_s)
        return await reader.read_points(profile, address or await reader.own_address())
    finally:
        link.close()


def _row(reading: PointReading) -> dict[str, object]:
    decoded, point = reading.decoded, reading.point
    where = {"id": point.identifier} if isinstance(point, DataPoint) else {"address": point.address}
    return {
        "quantity": reading.point.title, "value": None if decoded is None else decoded.value, "unit": reading.point.unit,
        "column": reading.point.column, "si_value": None if decoded is None else decoded.si_value, **where,
        "refused": decoded is None,
    }


COMMAND = Command(name="read", summary="read one meter once", configure=configure, run=run)
