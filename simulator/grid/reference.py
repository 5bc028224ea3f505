"""Reads reference solutions: rows of CSV with numbers that are numbers, and arrays of series by the name of their load."""

from __future__ import annotations

import csv
import gzip
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.ieee_feeder import read_arrays
from simulator.grid.load_law import Real

Rows = list[dict[str, str]]
_VARIANT = re.compile(r"(?:constant_(?P<one>pq|i|z)|zip_(?P<z>\d)(?P<i>\d)(?P<p>\d))(?:_x(?P<scale>\d+(?:\.\d+)?))?")
_ONE = {"z": (1.0, 0.0, 0.0), "i": (0.0, 1.0, 0.0), "pq": (0.0, 0.0, 1.0)}


def variant_law(name: str) -> tuple[tuple[float, float, float], float] | None:
    """Shares of constant impedance, current and power and the factor on all loads; None for a name that says no such law.

    ``constant_pq``, ``constant_i``, ``constant_z``, ``zip_433`` (tenths), each also with ``_x3`` (three times the load).
    """
    found = _VARIANT.fullmatch(name)
    if found is None:
        return None
    shares = _ONE[found["one"]] if found["one"] else (int(found["z"]) / 10.0, int(found["i"]) / 10.0, int(found["p"]) / 10.0)
    return (shares, float(found["scale"] or 1.0)) if abs(sum(shares) - 1.0) < 1e-9 else None


def read_rows(path: Path, columns: Sequence[str]) -> Rows | None:
    """Rows of a CSV file (also .gz) with at least these columns; None where there is no such file. Raises ConfigError."""
    if not path.exists():
        return None
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if missing := set(columns) - set(reader.fieldnames or ()):
                raise ConfigError([f"{path}: no column {', '.join(sorted(missing))}"])
            rows = list(reader)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as exc:
        raise ConfigError([f"{path}: cannot be read ({exc})"]) from exc
    if not rows:
        raise ConfigError([f"{path}: no rows"])
    return rows


def by_case(rows: Iterable[dict[str, str]]) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    for row in rows:
        found.setdefault(row["case"], []).append(row)
    return found


def number_of(path: Path, row: dict[str, str], column: str) -> float:
    """Raises ConfigError naming the row for what is no finite number."""
    try:
        number = float(row[column])
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        place = " ".join(str(value) for value in list(row.values())[:3])
        raise ConfigError([f"{path}: row {place}: {column} = {row[column]!r} is no number"])
    return number


class Series:
    """Arrays of ``series_NAME.npz``, cut to the loads that a network has. Raises ConfigError for holes and other shapes."""

    def __init__(self, path: Path, loads: Sequence[str], minutes: int) -> None:
        self._path, self._arrays, self._minutes = path, read_arrays(path), minutes
        place = {name.casefold(): number for number, name in enumerate(loads)}
        names = [str(name).casefold() for name in self._arrays.get("load", loads)]
        unknown = [name for name in names if name not in place]
        if unknown and not (len(unknown) == len(names) == len(loads)):
            raise ConfigError([f"{path}: the feeder has no load {unknown[0]}"])
        # loads that were all given other names than in the reference go by their order
        self.places = list(range(len(loads))) if unknown else [place[name] for name in names]

    def array(self, name: str, columns: int) -> Real | None:
        """Shape (minutes, columns), None where the file does not have it."""
        if name not in self._arrays:
            return None
        found: Any = self._arrays[name]
        if found.shape != (self._minutes, columns) or found.dtype.kind not in "fiu":
            raise ConfigError([f"{self._path}: {name} is of shape {found.shape}; numbers of shape {(self._minutes, columns)} are needed"])
        if not np.isfinite(found).all():
            raise ConfigError([f"{self._path}: {name} has a number that is not finite"])
        numbers: Real = found.astype(float)
        return numbers
