"""``hplc-edge scan URL``: who lives on a bus. Reads only; one good answer is no proof of a model, so candidates are named."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from dataclasses import dataclass, field

from edge_agent.acquire.protocols import DLT645
from edge_agent.acquire.single import ask_words
from edge_agent.cli.command import Command
from edge_agent.cli.profiles import load_shipped
from edge_agent.cli.scan_dlt645 import scan_dlt645
from edge_agent.errors import ConfigError, MeterRefused
from edge_agent.transport import Framing, Link, create_link, framing_of
from edge_agent.wire.modbus import ReadRequest
from firmware_profiles.coding import decode_point
from firmware_profiles.schema import Point, Profile

_TIMEOUT_S = 0.3
_DLT645_TIMEOUT_S = 0.6  # a meter may take 0.5 s to answer (DL/T 645-2007 section 5.3.2)
_VOLTS = (80.0, 300.0)  # meters.md rule 6: a voltage that a low-voltage meter may show


@dataclass(slots=True)
class Found:
    """One unit that answered."""

    unit: int
    identified: list[str] = field(default_factory=list)  # identity register says so
    plausible: list[str] = field(default_factory=list)  # its first voltage would be one
    refusals: int = 0


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", help="tcp://host:port, rtu+tcp://host:port or serial:///dev/ttyUSB0?baud=9600&format=8N1")
    parser.add_argument("--protocol", choices=("modbus", "dlt645"), default="modbus", help="what the meters speak (default modbus)")
    parser.add_argument("--units", default="1-32", help="unit addresses: 1-25 or 3,7,9 (default 1-32)")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="for each question (default 0.3; DL/T 645 0.6)")
    parser.add_argument("--json", action="store_true")


def run(arguments: argparse.Namespace) -> int:
    if arguments.protocol == DLT645:
        return asyncio.run(scan_dlt645(arguments.url, arguments.timeout or _DLT645_TIMEOUT_S, as_json=arguments.json))
    units = _units(arguments.units)
    found = asyncio.run(_scan(arguments.url, units, arguments.timeout or _TIMEOUT_S, show_progress=sys.stderr.isatty()))
    if arguments.json:
        print(
            json.dumps(
                [
                    {"unit": entry.unit, "identified": entry.identified, "plausible": entry.plausible, "refusals": entry.refusals}
                    for entry in found
                ]
            )
        )
    for entry in found if not arguments.json else []:
        said = ", ".join(entry.identified) or (
            f"perhaps {', '.join(entry.plausible[:4])}" if entry.plausible else "answers, model not known"
        )
        print(f"unit {entry.unit}: {said}")
    if not found:
        print(f"{arguments.url}: nobody answered among units {arguments.units}; check speed, format and wiring", file=sys.stderr)
    return 0 if found else 1


async def _scan(url: str, units: list[int], timeout_s: float, *, show_progress: bool) -> list[Found]:
    link = create_link(url)
    await link.open()
    found = []
    try:
        for unit in units:
            if show_progress:
                print(f"\runit {unit} ", end="", file=sys.stderr, flush=True)
            entry = await _look_at(link, framing_of(url), unit, timeout_s)
            if entry is not None:
                found.append(entry)
    finally:
        link.close()
        if show_progress:
            print("\r", end="", file=sys.stderr)
    return found


async def _look_at(link: Link, framing: Framing, unit: int, timeout_s: float) -> Found | None:
    """Ask the identity registers, then the first voltages; None when nobody lives there."""
    profiles = [profile for profile in load_shipped().values() if profile.points]
    entry = Found(unit)
    is_there = False
    for identity in dict.fromkeys(profile.identity for profile in profiles if profile.identity is not None):
        request = ReadRequest(unit=unit, function=identity.function, address=identity.address, count=identity.words)
        data = await _ask(link, framing, entry, request, timeout_s)
        is_there = is_there or data is not None or entry.refusals > 0
        if not is_there:
            break  # silence to the first question: nobody lives there, and each more would cost a time-out
        if data is not None:
            entry.identified += [profile.name for profile in profiles if profile.identity == identity and identity.matches(data)]
    if is_there and not entry.identified:
        for (function, address), group in _first_voltages(profiles).items():
            point = group[0][1]
            request = ReadRequest(unit=unit, function=function, address=address, count=point.words)
            data = await _ask(link, framing, entry, request, timeout_s)
            if data is not None:
                entry.plausible += [profile.name for profile, first in group if _is_voltage(first, data)]
    return entry if is_there else None


async def _ask(link: Link, framing: Framing, entry: Found, request: ReadRequest, timeout_s: float) -> bytes | None:
    try:
        return await ask_words(link, framing, request, timeout_s=timeout_s)
    except MeterRefused:
        entry.refusals += 1  # a refusal also proves that somebody lives there
        return None


def _first_voltages(profiles: list[Profile]) -> dict[tuple[int, int], list[tuple[Profile, Point]]]:
    """Where the meters have the voltage of phase a, one question for all that have it at the same place and length."""
    groups: dict[tuple[int, int], list[tuple[Profile, Point]]] = {}
    for profile in profiles:
        point = next((point for point in profile.points if point.key == "voltage_v.a" and point.poll != "never"), None)
        if point is not None:
            groups.setdefault((point.function, point.address), []).append((profile, point))
    return groups


def _is_voltage(point: Point, data: bytes) -> bool:
    if len(data) != 2 * point.words:
        return False
    value = decode_point(point, data).si_value
    return value is not None and _VOLTS[0] <= value <= _VOLTS[1]


def _units(text: str) -> list[int]:
    try:
        ranges = [part.partition("-") for part in text.split(",")]
        units = [unit for first, _, last in ranges for unit in range(int(first), int(last or first) + 1)]
    except ValueError as exc:
        raise ConfigError([f"--units {text!r}: write units as 1-25 or 3,7,9"]) from exc
    if not units or not all(1 <= unit <= 255 for unit in units):
        raise ConfigError([f"--units {text!r}: units are 1 to 255, smaller first"])
    return units


COMMAND = Command(name="scan", summary="who lives on a bus", configure=configure, run=run)
