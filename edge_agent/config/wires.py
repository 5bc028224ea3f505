"""Buses and meters of the configuration: names, wires, addresses and profiles must fit each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from edge_agent.acquire.cco.settings import GDW10376_2
from edge_agent.acquire.cco.speeds import speed_problem
from edge_agent.acquire.protocols import wire_protocol
from edge_agent.config.tables import BusTable, MeterConfig, MeterTable, ScheduleTable
from edge_agent.errors import ConfigError
from edge_agent.model import Meter, Role
from edge_agent.strict_table import fill
from edge_agent.transport import create_link
from firmware_profiles.schema import MODBUS, Profile


def read_buses(entries: object, problems: list[str]) -> list[BusTable]:
    """The ``[[bus]]`` tables that are good; every problem of the others in one line."""
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
        else:
            if bus.protocol == GDW10376_2 and (problem := speed_problem(bus.url)):
                problems.append(f"{where}: {problem}")
        buses.append(bus)
    if not buses and not problems:
        problems.append("no [[bus]]: name at least one way to the meters")
    return buses


def meter_entries(entries: object, problems: list[str]) -> list[tuple[str, Any]]:
    """Each of the ``[[meter]]`` tables, with what it is called in messages."""
    return [(_where("meter", number, entry, "id"), entry) for number, entry in enumerate(_entries(entries, "meter", problems), start=1)]


def read_meter_tables(entries: Iterable[tuple[str, Any]], problems: list[str]) -> list[tuple[str, MeterTable]]:
    """Those that are good in themselves; every problem of the others, and meters at one id or address, in one line each."""
    tables: list[tuple[str, MeterTable]] = []
    ids: dict[object, str] = {}
    addresses: dict[tuple[object, object], str] = {}
    for where, entry in entries:
        if isinstance(entry, Mapping):          # before the rest is checked: a slip in one key must not hide that a meter is there twice
            problems += [f"{where}: {problem}" for problem in _twice(entry, where, ids, addresses)]
        table = fill(MeterTable, entry, where=where, problems=problems)
        if table is not None:
            tables.append((where, table))
    return tables


def _twice(
    entry: Mapping[str, Any], where: str, ids: dict[object, str], addresses: dict[tuple[object, object], str]
) -> Iterator[str]:
    name, bus, unit = (entry.get(key) for key in ("id", "bus", "unit"))
    reached_by = entry.get("address") or unit
    if isinstance(name, str) and ids.setdefault(name, where) != where:
        yield f"id {name!r} is also {ids[name]}; ids must differ"
    is_reachable = isinstance(bus, str) and isinstance(reached_by, str | int) and bool(bus and reached_by)
    if is_reachable and addresses.setdefault((bus, reached_by), where) != where:
        named = f"address {reached_by}" if entry.get("address") else f"unit {unit}"
        yield f"bus {bus!r} {named} is also {addresses[bus, reached_by]}; two meters at one address"


def read_meters(
    entries: Iterable[tuple[str, Any]], buses: Mapping[str, BusTable], profiles: Mapping[str, Profile], schedule: ScheduleTable,
    problems: list[str],
) -> list[MeterConfig]:
    """The meters that are good; every problem of the others, and of the buses with them, in one line."""
    meters: list[MeterConfig] = []
    for where, table in read_meter_tables(entries, problems):
        if table.bus not in buses:
            problems.append(f"{where}: bus {table.bus!r} does not exist; known: {', '.join(sorted(buses)) or 'none'}")
        profile = profiles.get(table.profile)
        if profile is None:
            if profiles:
                problems.append(f"{where}: profile {table.profile!r} does not exist; see: hplc-edge profiles list")
            continue
        problems += [f"{where}: {problem}" for problem in (*_address_problems(table, profile), *_phase_problems(table, profile))]
        has_coordinator = table.bus in buses and buses[table.bus].protocol == GDW10376_2
        meters.append(_resolve(table, profile, schedule, index=len(meters), has_coordinator=has_coordinator))
    problems += _mixed_protocols(buses, meters)
    if not meters and not problems:
        problems.append("no [[meter]]: name at least one meter, here or in the file of [archive]")
    return meters


def _address_problems(table: MeterTable, profile: Profile) -> list[str]:
    """The way a meter is addressed is that of its protocol."""
    if wire_protocol(profile) == MODBUS:
        missing, extra = ("unit", "address") if table.unit is None else ("", "address")
        is_extra = table.address is not None
    else:
        missing, extra = ("address", "unit") if table.address is None else ("", "unit")
        is_extra = table.unit is not None
    found = [f"missing key {missing!r}; profile {profile.name} speaks {profile.protocol}"] if missing else []
    return found + ([f"{extra} is not for profile {profile.name}, which speaks {profile.protocol}; leave it out"] if is_extra else [])


def _phase_problems(table: MeterTable, profile: Profile) -> list[str]:
    found, phases = [], table.phases or profile.phases
    if not set(phases) <= set(profile.phases):
        found.append(f"phases = {phases!r}: profile {profile.name} has {profile.phases!r}")
    if table.grid_phases and len(table.grid_phases) != len(phases):
        found.append(f"grid_phases = {table.grid_phases!r}: one letter for each of the phases {phases!r} of the meter")
    return found


def _mixed_protocols(buses: Mapping[str, BusTable], meters: list[MeterConfig]) -> list[str]:
    problems = []
    for name, bus in buses.items():
        spoken = {wire_protocol(entry.profile): entry.meter.id for entry in meters if entry.meter.bus == name}
        said = bus.meter_protocol or next(iter(spoken), MODBUS)
        named = bus.protocol or said
        for protocol, meter in spoken.items():
            if protocol != said:
                problems.append(
                    f"[[bus]] {name!r}: meter {meter} speaks {protocol}, the bus {named}; one bus speaks one protocol: move it to another"
                )
    return problems


def _resolve(table: MeterTable, profile: Profile, schedule: ScheduleTable, *, index: int, has_coordinator: bool) -> MeterConfig:
    """Behind a coordinator the short read is off unless the meter asks for it: a network of hundreds has no room for it."""
    meter = Meter(
        id=table.id, index=index, profile=profile.name, bus=table.bus, role=Role(table.role), node=table.node,
        phases=table.phases or profile.phases, nominal_voltage_v=table.nominal_voltage_v,
        rated_current_a=table.rated_current_a if table.rated_current_a is not None else profile.max_current_a,
        grid_phases=table.grid_phases, tags=tuple(dict.fromkeys(table.tags)),
    )
    by_default_s = None if has_coordinator else schedule.presence_s
    presence_s = table.presence_s if table.presence_s is not None else by_default_s
    return MeterConfig(
        meter=meter, profile=profile, unit=table.unit or 0, address=table.address or "", presence_s=presence_s or None,
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
