"""HPLC modules as data: timers, retries, what a dying module and those around it do. One file per family in ``modules/``.

Every value of a file carries its mark in a comment beside it; what the marks mean is in the head of each file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from firmware_profiles.loader import ProfileError
from firmware_profiles.strict_toml import Table

MODULES = Path(__file__).parent / "modules"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHORTEST_SOURCE = 10       # "see manual" names nothing
_LONGEST_S = 86_400.0       # no timer of a module is longer than a day
_MOST_TRIES = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTimers:
    """How a module joins and keeps its network. ``send_limit``: transmissions of one unicast frame on one hop."""

    boot_s: float
    association_spread_s: float
    association_timeout_s: float
    refused_wait_s: float
    gather_s: float
    send_limit: int
    proxy_failures: int
    beacon_silence_route_periods: int
    dead_proxy_route_periods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DyingModule:
    """A module whose supply is gone: from the check to the last repeat."""

    check_s: float
    report_delay_s: float
    first_send_least_s: float
    first_send_most_s: float
    repeat_s: float
    sends: int
    merges_others: bool
    resend_within_s: float
    transmit_gain_db: float
    hold_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRelay:
    """A module with supply that heard reports: gathers, then unicast to the CCO until acknowledged."""

    gather_s: float
    gather_random_s: float
    retry_s: float
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageCoordinator:
    """The CCO: gathers, reports what is new, forgets."""

    gather_s: float
    memory_s: float
    power_back_memory_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerBack:
    """A module with supply again: after so long online it waits, then unicast until acknowledged."""

    online_s: float
    wait_s: float
    wait_per_level_s: float
    wait_random_s: float
    retry_s: float
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleProfile:
    """One family of modules. Times in seconds of the module's own clock."""

    name: str
    family: str
    firmware: str
    source: str
    notes: str
    network: NetworkTimers
    dying: DyingModule
    relay: OutageRelay
    coordinator: OutageCoordinator
    power_back: PowerBack


_PARTS: dict[str, type] = {
    "network": NetworkTimers, "dying": DyingModule, "relay": OutageRelay, "coordinator": OutageCoordinator, "power_back": PowerBack,
}
_TEXTS = ("module", "family", "firmware", "source")


def load_module(path: Path) -> ModuleProfile:
    """Read one file.

    Raises:
        ProfileError: every problem, each line beginning with the file and the table.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ProfileError([f"{path}: cannot be read: {exc.strerror}; give the path of a module file"]) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ProfileError([f"{path}: is not valid TOML: {exc}; mend this line first"]) from exc
    problems: list[str] = []
    top = Table(table, str(path), problems)
    top.refuse_unknown({*_TEXTS, "notes", *_PARTS})
    name, family, firmware, source = (str(top.take(key, str) or "") for key in _TEXTS)
    if name and not _NAME.fullmatch(name):
        top.wrong(f"module = {name!r} is no name; write small letters, digits and single hyphens")
    if source and len(source) < _SHORTEST_SOURCE:
        top.wrong(f"source = {source!r} names no document; say which one")
    parts = {key: _part(kind, Table.of(top.table.get(key, {}), f"{path}: {key}", problems)) for key, kind in _PARTS.items()}
    if not problems:
        _check_order(parts["dying"], path, problems)
    if problems:
        raise ProfileError(problems)
    return ModuleProfile(name=name, family=family, firmware=firmware, source=source, notes=str(top.take("notes", str, "")), **parts)


def load_modules(directories: Iterable[Path] = ()) -> dict[str, ModuleProfile]:
    """All shipped module families and those of ``directories``, by name.

    Raises:
        ProfileError: problems of all files, and names that two files claim.
    """
    found: dict[str, ModuleProfile] = {}
    problems: list[str] = []
    for directory in (MODULES, *directories):
        for path in sorted(directory.glob("*.toml")):
            try:
                profile = load_module(path)
            except ProfileError as exc:
                problems += exc.problems
                continue
            if profile.name in found:
                problems.append(f"{path}: module {profile.name!r} is in another file, too; choose another name")
            found[profile.name] = profile
    if problems:
        raise ProfileError(problems)
    return found


def _part(kind: type, table: Table) -> Any:
    named = {field.name: field.type for field in fields(kind)}
    table.refuse_unknown(named)
    values: dict[str, object] = {}
    for key, of in named.items():
        if of == "bool":
            values[key] = bool(table.take(key, bool))
        elif of == "int":
            values[key] = table.integer(key, 1, 1, _MOST_TRIES) if key in table.table else table.take(key, int)
        else:
            values[key] = table.number(key, 0.0, 0.0, _LONGEST_S) if key in table.table else table.take(key, (int, float))
    return kind(**values)


def _check_order(dying: DyingModule, path: Path, problems: list[str]) -> None:
    if dying.first_send_most_s < dying.first_send_least_s:
        problems.append(f"{path}: dying: first_send_most_s is less than first_send_least_s; exchange them")
    if dying.sends > 1 and dying.repeat_s <= 0.0:
        problems.append(f"{path}: dying: repeat_s = {dying.repeat_s}: repeats need a time between them")
