"""Small networks made by hand, for tests of the network layer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_profiles.modules import load_modules
from simulator.hplc.links import LinkTable
from simulator.hplc.network import Network, NetworkSettings
from simulator.hplc.network.scattered import scattered_links
from tests.simulator.hplc.mac.link_tables import links_of

MODULE = load_modules()["family-a"]
DEAF_DB = -40.0


def chain(nodes: int, *, snr_db: float = 20.0, success: float = 1.0) -> LinkTable:
    """Each node hears its two neighbours only."""
    snr = np.full((nodes, nodes), DEAF_DB)
    for node in range(nodes - 1):
        snr[node, node + 1] = snr[node + 1, node] = snr_db
    return links_of(snr, success=success)


def macs_of(nodes: int) -> npt.NDArray[np.int64]:
    """Addresses that say nothing about the node's number."""
    return np.arange(nodes, dtype=np.int64) * 7919 + 100_000_000_001


def network_on(links: LinkTable, *settings: NetworkSettings, seed: int = 1, **more: object) -> Network:
    print(f"seed {seed}")
    return Network(links, macs=macs_of(len(links.hears)), module=MODULE, seed=seed, settings=settings or (NetworkSettings(),), **more)


def scattered_network(modules: int, *settings: NetworkSettings, seed: int = 1) -> Network:
    links, phases, _ = scattered_links(modules, seed=seed)
    return network_on(links, *settings, seed=seed, phases=phases)


def joined(network: Network) -> list[int]:
    """Stations in the first network."""
    return [int(node) for node in np.flatnonzero(network.stations.home == 0) if node != 0]
