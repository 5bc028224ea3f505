"""The agent's configuration file (TOML): every problem is reported at once, with its place.

``load_config`` checks what can be known without touching the outside: keys, types, profiles, addresses, URLs, the state directory.
A serial port that is absent or a broker that is down is no configuration error: the agent waits for it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent import detect
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.errors import ConfigError
from edge_agent.events.lifecycle import EventSettings
from edge_agent.journal import JournalSettings
from edge_agent.model import Archive, Meter, Role
from edge_agent.publish.settings import MqttSettings
from edge_agent.strict_table import fill
from edge_agent.transport import create_link
from firmware_profiles.loader import ProfileError, load_all
from firmware_profiles.schema import Profile

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NODE = re.compile(r"[^/\s]+(/[^/\s]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentTable:
    """Who this agent is and where it keeps its journal and state."""

    area: str
    id: str
    state_dir: str
    profile_dirs: list[str] = field(default_factory=list)
    tick_s: float = 1.0            # how often detectors look at the area
    health_s: float = 60.0         # mqtt_reliability.md 1.2

    def __post_init__(self) -> None:
        for name in ("area", "id"):
            if not _ID.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} = {getattr(self, name)!r}: letters, digits, '-' and '_' only, 1 to 32 of them")
        if self.tick_s <= 0 or self.health_s <= 0:
            raise ValueError("tick_s and health_s must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationTable:
    """Present only where everything that is read is simulated; every message then says so."""

    description: str
    speed: float = 1.0             # the agent's clock runs this many times real time, in step with the simulation
    epoch_utc_ms: int = 0          # the instant at which both clocks agree with real time; 0 = start of the agent

    def __post_init__(self) -> None:
        if not 0 < self.speed <= 10_000:
            raise ValueError(f"speed = {self.speed}: must be above 0 and at most 10000")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTable:
    """How often each meter is read; a meter may override both. ``full_s = 0`` reads without pause, as fast as the bus allows."""

    full_s: float = 60.0
    presence_s: float | None = 10.0

    def __post_init__(self) -> None:
        if self.full_s < 0 or (self.presence_s is not None and self.presence_s < 0):
            raise ValueError("full_s and presence_s must not be negative; presence_s = 0 switches the short read off")


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplyTable:
    """The concentrator's own mains: a file with three volts (phases a b c, '-' = not measured), rewritten by whoever measures."""

    file: str
    stale_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BusTable:
    name: str
    url: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.name):
            raise ValueError(f"name = {self.name!r}: letters, digits, '-' and '_' only, 1 to 32 of them")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTable:
    id: str
    bus: str
    unit: int
    profile: str
    role: str = "customer"
    node: str = ""
    phases: str = ""                           # default: those of the profile
    nominal_voltage_v: float = 220.0
    rated_current_a: float | None = None       # default: that of the profile, where it states one
    full_s: float | None = None
    presence_s: float | None = None

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"id = {self.id!r}: letters, digits, '-' and '_' only, 1 to 32 of them")
        if not 1 <= self.unit <= 255:
            raise ValueError(f"unit = {self.unit}: a Modbus unit address is 1 to 247 (up to 255 on some gateways)")
        if self.role not in [role.value for role in Role]:
            raise ValueError(f"role = {self.role!r}: one of {', '.join(role.value for role in Role)}")
        if self.node and not _NODE.fullmatch(self.node):
            raise ValueError(f"node = {self.node!r}: a path such as 'feeder-1/branch-2/box-3'")
        if self.nominal_voltage_v <= 0 or (self.rated_current_a is not None and self.rated_current_a <= 0):
            raise ValueError("nominal_voltage_v and rated_current_a must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConfig:
    """One meter, resolved: how to reach it, how often to read it."""

    meter: Meter
    profile: Profile
    unit: int
    full_s: float
    presence_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that ``run`` needs, checked."""

    agent: AgentTable
    mqtt: MqttSettings
    archive: Archive
    buses: tuple[BusTable, ...]
    meters: tuple[MeterConfig, ...]
    acquire: AcquireSettings
    journal: JournalSettings
    events: EventSettings
    detectors: Mapping[str, Any]               # detector name -> its settings
    simulation: SimulationTable | None = None
    supply: SupplyTable | None = None

    @property
    def state_dir(self) -> Path:
        return Path(self.agent.state_dir)


_SINGLE = {"agent", "simulation", "mqtt", "schedule", "acquire", "journal", "events", "supply", "detect"}
_LISTS = {"bus", "meter"}


def load_config(path: Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: one line for every problem, each beginning with the file and the place in it.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError([f"{path}: cannot be read: {exc.strerror}"]) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError([f"{path}: is not valid TOML: {exc}"]) from exc
    problems: list[str] = []
    config = _build(tables, problems, base=path.parent)
    if problems or config is None:
        raise ConfigError([f"{path}: {problem}" for problem in problems])
    return config


def _build(tables: dict[str, Any], problems: list[str], *, base: Path) -> Config | None:
    for key in tables:
        if key not in _SINGLE | _LISTS:
            problems.append(f"unknown table [{key}]; known: {', '.join(sorted(_SINGLE | _LISTS))}")
    agent = fill(AgentTable, tables.get("agent", {}), where="[agent]", problems=problems)
    mqtt = fill(MqttSettings, tables.get("mqtt", {}), where="[mqtt]", problems=problems)
    schedule = fill(ScheduleTable, tables.get("schedule", {}), where="[schedule]", problems=problems) or ScheduleTable()
    acquire = fill(AcquireSettings, tables.get("acquire", {}), where="[acquire]", problems=problems)
    journal = fill(JournalSettings, tables.get("journal", {}), where="[journal]", problems=problems)
    events = fill(EventSettings, tables.get("events", {}), where="[events]", problems=problems)
    simulation = fill(SimulationTable, tables["simulation"], where="[simulation]", problems=problems) if "simulation" in tables else None
    supply = fill(SupplyTable, tables["supply"], where="[supply]", problems=problems) if "supply" in tables else None
    detectors = _detectors(tables.get("detect", {}), problems)
    if agent is not None:
        _check_state_dir(Path(agent.state_dir), problems)
    profiles = _profiles(agent, base, problems)
    buses = _buses(tables.get("bus", []), problems)
    meters = _meters(tables.get("meter", []), {bus.name for bus in buses}, profiles, schedule, problems)
    if problems or agent is None or mqtt is None or acquire is None or journal is None or events is None:
        return None
    archive = Archive(agent.area, tuple(entry.meter for entry in meters))
    return Config(
        agent=agent, mqtt=mqtt, archive=archive, buses=tuple(buses), meters=tuple(meters), acquire=acquire, journal=journal,
        events=events, detectors=detectors, simulation=simulation, supply=supply,
    )


def _detectors(table: object, problems: list[str]) -> dict[str, Any]:
    found = detect.find_detectors()
    if not isinstance(table, Mapping):
        problems.append("[detect]: expected tables such as [detect.voltage]")
        return {}
    problems += [f"[detect.{name}]: unknown detector; known: {', '.join(sorted(found))}" for name in table if name not in found]
    return {
        name: fill(detector.settings, table.get(name, {}), where=f"[detect.{name}]", problems=problems)
        for name, detector in found.items()
    }


def _profiles(agent: AgentTable | None, base: Path, problems: list[str]) -> dict[str, Profile]:
    directories = [base / directory for directory in (agent.profile_dirs if agent else [])]
    for directory in directories:
        if not directory.is_dir():
            problems.append(f"[agent]: profile_dirs: {directory} is not a directory")
    try:
        return load_all([directory for directory in directories if directory.is_dir()])
    except ProfileError as exc:
        problems += exc.problems
        return {}


def _buses(entries: object, problems: list[str]) -> list[BusTable]:
    buses: list[BusTable] = []
    for number, entry in enumerate(_entries(entries, "bus", problems), start=1):
        where = _where("bus", number, entry, "name")
        bus = fill(BusTable, entry, where=where, problems=problems)
        if bus is None:
            continue
        if any(bus.name == other.name for other in buses):
            problems.append(f"{where}: a second bus of this name; names must differ")
        if same := [other.name for other in buses if other.url == bus.url]:
            problems.append(f"{where}: {bus.url} is also bus {same[0]!r}; one wire has one owner: put the meters on one bus")
        try:
            create_link(bus.url)
        except ConfigError as exc:
            problems += [f"{where}: {problem}" for problem in exc.problems]
        buses.append(bus)
    if not buses and not problems:
        problems.append("no [[bus]]: name at least one way to the meters")
    return buses


def _meters(
    entries: object, buses: set[str], profiles: dict[str, Profile], schedule: ScheduleTable, problems: list[str]
) -> list[MeterConfig]:
    meters: list[MeterConfig] = []
    ids: dict[str, str] = {}
    addresses: dict[tuple[str, int], str] = {}
    for number, entry in enumerate(_entries(entries, "meter", problems), start=1):
        where = _where("meter", number, entry, "id")
        table = fill(MeterTable, entry, where=where, problems=problems)
        if table is None:
            continue
        if table.id in ids:
            problems.append(f"{where}: id {table.id!r} is also {ids[table.id]}; ids must differ")
        ids.setdefault(table.id, where)
        address = (table.bus, table.unit)
        if address in addresses:
            problems.append(f"{where}: bus {table.bus!r} unit {table.unit} is also {addresses[address]}; two meters at one address")
        addresses.setdefault(address, where)
        if table.bus not in buses:
            problems.append(f"{where}: bus {table.bus!r} does not exist; known: {', '.join(sorted(buses)) or 'none'}")
        profile = profiles.get(table.profile)
        if profile is None:
            if profiles:
                problems.append(f"{where}: profile {table.profile!r} does not exist; see: hplc-edge profiles list")
            continue
        meters.append(_resolve(table, profile, schedule, index=len(meters)))
    if not meters and not problems:
        problems.append("no [[meter]]: name at least one meter")
    return meters


def _resolve(table: MeterTable, profile: Profile, schedule: ScheduleTable, *, index: int) -> MeterConfig:
    meter = Meter(
        id=table.id, index=index, profile=profile.name, bus=table.bus, role=Role(table.role), node=table.node,
        phases=table.phases or profile.phases, nominal_voltage_v=table.nominal_voltage_v,
        rated_current_a=table.rated_current_a if table.rated_current_a is not None else profile.max_current_a,
    )
    presence_s = table.presence_s if table.presence_s is not None else schedule.presence_s
    return MeterConfig(
        meter=meter, profile=profile, unit=table.unit, presence_s=presence_s or None,
        full_s=table.full_s if table.full_s is not None else schedule.full_s,
    )


def _entries(entries: object, name: str, problems: list[str]) -> list[Any]:
    if isinstance(entries, list):
        return entries
    problems.append(f"[{name}]: write [[{name}]], once for each {name}")
    return []


def _where(kind: str, number: int, entry: object, key: str) -> str:
    named = entry.get(key) if isinstance(entry, Mapping) else None
    return f"[[{kind}]] {number}" + (f" ({named})" if isinstance(named, str) else "")


def _check_state_dir(directory: Path, problems: list[str]) -> None:
    # permission bits do not stop root, so try it: the first existing ancestor must be a directory that takes a file
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    if not existing.is_dir():
        problems.append(f"[agent]: state_dir = '{directory}': {existing} is a file, not a directory; choose another or remove it")
        return
    probe = existing / f".hplc-edge-probe-{os.getpid()}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as exc:
        problems.append(f"[agent]: state_dir = '{directory}': cannot be written: {exc.strerror}; choose another or mend its rights")


def broker_address(settings: MqttSettings) -> str:
    """``host:port`` for messages to people, without credentials."""
    return f"{settings.host}:{settings.port}"


__all__ = ["Config", "MeterConfig", "broker_address", "load_config"]
