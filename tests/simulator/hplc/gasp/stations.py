"""Small networks with the outage service on all stations, formed and ready for a fault."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from firmware_profiles.modules import ModuleProfile, load_modules
from simulator.hplc.gasp import OutageListener, OutageReport, OutageStation, attach_stations
from simulator.hplc.links import LinkTable
from simulator.hplc.network import Delivered, Network
from tests.simulator.hplc.mac.link_tables import links_of
from tests.simulator.hplc.network.networks import DEAF_DB, macs_of

FAMILY_A, FAMILY_B = load_modules()["family-a"], load_modules()["family-b"]
FORMED_S = 200.0


@dataclass
class Cco:
    """Everything that arrives at the CCO, read as the CCO's adapter would."""

    listener: OutageListener
    other: list[Delivered]

    def on_frame(self, delivered: Delivered) -> None:
        if not self.listener.on_frame(delivered):
            self.other.append(delivered)

    def on_supply(self, node: int, has_mains: bool, now_s: float) -> None:
        """It has a backup."""

    def on_lost(self, sequence: int, now_s: float) -> None:
        """Acknowledgements are told again when asked again."""


@dataclass
class Stage:
    network: Network
    stations: dict[int, OutageStation]
    cco: Cco

    def reports_until(self, time_s: float) -> list[OutageReport]:
        self.network.run_until(time_s)
        return self.cco.listener.take_reports()

    def address(self, node: int) -> int:
        return int(self.network.stations.macs[node])


def stage_on(links: LinkTable, module: ModuleProfile = FAMILY_A, *, seed: int = 1) -> Stage:
    """Formed at ``FORMED_S``."""
    print(f"seed {seed}")
    network = Network(links, macs=macs_of(len(links.hears)), module=module, seed=seed)
    network.run_until(FORMED_S)
    assert int(network.level_histogram().sum()) == len(links.hears)
    cco = Cco(OutageListener(network), [])
    network.attach(0, cco)
    return Stage(network, attach_stations(network, module, seed=seed), cco)


def with_dying(module: ModuleProfile, **changes: object) -> ModuleProfile:
    return replace(module, dying=replace(module.dying, **changes))


def with_relay(module: ModuleProfile, **changes: object) -> ModuleProfile:
    return replace(module, relay=replace(module.relay, **changes))


def one_relay(*, success: float = 1.0) -> LinkTable:
    """The CCO (0) hears 1 and 2; 3 is heard by 1 and 2 only."""
    snr_db = np.full((4, 4), 20.0)
    snr_db[0, 3] = snr_db[3, 0] = DEAF_DB
    return links_of(snr_db, success=success)
