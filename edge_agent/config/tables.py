"""The tables of the configuration file, each checked on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.acquire.cco.settings import GDW10376_2, CcoSettings
from edge_agent.acquire.protocols import DLT645
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.config.waveforms import UnitConfig
from edge_agent.events import EventSettings
from edge_agent.journal import JournalSettings
from edge_agent.model import Archive, Meter, Role, Ticket
from edge_agent.model.site import PRIORITY_TAGS
from edge_agent.outage import OutageSettings
from edge_agent.publish.settings import MqttSettings
from firmware_profiles.schema import MODBUS, Profile

_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_NODE = re.compile(r"[^/\s]+(/[^/\s]+)*")
_ADDRESS = re.compile(r"[0-9]{12}")
_EVERYBODY = "9" * 12
_ROLES = tuple(role.value for role in Role)
BUS_PROTOCOLS = (MODBUS, DLT645, GDW10376_2)


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
class ArchiveTable:
    """Files beside the configuration: meters and places (``file``, CSV or JSON), and what the utility announces (``work``, JSON)."""

    file: str = ""
    work: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusTable:
    """One wire. ``protocol``: that of the profiles of its meters, unless it is said here.

    ``set_clocks_utc_offset_h``: where given, the clocks of its DL/T 645 meters are set once a day to local time, this many hours
    ahead of UTC. ``main_address``: of a coordinator (``gdw10376.2``), where its network is to have another than it has.
    """

    name: str
    url: str
    protocol: str = ""
    set_clocks_utc_offset_h: float | None = None
    main_address: str = ""

    def __post_init__(self) -> None:
        if self.protocol and self.protocol not in BUS_PROTOCOLS:
            raise ValueError(f"protocol = {self.protocol!r}: one of {', '.join(BUS_PROTOCOLS)}; or leave it to the meters' profiles")
        if self.set_clocks_utc_offset_h is not None and not -12 <= self.set_clocks_utc_offset_h <= 14:
            raise ValueError(f"set_clocks_utc_offset_h = {self.set_clocks_utc_offset_h}: hours ahead of UTC, -12 to 14; China has 8")
        if self.main_address and self.protocol != GDW10376_2:
            raise ValueError(f"main_address is for a coordinator: protocol = '{GDW10376_2}'; leave it out")
        if self.main_address and not _ADDRESS.fullmatch(self.main_address):
            raise ValueError(f"main_address = {self.main_address!r}: twelve digits, in quotes")
        if not _ID.fullmatch(self.name):
            raise ValueError(f"name = {self.name!r}: letters, digits, '-' and '_' only, 1 to 32 of them")

    @property
    def meter_protocol(self) -> str:
        """What its meters speak; empty where they say it."""
        return DLT645 if self.protocol == GDW10376_2 else self.protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterTable:
    """One meter: a Modbus meter has a ``unit``, a DL/T 645 meter an ``address`` of twelve digits."""

    id: str
    bus: str
    unit: int | None = None
    address: str | None = None
    profile: str
    role: str = "customer"
    node: str = ""
    phases: str = ""                           # default: those of the profile
    nominal_voltage_v: float = 220.0
    rated_current_a: float | None = None       # default: that of the profile, where it states one
    grid_phases: str = ""                      # which of the transformer's phases feed it, in the order of ``phases``
    full_s: float | None = None
    presence_s: float | None = None
    tags: list[str] = field(default_factory=list)   # who is to have supply back first

    def __post_init__(self) -> None:
        if wrong := [text for is_wrong, text in self._checks() if is_wrong]:
            raise ValueError("; ".join(wrong))

    def _checks(self) -> Iterator[tuple[bool, str]]:
        yield not _ID.fullmatch(self.id), f"id = {self.id!r}: letters, digits, '-' and '_' only, 1 to 32 of them"
        yield (
            self.unit is not None and not 1 <= self.unit <= 255,
            f"unit = {self.unit}: a Modbus unit address is 1 to 247 (up to 255 on some gateways)",
        )
        yield (
            self.address is not None and (not _ADDRESS.fullmatch(self.address) or self.address == _EVERYBODY),
            f"address = {self.address!r}: the twelve digits on the meter, in quotes; twelve nines are everybody",
        )
        yield self.role not in _ROLES, f"role = {self.role!r}: one of {', '.join(_ROLES)}"
        yield bool(self.node and not _NODE.fullmatch(self.node)), f"node = {self.node!r}: a path such as 'feeder-1/branch-2/box-3'"
        yield not _are_phases(self.phases), f"phases = {self.phases!r}: 'a' for a single-phase meter, 'abc' for three phases"
        yield (
            not _are_phases(self.grid_phases),
            f"grid_phases = {self.grid_phases!r}: one letter of a, b, c for each phase of the meter, such as 'b' or 'abc'",
        )
        unknown = [tag for tag in self.tags if tag not in PRIORITY_TAGS]
        yield bool(unknown), f"tags: {', '.join(map(repr, unknown))}: known are {', '.join(PRIORITY_TAGS)}"
        yield (
            not self.nominal_voltage_v > 0 or (self.rated_current_a is not None and not self.rated_current_a > 0),
            "nominal_voltage_v and rated_current_a must be above 0",
        )


def _are_phases(letters: str) -> bool:
    return len(set(letters)) == len(letters) and set(letters) <= set("abc")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConfig:
    """One meter, resolved: how to reach it, how often to read it."""

    meter: Meter
    profile: Profile
    unit: int                                  # of a Modbus meter, else 0
    address: str                               # of a DL/T 645 meter, else empty
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
    outage: OutageSettings
    detectors: Mapping[str, Any]               # detector name -> its settings
    simulation: SimulationTable | None = None
    supply: SupplyTable | None = None
    cco: CcoSettings = field(default_factory=CcoSettings)
    waveform_detectors: Mapping[str, Any] = field(default_factory=dict)
    units: tuple[UnitConfig, ...] = ()         # sensing units
    work_file: Path | None = None              # what the utility announces; read while the agent runs
    standing_tickets: tuple[Ticket, ...] = ()  # of the archive: relays that are open

    @property
    def state_dir(self) -> Path:
        return Path(self.agent.state_dir)
