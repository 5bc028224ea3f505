"""What a module under ``scoring/sets`` exposes as ``SCORE``, and how its files are read."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.cli.rows import Row

Say = Callable[[float], None]       # told the share that is done


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSet:
    """``score(directory, say)`` runs the shipped detectors with shipped settings on a folder of the set's layout.

    Raises:
        ConfigError: what is missing or damaged, one line for each problem, with the file.
    """

    name: str
    summary: str
    score: Callable[[Path, Say], list[Row]]


def read_bytes(path: Path) -> bytes:
    """The content, unpacked where it is ``.gz``. Raises ConfigError."""
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (OSError, EOFError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        raise ConfigError([f"{path}: cannot be read: {reason}; the README of the set names its files"]) from exc


def read_json(path: Path) -> dict[str, Any]:
    """Raises ConfigError."""
    try:
        found = json.loads(read_bytes(path))
    except ValueError as exc:
        raise ConfigError([f"{path}: is not JSON: {exc}"]) from exc
    if not isinstance(found, dict):
        raise ConfigError([f"{path}: expected an object"])
    return found


def read_numbers(path: Path, wanted: tuple[str, ...]) -> dict[str, npt.NDArray[np.float64]]:
    """Columns of a CSV file with a header line; blank is NaN, other columns are left out.

    Raises:
        ConfigError: a column is missing, a line has another number of fields, something is no number; with the line.
    """
    lines = read_bytes(path).decode("utf-8-sig", errors="replace").splitlines()
    header = [name.strip() for name in lines[0].split(",")] if lines else []
    missing = [name for name in wanted if name not in header]
    if missing:
        raise ConfigError([f"{path}: has no column {', '.join(missing)}; it has {', '.join(header[:12]) or 'no header line'}"])
    places = [header.index(name) for name in wanted]
    values = np.empty((len(lines) - 1, len(wanted)))
    for number, line in enumerate(lines[1:]):
        fields = line.split(",")
        try:
            values[number] = [float(fields[place]) if fields[place].strip() else np.nan for place in places]
        except (ValueError, IndexError) as exc:
            raise ConfigError([f"{path}: line {number + 2}: {exc}; expected {len(header)} fields with numbers"]) from exc
    return {name: np.ascontiguousarray(values[:, place]) for place, name in enumerate(wanted)}


def sha256_of(path: Path) -> str:
    """To tell whether a file is one that parameters were trained on."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
