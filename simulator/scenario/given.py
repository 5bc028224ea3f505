"""What a scenario file may say: tables, numbers with their limits, lists of names. Everything that is wrong is one line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from edge_agent.errors import ConfigError
from simulator.grid.areas import FEWEST_METERS, MOST_METERS, STYLES

LARGEST_SEED = 2**63 - 1
CONSUMERS = ("ev_ac", "ev_dc", "e_bikes", "tobacco_barn", "irrigation", "workshop", "solar", "none")
_TABLES = {"description", "seed", "area", "time", "homes", "consumer", "change"}
_LONGEST_H = 24.0 * 366
_MOST_KW = 500.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Number:
    default: float
    least: float
    most: float
    is_whole: bool = False


_NUMBERS: dict[str, dict[str, _Number]] = {
    "area": {"meters": _Number(default=100, least=FEWEST_METERS, most=MOST_METERS, is_whole=True)},
    "time": {
        "day": _Number(default=100, least=0, most=365, is_whole=True), "begin_hour": _Number(default=0.0, least=0.0, most=23.999),
        "hours": _Number(default=6.0, least=0.05, most=_LONGEST_H), "step_s": _Number(default=10.0, least=0.1, most=900.0),
        "poll_s": _Number(default=60.0, least=1.0, most=86_400.0),        # the loop ticks each second
    },
    "homes": {
        "electric_heating": _Number(default=0.15, least=0.0, most=1.0), "shift_c": _Number(default=0.0, least=-40.0, most=40.0),
        "vacant": _Number(default=0.0, least=0.0, most=1.0),
    },
}
_WORDS = {"area": {"style": "urban_cable"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file's content, complete and within its limits but for changes, which need the area. Tables by name, then key."""

    description: str
    seed: int
    tables: Mapping[str, Mapping[str, Any]]
    consumers: tuple[Mapping[str, Any], ...]
    changes: tuple[Mapping[str, Any], ...]


def read_given(content: Mapping[str, Any]) -> Given:
    """Raises ConfigError with a line for each problem."""
    problems = [f"unknown key {key}; possible are {', '.join(sorted(_TABLES))}" for key in sorted(set(content) - _TABLES)]
    seed, description = content.get("seed", 1), content.get("description", "")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
        problems.append(f"seed {seed!r}: a whole number from 0 to {LARGEST_SEED} is needed")
    if not isinstance(description, str):
        problems.append(f"description {description!r}: a text is needed")
    tables = {name: _table(name, content.get(name, {}), problems) for name in _NUMBERS}
    lists = {name: _list_of_tables(name, content.get(name, []), problems) for name in ("consumer", "change")}
    if not problems and 3600.0 * tables["time"]["hours"] < tables["time"]["step_s"]:
        problems.append("time: hours is less than one step_s")
    if problems:
        raise ConfigError(problems)
    return Given(description=description, seed=seed, tables=tables, consumers=lists["consumer"], changes=lists["change"])


def check_consumers(given: Collection[Mapping[str, Any]], meters: Collection[str]) -> None:
    """Raises ConfigError: kinds, meters and numbers that are none, or a meter with two consumers."""
    problems: list[str] = []
    taken: set[str] = set()
    for entry in given:
        kind = entry.get("kind")
        if kind not in CONSUMERS or set(entry) - {"kind", "meters", "kw", "hour"}:
            problems.append(f"consumer {kind!r}: kind (one of {', '.join(CONSUMERS)}), meters, kw and hour are possible")
            continue
        for key, most in (("kw", _MOST_KW), ("hour", 24.0)):
            value = entry.get(key, 1.0)
            if not is_number(value) or not 0.0 <= value <= most or (key == "kw" and value == 0.0):
                problems.append(f"consumer {kind}: {key} = {value!r}; a number up to {most:g} is needed")
        for name in names_of(entry, "meters", f"consumer {kind}: ", problems):
            if name not in meters:
                problems.append(f"consumer {kind}: no meter {name}")
            elif name in taken:
                problems.append(f"consumer {kind}: meter {name} has a consumer already")
            taken.add(name)
    if problems:
        raise ConfigError(problems)


def names_of(entry: Mapping[str, Any], key: str, place: str, problems: list[str]) -> tuple[str, ...]:
    """A list of names; anything else is a problem and gives none."""
    found = entry.get(key, [])
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        problems.append(f"{place}{key} = {found!r}; a list of names is needed")
        return ()
    return tuple(found)


def is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _table(name: str, given: Any, problems: list[str]) -> dict[str, Any]:
    numbers, words = _NUMBERS[name], _WORDS.get(name, {})
    found: dict[str, Any] = {key: number.default for key, number in numbers.items()} | words
    if not isinstance(given, dict):
        problems.append(f"{name}: must be a table")
        return found
    if unknown := set(given) - set(found):
        problems.append(f"{name}: unknown key {', '.join(sorted(unknown))}; possible are {', '.join(found)}")
    for key, value in given.items():
        if key in numbers:
            problems += _of_number(f"{name}.{key}", value, numbers[key])
        elif key in words and value not in tuple(STYLES):
            problems.append(f"{name}.{key} = {value!r}: one of {', '.join(STYLES)} is possible")
    return found | given


def _of_number(place: str, value: object, wanted: _Number) -> list[str]:
    if isinstance(value, bool) or not isinstance(value, int if wanted.is_whole else int | float):
        return [f"{place} = {value!r}: a {'whole ' if wanted.is_whole else ''}number is needed"]
    assert isinstance(value, int | float)
    return [] if wanted.least <= value <= wanted.most else [f"{place} = {value}: {wanted.least:g} to {wanted.most:g} are possible"]


def _list_of_tables(name: str, given: Any, problems: list[str]) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        problems.append(f"{name}: must be tables, each written as [[{name}]]")
        return ()
    return tuple(given)
