"""A formed network as one file, so that a study need not form it each time. Messages on their way are not in it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.hplc.network.coordinator import Coordinator
from simulator.hplc.network.network import Network
from simulator.hplc.network.stations import Stations

_FORMAT = 2
_STATIONS = ("home", "tei", "proxy", "level", "role", "sequence", "path_success", "joined_s", "beacon_s", "allowed_s", "first_heard_s",
             "asked_until_s", "refused_until_s", "has_mains")
_COORDINATOR = ("tei", "proxy", "level", "seen_s", "beacon_asked_s", "child_down", "child_up", "member_macs", "device")
_SCALARS = ("nid", "sequence", "removed", "last_change_s")


class StoreError(Exception):
    """The file cannot be read, or is of another network."""


def save_network(network: Network, path: Path) -> None:
    """Write topology, tables and link rates (.npz)."""
    columns: dict[str, Any] = {
        "format": _FORMAT, "now_s": network.now_s, "macs": network.stations.macs, "rate": network.counts.rate, "both": network.counts.both,
        "alive": network.csma.alive,
    }
    columns |= {f"station.{name}": getattr(network.stations, name) for name in _STATIONS}
    for owner in network.coordinators:
        columns |= {f"cco{owner.network}.{name}": getattr(owner, name) for name in (*_COORDINATOR, *_SCALARS)}
    with path.open("wb") as file:
        np.savez_compressed(file, **columns)


def load_network(network: Network, path: Path) -> None:
    """Put a network that has just been made (same nodes, same addresses, same CCOs) into the saved state; it goes on from there.

    Raises:
        StoreError: no such file, another format, other addresses or CCOs.
    """
    try:
        # opened here: numpy leaves a file open that turns out to be none of its own
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            saved = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as exc:
        raise StoreError(f"{path}: cannot be read as a saved network: {exc}") from exc
    _check(network, path, saved)
    for name in _STATIONS:
        _put(network.stations, name, saved[f"station.{name}"])
    for owner in network.coordinators:
        for name in _COORDINATOR:
            _put(owner, name, saved[f"cco{owner.network}.{name}"])
        owner.nid, owner.sequence, owner.removed = (int(saved[f"cco{owner.network}.{name}"]) for name in _SCALARS[:3])
        owner.last_change_s = float(saved[f"cco{owner.network}.last_change_s"])
    network.counts.rate, network.counts.both = saved["rate"], saved["both"]
    for node in np.flatnonzero(~saved["alive"]):
        network.csma.set_alive(int(node), False)
    network.resume(float(saved["now_s"]))


def _check(network: Network, path: Path, saved: dict[str, npt.NDArray[np.generic]]) -> None:
    wanted = {"format", "now_s", "macs", "rate", "both", "alive", *(f"station.{name}" for name in _STATIONS)}
    wanted |= {f"cco{owner.network}.{name}" for owner in network.coordinators for name in (*_COORDINATOR, *_SCALARS)}
    if "format" not in saved or int(saved["format"]) != _FORMAT or set(saved) != wanted:
        raise StoreError(f"{path}: was saved by another version or with another number of CCOs; form the network anew")
    if not np.array_equal(saved["macs"], network.stations.macs):
        raise StoreError(f"{path}: holds a network of other modules; form the network anew")


def _put(owner: Stations | Coordinator, name: str, column: npt.NDArray[np.generic]) -> None:
    getattr(owner, name)[...] = column
