"""Reads a network and its cases from the JSON layout of the four-wire fault cases (``network.json``, ``cases.json``)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.checks import check_network
from simulator.grid.edits import Edit, make_load
from simulator.grid.network import Branch, Network, Shunt, Source, Transformer

_Thing = TypeVar("_Thing")
HV_LINK_OHM = 0.001 + 0.001j      # README of the set: of each phase between the source and the transformer


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One fault: its name, its class, and the edits that make it."""

    id: str
    type: str
    description: str
    edits: tuple[Edit, ...]


def read_network(path: Path) -> Network:
    """Raises ConfigError with one line for each problem of the file."""
    given = read_json(path)
    try:
        source, transformer = given["source"], given["transformer"]
        network = Network(
            name=str(given.get("name", path.parent.name)),
            f_hz=float(given.get("f_hz", 50.0)),
            source=Source(
                kv=float(source["kv"]), pu=float(source.get("pu", 1.0)), angle_deg=float(source.get("angle_deg", 0.0)),
                z1_ohm=complex(*source["z1"]), z0_ohm=complex(*source["z0"]), link_ohm=HV_LINK_OHM,
            ),
            transformer=Transformer(**_numbers(transformer, but=("vector_group", "lv_bus"))),
            branches=_each(given, "branches", _branch), shunts=_each(given, "shunts", _shunt), loads=_each(given, "loads", make_load),
        )
    except ConfigError as exc:
        raise ConfigError([f"{path}: {problem}" for problem in exc.problems]) from exc
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise ConfigError([f"{path}: a key is missing or has a wrong value ({type(exc).__name__}: {exc})"]) from exc
    check_network(network)
    return network


def read_cases(path: Path) -> list[Case]:
    """Raises ConfigError for anything that is no list of cases with names of their own."""
    given = read_json(path)
    if not isinstance(given, list) or not given:
        raise ConfigError([f"{path}: no list of cases"])
    cases: list[Case] = []
    for number, case in enumerate(given, 1):
        try:
            edits = case["edits"]
            if not isinstance(edits, list):
                raise TypeError("edits is no list")
            cases.append(Case(id=str(case["id"]), type=str(case["type"]), description=str(case.get("description", "")), edits=tuple(edits)))
        except (KeyError, TypeError, AttributeError) as exc:
            raise ConfigError([f"{path}: case {number} has no id, type or list of edits ({exc})"]) from exc
    names = [case.id for case in cases]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError([f"{path}: case {name}: twice" for name in twice])
    return cases


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError([f"{path}: cannot be read ({exc.strerror})"]) from exc
    except ValueError as exc:
        raise ConfigError([f"{path}: no JSON ({exc})"]) from exc


def _numbers(given: dict[str, Any], *, but: tuple[str, ...]) -> dict[str, Any]:
    return {key: value if key in but else float(value) for key, value in given.items()}


def _each(given: dict[str, Any], key: str, make: Callable[[Any], _Thing]) -> tuple[_Thing, ...]:
    entries = given["branches"] if key == "branches" else given.get(key, [])
    if not isinstance(entries, list):
        raise ConfigError([f"{key} must be a list"])
    found = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(make(entry))
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            name = f" ({entry['id']})" if isinstance(entry, dict) and "id" in entry else ""
            problem = f"a key is missing or has a wrong value ({type(exc).__name__}: {exc})"
            raise ConfigError([f"{key} number {number}{name}: {problem}"]) from exc
    return tuple(found)


def _branch(given: dict[str, Any]) -> Branch:
    if not isinstance(given.get("id"), str | int):
        raise ConfigError([f"branch from {given.get('from')!r} to {given.get('to')!r}: has no id"])
    name = str(given["id"])
    if "R" not in given or "X" not in given:
        raise ConfigError([f"branch {name}: matrix R or X is missing"])
    try:
        r_ohm, x_ohm = (np.asarray(given[part], dtype=float) for part in "RX")
        z_ohm = np.zeros(r_ohm.shape, dtype=np.complex128)
        z_ohm.real, z_ohm.imag = r_ohm, x_ohm
    except (TypeError, ValueError) as exc:
        raise ConfigError([f"branch {name}: R and X must be matrices of numbers of the same size"]) from exc
    return Branch(
        id=name, from_bus=str(given["from"]), to_bus=str(given["to"]), conductors=tuple(given["conductors"]), z_ohm=z_ohm,
        length_m=float(given.get("length_m", 0.0)), type=str(given.get("type", "")),
    )


def _shunt(given: dict[str, Any]) -> Shunt:
    if given.get("to", "earth") != "earth":
        raise ConfigError([f"shunt {given.get('id', '?')}: goes to {given['to']!r}; only earth is possible"])
    return Shunt(id=str(given["id"]), bus=str(given["bus"]), conductor=given["conductor"], ohm=float(given["ohm"]))
