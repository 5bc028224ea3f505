"""Labelled series in the ``.ts`` format of the UCR/UEA archive (sktime): one case a line, ``1.5,2,?:label``; packed as ``.ts.gz`` too."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.scoring.score_set import read_bytes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TsFile:
    """``series``: one array of float64 per case, NaN where the file has ``?``; ``lines``: where each stands.

    ``sha256`` is of the unpacked file.
    """

    path: Path
    sha256: str
    series: tuple[npt.NDArray[np.float64], ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.path.name.split(".ts")[0]


def read_ts(path: Path) -> TsFile:
    """Raises ConfigError: the first thing that is wrong, with its line."""
    raw = read_bytes(path)
    series, labels, places = [], [], []
    begun = False
    for number, text in enumerate(raw.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        line = text.strip()
        if not line or line.startswith("#"):
            continue
        if not begun:
            begun = _header(path, number, line)
            continue
        values, colon, label = line.rpartition(":")
        if not colon or not label.strip() or ":" in values:
            raise ConfigError([f"{path}: line {number}: expected one series and its class, as in 1.5,2.5:class"])
        try:
            case = np.array([np.nan if field.strip() in ("?", "NaN") else float(field) for field in values.split(",")])
        except ValueError as exc:
            raise ConfigError([f"{path}: line {number}: {exc}"]) from exc
        if np.isinf(case).any() or np.isnan(case).all():
            raise ConfigError([f"{path}: line {number}: an infinite value, or no value at all"])
        series.append(case)
        labels.append(label.strip())
        places.append(number)
    if not series:
        raise ConfigError([f"{path}: has no cases after a line @data"])
    return TsFile(
        path=path, sha256=hashlib.sha256(raw).hexdigest(), series=tuple(series), labels=tuple(labels), lines=tuple(places)
    )


def ts_files(directory: Path) -> list[TsFile]:
    """All of a folder, by name. Raises ConfigError: none, or a damaged one."""
    paths = sorted([*directory.glob("*.ts"), *directory.glob("*.ts.gz")])
    if not paths:
        raise ConfigError([f"{directory}: has no file *.ts; the README of the set names its files"])
    return [read_ts(path) for path in paths]


def _header(path: Path, number: int, line: str) -> bool:
    """Whether the cases begin after this line."""
    words = line.lower().split()
    if not words[0].startswith("@"):
        raise ConfigError([f"{path}: line {number}: cases before a line @data"])
    if words[0] == "@univariate" and words[1:2] == ["false"]:
        raise ConfigError([f"{path}: line {number}: has several series a case; one is expected"])
    return words[0] == "@data"
