"""What is recalled or assumed about HPLC, from ``assumptions.toml``: each value has a unit, a mark and a source, and is read once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_suffix(".toml")
MARKS = ("M", "I", "X on M")      # recalled and unverified; inferred or chosen by us; calculated from recalled values
LABEL = "abstracted PHY, not calibrated against silicon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """``value``: one number, or several that belong together (a range, a set by band)."""

    name: str
    value: float | tuple[float, ...]
    unit: str
    mark: str
    source: str


def assumed(name: str) -> float:
    """The number of this name ("phy.preamble_us"). Raises KeyError for a name that is not in the file, TypeError for several numbers."""
    value = all_assumptions()[name].value
    if isinstance(value, tuple):
        raise TypeError(f"{name}: {len(value)} numbers, not one")
    return value


def assumed_row(name: str) -> tuple[float, ...]:
    """The numbers of this name. Raises KeyError for a name that is not in the file, TypeError for a single number."""
    value = all_assumptions()[name].value
    if not isinstance(value, tuple):
        raise TypeError(f"{name}: one number, not several")
    return value


@cache
def all_assumptions() -> dict[str, Assumption]:
    """Every assumption by its name: the tables of the file joined by dots. Raises ValueError for an entry without mark or source."""
    found: dict[str, Assumption] = {}
    _collect("", tomllib.loads(FILE.read_text(encoding="utf-8")), found)
    return found


def _collect(prefix: str, table: dict[str, object], found: dict[str, Assumption]) -> None:
    for key, entry in table.items():
        name = prefix + key
        assert isinstance(entry, dict)
        if "value" not in entry:
            _collect(name + ".", entry, found)
            continue
        if set(entry) != {"value", "unit", "mark", "source"} or entry["mark"] not in MARKS or not entry["source"]:
            raise ValueError(f"{FILE.name}: {name} needs value, unit, mark ({', '.join(MARKS)}) and source")
        value = entry["value"]
        found[name] = Assumption(
            name=name, value=tuple(map(float, value)) if isinstance(value, list) else float(value), unit=str(entry["unit"]),
            mark=entry["mark"], source=str(entry["source"]),
        )
