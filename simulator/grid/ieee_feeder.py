"""Reads the IEEE European Low Voltage Test Feeder from CSV: three conductors, the neutral folded into the zero sequence."""

from __future__ import annotations

import csv
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.grid.checks import check_network
from simulator.grid.json_network import read_json
from simulator.grid.network import EARTH, PHASES, Branch, Load, Network, Shunt, Source, Transformer


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeder:
    """``p_kw``, ``q_kvar``: shape (n_loads, n_minutes), what the loads of ``network`` draw at their nominal voltage."""

    network: Network
    p_kw: npt.NDArray[np.float64]
    q_kvar: npt.NDArray[np.float64]


def read_feeder(directory: Path, *, zip_shares: tuple[float, float, float] = (0.0, 0.0, 1.0), scale: float = 1.0) -> Feeder:
    """``scale`` multiplies all loads. Raises ConfigError for files that are missing or wrong."""
    given = read_json(directory / "source.json")
    try:
        source, transformer = given["source"], given["transformer"]
        rows = _rows(directory / "loads.csv")
        if not rows:
            raise ConfigError([f"{directory / 'loads.csv'}: no loads"])
        table = read_arrays(directory / "load_profiles.npz")["profiles_1min_kw"]
        p_kw = scale * np.array([float(row["kw"]) * _shape(table, row["profile"]) for row in rows])
        if not np.isfinite(p_kw).all():
            raise ConfigError([f"{directory}: a load or its profile is no finite number"])
        tangents = np.array([_tangent(row) for row in rows])
        network = Network(
            name="ieee_european_lv",
            source=Source(
                kv=source["kv_ll"], pu=source["pu"], angle_deg=source["angle_deg"], z1_ohm=complex(*source["z1_ohm"]),
                z0_ohm=complex(*source["z0_ohm"]),
            ),
            transformer=Transformer(
                kva=transformer["kva"], kv_hv=transformer["kv_hv"], kv_lv=transformer["kv_lv"],
                r_percent=transformer["r_percent_total"], x_percent=transformer["x_percent"],
                vector_group=str(transformer["vector_group"]).split()[0],  # type: ignore[arg-type]
                lv_bus=str(transformer["bus_lv"]),
            ),
            branches=tuple(_branch(row) for row in _rows(directory / "lines.csv")),
            shunts=(Shunt(id="star-point", bus=str(transformer["bus_lv"]), conductor="N", ohm=0.0),),
            loads=tuple(
                Load(
                    id=row["load"], bus=row["bus"], phase=row["phase"], p_kw=float(row["kw"]), q_kvar=float(row["kw"]) * tangent,
                    v_nom=1000.0 * float(row["kv_ln"]), zip=zip_shares, to=EARTH,
                )
                for row, tangent in zip(rows, tangents.tolist(), strict=True)
            ),
        )
    except (KeyError, TypeError, ValueError, IndexError, OSError) as exc:
        raise ConfigError([f"{directory}: not a feeder of this layout ({type(exc).__name__}: {exc})"]) from exc
    check_network(network)
    return Feeder(network=network, p_kw=p_kw, q_kvar=p_kw * tangents[:, None])


def _branch(row: dict[str, Any]) -> Branch:
    z1, z0 = complex(float(row["r1_ohm"]), float(row["x1_ohm"])), complex(float(row["r0_ohm"]), float(row["x0_ohm"]))
    return Branch(
        id=row["line"], from_bus=row["bus_from"], to_bus=row["bus_to"], conductors=PHASES, z_ohm=of_sequence(z1, z0),
        length_m=float(row["length_m"]), type=row["linecode"],
    )


def of_sequence(z1: complex, z0: complex) -> npt.NDArray[np.complex128]:
    """The symmetric phase matrix of positive- and zero-sequence impedances."""
    matrix: npt.NDArray[np.complex128] = np.full((3, 3), (z0 - z1) / 3) + z1 * np.eye(3)
    return matrix


def read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Every array of an .npz file. Raises ConfigError for anything else."""
    try:
        with np.load(path) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as exc:
        raise ConfigError([f"{path}: no arrays can be read ({type(exc).__name__})"]) from exc


def _shape(table: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    number = int(name.rpartition("_")[2])
    if not 1 <= number <= table.shape[1]:
        raise ConfigError([f"loads.csv: there is no profile {name}; 1 to {table.shape[1]} are possible"])
    column: npt.NDArray[Any] = table[:, number - 1]
    return column


def _tangent(row: dict[str, str]) -> float:
    factor = float(row["pf"])
    if not 0.05 <= factor <= 1.0:
        raise ConfigError([f"loads.csv: load {row['load']}: power factor {factor:g}; 0.05 to 1 is possible"])
    return math.tan(math.acos(factor))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
