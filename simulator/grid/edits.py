"""A fault is an edit of the network: these six, whatever the fault is called. Each gives a new network.

``open`` cuts conductors of a branch (all, where none are named), ``series_r`` puts a joint into one, ``shunt_r`` leaks to earth,
``add_load`` taps, ``set_load`` and ``scale_loads`` change what is drawn, ``hv_open`` opens a phase on the high-voltage side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.checks import check_attached
from simulator.grid.network import CONDUCTORS, PHASES, Branch, Load, Network, Shunt

Edit = Mapping[str, Any]
_LARGEST = 1e12                  # what is beyond it is a slip, and does not fit what computes with it
_LOAD_FIELDS = {found.name for found in fields(Load)}


def apply_edits(network: Network, edits: Iterable[Edit]) -> Network:
    """Raises ConfigError naming the first edit that cannot be made."""
    for number, edit in enumerate(edits, 1):
        if not isinstance(edit, Mapping):
            raise ConfigError([f"edit {number}: {edit!r} is no table with an op"])
        operation = edit.get("op")
        make = _OPERATIONS.get(str(operation))
        if make is None:
            raise ConfigError([f"edit {number}: no operation {operation!r}; one of {', '.join(_OPERATIONS)}"])
        if unknown := set(edit) - _KEYS[str(operation)]:
            raise ConfigError([f"edit {number} ({operation}): unknown key {', '.join(sorted(unknown))}"])
        try:
            network = make(network, {key: value for key, value in edit.items() if key != "op"})
            check_attached(network)
        except ConfigError as exc:
            raise ConfigError([f"edit {number} ({operation}): {problem}" for problem in exc.problems]) from exc
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ConfigError([f"edit {number} ({operation}): wrong or missing value ({exc})"]) from exc
    return network


def _open(network: Network, edit: Edit) -> Network:
    def opened(branch: Branch) -> Branch:
        cut = frozenset(edit.get("conductors", branch.conductors))
        if not cut:
            raise ConfigError(["conductors is empty: nothing would be cut"])
        _check_conductors(branch, cut)
        return replace(branch, opened=branch.opened | cut)

    return _with_branch(network, edit["branch"], opened)


def _series_r(network: Network, edit: Edit) -> Network:
    ohm, conductor = _positive(edit["ohm"]), edit["conductor"]

    def jointed(branch: Branch) -> Branch:
        _check_conductors(branch, {conductor})
        place = branch.conductors.index(conductor)
        z = branch.z_ohm.copy()
        z[place, place] += ohm
        return replace(branch, z_ohm=z)

    return _with_branch(network, edit["branch"], jointed)


def _shunt_r(network: Network, edit: Edit) -> Network:
    shunt = Shunt(id=str(edit["id"]), bus=edit["bus"], conductor=edit["conductor"], ohm=_positive(edit["ohm"]))
    if shunt.conductor not in network.buses.get(shunt.bus, ()):
        raise ConfigError([f"no conductor {shunt.conductor} at bus {shunt.bus}"])
    if any(other.id == shunt.id for other in network.shunts):
        raise ConfigError([f"a shunt {shunt.id} is there already"])
    return replace(network, shunts=(*network.shunts, shunt))


def _add_load(network: Network, edit: Edit) -> Network:
    load = make_load(edit["load"])
    if load.phase not in network.buses.get(load.bus, ()):
        raise ConfigError([f"load {load.id}: no conductor {load.phase} at bus {load.bus}"])
    if any(other.id == load.id for other in network.loads):
        raise ConfigError([f"a load {load.id} is there already"])
    return replace(network, loads=(*network.loads, load))


def _set_load(network: Network, edit: Edit) -> Network:
    if all(load.id != edit["load"] for load in network.loads):
        raise ConfigError([f"no load {edit['load']}"])
    if unknown := set(edit["set"]) - (_LOAD_FIELDS - {"id"}):
        raise ConfigError([f"a load has no {', '.join(sorted(unknown))} that could be set"])
    return replace(network, loads=tuple(
        make_load(asdict(load) | edit["set"]) if load.id == edit["load"] else load for load in network.loads
    ))


def _scale_loads(network: Network, edit: Edit) -> Network:
    factor = float(edit["factor"])
    if not (np.isfinite(factor) and factor >= 0):
        raise ConfigError([f"factor {factor:g}: 0 or more is possible"])
    return replace(network, loads=tuple(
        replace(load, p_kw=load.p_kw * factor, q_kvar=load.q_kvar * factor) for load in network.loads
    ))


def _hv_open(network: Network, edit: Edit) -> Network:
    if edit["conductor"] not in PHASES:
        raise ConfigError([f"{edit['conductor']!r} is no phase"])
    return replace(network, hv_opened=network.hv_opened | {edit["conductor"]})


_OPERATIONS: dict[str, Callable[[Network, Edit], Network]] = {
    "open": _open, "series_r": _series_r, "shunt_r": _shunt_r, "add_load": _add_load, "set_load": _set_load, "scale_loads": _scale_loads,
    "hv_open": _hv_open,
}

_KEYS = {
    "open": {"op", "branch", "conductors"}, "series_r": {"op", "branch", "conductor", "ohm"},
    "shunt_r": {"op", "id", "bus", "conductor", "ohm"}, "add_load": {"op", "load"}, "set_load": {"op", "load", "set"},
    "scale_loads": {"op", "factor"}, "hv_open": {"op", "conductor"},
}


def make_load(given: Mapping[str, Any]) -> Load:
    """A load from the keys of a file. Raises ConfigError for keys that no load has and for numbers that are none."""
    name = given.get("id", "?")
    if unknown := set(given) - _LOAD_FIELDS:
        raise ConfigError([f"load {name}: unknown {', '.join(sorted(unknown))}"])
    numbers = {key: given[key] for key in ("p_kw", "q_kvar", "v_nom", "meter_gain") if key in given}
    shares = given.get("zip", (0.0, 0.0, 1.0))
    for key, value in (*numbers.items(), *(("zip", share) for share in shares)):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError([f"load {name}: {key} = {value!r} is no number"])
        if value > _LARGEST or value < -_LARGEST:
            raise ConfigError([f"load {name}: {key} = {value:.3g} is larger than anything real"])
    for key in ("id", "bus", "phase", "to"):
        if not isinstance(given.get(key, ""), str):
            raise ConfigError([f"load {name}: {key} = {given[key]!r} is no word"])
    return Load(**{**given, "zip": tuple(shares)})


def _with_branch(network: Network, name: str, change: Callable[[Branch], Branch]) -> Network:
    if all(branch.id != name for branch in network.branches):
        raise ConfigError([f"no branch {name}"])
    return replace(network, branches=tuple(change(branch) if branch.id == name else branch for branch in network.branches))


def _check_conductors(branch: Branch, wanted: Iterable[str]) -> None:
    missing = [conductor for conductor in wanted if conductor not in branch.conductors]
    if missing:
        raise ConfigError([f"branch {branch.id} has {', '.join(branch.conductors)}, not {', '.join(sorted(missing))}"])
    assert set(branch.conductors) <= set(CONDUCTORS)


def _positive(value: Any) -> float:
    ohm = float(value)
    if not (np.isfinite(ohm) and ohm > 0):
        raise ConfigError([f"{ohm:g} ohm: more than 0 is possible"])
    return ohm
