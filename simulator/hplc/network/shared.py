"""What the parts of a network have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_profiles.modules import ModuleProfile
from simulator.hplc.links import LinkTable
from simulator.hplc.mac.timeline import Timeline
from simulator.hplc.network.coordinator import Coordinator
from simulator.hplc.network.relay import Relay
from simulator.hplc.network.stations import Stations


@dataclass(slots=True)
class Shared:
    """``links`` may be replaced at any time, so nobody keeps them."""

    links: LinkTable
    module: ModuleProfile
    timeline: Timeline
    stations: Stations
    coordinators: list[Coordinator]
    relay: Relay
    rng: np.random.Generator

    @property
    def now_s(self) -> float:
        return self.timeline.now_s
