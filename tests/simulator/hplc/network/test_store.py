"""Formed networks on disk: the same topology afterwards, and a word about files that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulator.hplc.network import StoreError, load_network, save_network
from tests.simulator.hplc.mac.link_tables import all_hear_all
from tests.simulator.hplc.network.networks import network_on, scattered_network


def test_a_loaded_network_is_the_saved_one_and_goes_on(tmp_path: Path) -> None:
    saved = scattered_network(50, seed=6)
    saved.run_until(500.0)
    save_network(saved, tmp_path / "area.npz")
    loaded = scattered_network(50, seed=6)
    load_network(loaded, tmp_path / "area.npz")
    for name in ("home", "tei", "proxy", "level", "role", "path_success"):
        assert np.array_equal(getattr(loaded.stations, name), getattr(saved.stations, name)), name
    assert np.array_equal(loaded.coordinators[0].proxy, saved.coordinators[0].proxy)
    assert np.array_equal(loaded.counts.rate, saved.counts.rate)
    assert loaded.now_s == 500.0
    deepest = int(loaded.stations.level.argmax())
    loaded.run_until(505.0)
    loaded.send(0, deepest, b"read")
    loaded.run_until(530.0)
    assert [one.receiver for one in loaded.take_delivered()] == [deepest]
    assert loaded.stations.departures == []


def test_a_network_of_other_modules_is_refused(tmp_path: Path) -> None:
    save_network(network_on(all_hear_all(4)), tmp_path / "area.npz")
    other = network_on(all_hear_all(5))
    with pytest.raises(StoreError, match="other modules"):
        load_network(other, tmp_path / "area.npz")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_network_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "area.npz").write_bytes(content)
    with pytest.raises(StoreError, match="cannot be read"):
        load_network(network_on(all_hear_all(3)), tmp_path / "area.npz")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        load_network(network_on(all_hear_all(3)), tmp_path / "none.npz")
