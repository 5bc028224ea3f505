"""A file of the set ``broadnet_arc``: six normalised features of a current window, the class, and whether there was an arc."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.scoring.score_set import read_bytes, read_numbers

FEATURES = ("variance", "stagnation_time", "integral", "mean_square", "fundamental", "third_harmonic")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BroadnetRows:
    """``features`` shape (n, 6), ``classes`` n names, ``arcs`` shape (n,)."""

    features: npt.NDArray[np.float64]
    classes: list[str]
    arcs: npt.NDArray[np.bool_]


def read_rows(path: Path) -> BroadnetRows:
    """Raises ConfigError: columns are missing, something is no number, an arc flag is neither 0 nor 1."""
    found = read_numbers(path, (*FEATURES, "arc"))
    lines = read_bytes(path).decode("utf-8-sig", errors="replace").splitlines()
    header = [name.strip() for name in lines[0].split(",")]
    if "class" not in header:
        raise ConfigError([f"{path}: has no column class"])
    place = header.index("class")
    features = np.stack([found[name] for name in FEATURES], axis=1)
    arcs = found["arc"]
    bad = np.flatnonzero(~(np.isfinite(features).all(axis=1) & np.isin(arcs, (0.0, 1.0))))
    if len(bad):
        raise ConfigError([f"{path}: line {bad[0] + 2}: expected six numbers and an arc flag of 0 or 1"])
    if len(arcs) == 0:
        raise ConfigError([f"{path}: has a header but no rows"])
    return BroadnetRows(features=features, classes=[line.split(",")[place].strip() for line in lines[1:]], arcs=arcs == 1.0)
