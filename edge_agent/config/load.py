"""The agent's configuration file (TOML): every problem is reported at once, with its place.

``load_config`` checks what can be known without touching the outside: keys, types, profiles, addresses, URLs, the state directory.
A serial port that is absent or a broker that is down is no configuration error: the agent waits for it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_agent import detect
from edge_agent.acquire.cco.settings import CcoSettings
from edge_agent.acquire.settings import AcquireSettings
from edge_agent.config.archive_file import ArchiveFile, read_archive_file, with_archive
from edge_agent.config.tables import AgentTable, ArchiveTable, Config, ScheduleTable, SimulationTable, SupplyTable
from edge_agent.config.waveforms import read_waveforms
from edge_agent.config.wires import meter_entries, read_buses, read_meters
from edge_agent.errors import ConfigError
from edge_agent.events import EventSettings
from edge_agent.journal import JournalSettings
from edge_agent.model import Archive, Transformer
from edge_agent.outage import OutageSettings
from edge_agent.publish.settings import MqttSettings
from edge_agent.strict_table import fill
from firmware_profiles.loader import ProfileError, load_all
from firmware_profiles.schema import Profile

_SINGLE = {
    "agent", "archive", "simulation", "mqtt", "schedule", "acquire", "cco", "journal", "events", "supply", "detect", "outage",
    "transformer",
}
_LISTS = {"bus", "meter", "waveform"}


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
    cco = fill(CcoSettings, tables.get("cco", {}), where="[cco]", problems=problems)
    journal = fill(JournalSettings, tables.get("journal", {}), where="[journal]", problems=problems)
    events = fill(EventSettings, tables.get("events", {}), where="[events]", problems=problems)
    outage = fill(OutageSettings, tables.get("outage", {}), where="[outage]", problems=problems)
    simulation = fill(SimulationTable, tables["simulation"], where="[simulation]", problems=problems) if "simulation" in tables else None
    supply = fill(SupplyTable, tables["supply"], where="[supply]", problems=problems) if "supply" in tables else None
    transformer = fill(Transformer, tables["transformer"], where="[transformer]", problems=problems) if "transformer" in tables else None
    detectors = _detectors(tables.get("detect", {}), problems)
    waveform_detectors = {name: detectors.pop(name) for name in detect.find_waveform_detectors() if name in detectors}
    if agent is not None:
        _check_state_dir(Path(agent.state_dir), problems)
    profiles = _profiles(agent, base, problems)
    buses = read_buses(tables.get("bus", []), problems)
    files = fill(ArchiveTable, tables.get("archive", {}), where="[archive]", problems=problems) or ArchiveTable()
    listed = _archive_file(base / files.file, problems) if files.file else ArchiveFile()
    entries = with_archive(meter_entries(tables.get("meter", []), problems), listed, problems)
    meters = read_meters(entries, {bus.name: bus for bus in buses}, profiles, schedule, problems)
    units = read_waveforms(tables.get("waveform", []), [entry.meter for entry in meters], problems)
    if problems or agent is None or mqtt is None or acquire is None or cco is None or journal is None or events is None or outage is None:
        return None
    archive = Archive(
        agent.area, tuple(entry.meter for entry in meters), version=listed.version, transformer=transformer, sites=listed.sites
    )
    return Config(
        agent=agent, mqtt=mqtt, archive=archive, buses=tuple(buses), meters=tuple(meters), acquire=acquire, journal=journal,
        events=events, outage=outage, detectors=detectors, simulation=simulation, supply=supply, cco=cco,
        waveform_detectors=waveform_detectors, units=units, work_file=base / files.work if files.work else None,
        standing_tickets=listed.standing_tickets,
    )


def _archive_file(path: Path, problems: list[str]) -> ArchiveFile:
    try:
        return read_archive_file(path, problems)
    except ConfigError as exc:
        problems += exc.problems
        return ArchiveFile()


def _detectors(table: object, problems: list[str]) -> dict[str, Any]:
    found: dict[str, detect.DetectorType | detect.WaveformDetectorType] = {**detect.find_detectors(), **detect.find_waveform_detectors()}
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
