"""Phase identification: a station reports when it saw the zero crossings of its supply, the CCO compares with its own three phases.

Source: Q/GDW 12087.42-2020, zero-cross collect and report; 20 ms, 120 degrees = 6.667 ms, units of 256 ticks of 40 ns.
"""

from __future__ import annotations

import numpy as np

from simulator.hplc.network.assumptions import ZERO_CROSS_SCATTER_MS
from simulator.hplc.network.messages import Msdu, ZeroCrossCollect, ZeroCrossReport
from simulator.hplc.network.shared import Shared

_CYCLE_MS = 20.0
_UNIT_MS = 0.01024
_LINK_ID = 1
_SAMPLES = 16


class PhaseIdentification:
    """``identified``: node -> phase 1, 2, 3 as the CCO concluded."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.identified: dict[int, int] = {}

    def collect(self, network: int, nodes: list[int], *, samples: int = _SAMPLES) -> None:
        """Ask these members; answers come as the network carries them."""
        owner = self._shared.coordinators[network]
        for node in nodes:
            body = ZeroCrossCollect(samples=samples)
            self._shared.relay.send(owner.node, node, body, body.length_bytes, link_id=_LINK_ID)

    def on_collect(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        """At a station: full periods from the next rising zero crossing of its phase, each seen with scatter."""
        collect = msdu.body
        assert isinstance(collect, ZeroCrossCollect)
        shared = self._shared
        phase = int(shared.stations.phases[receiver])
        if phase == 0 or not shared.stations.has_mains[receiver]:
            return
        now_ms = now_s * 1000.0
        lag_ms = (phase - 1) * _CYCLE_MS / 3.0
        first_ms = now_ms + (lag_ms - now_ms) % _CYCLE_MS
        seen_ms = first_ms + _CYCLE_MS * np.arange(collect.samples) + shared.rng.normal(0.0, ZERO_CROSS_SCATTER_MS, collect.samples)
        units = np.rint(seen_ms / _UNIT_MS).astype(np.int64)
        body = ZeroCrossReport(base_units=int(units[0]), differences=tuple(np.diff(units).tolist()))
        owner = shared.coordinators[int(shared.stations.home[receiver])]
        shared.relay.send(receiver, owner.node, body, body.length_bytes, link_id=_LINK_ID)

    def on_report(self, msdu: Msdu, receiver: int, now_s: float) -> None:
        """At the CCO: the phase whose own crossings lie nearest, by the mean angle of all samples."""
        report = msdu.body
        assert isinstance(report, ZeroCrossReport)
        seen_ms = np.cumsum([report.base_units, *report.differences]) * _UNIT_MS
        mean = np.exp(2j * np.pi * seen_ms / _CYCLE_MS).mean()
        angle = np.angle(mean) / (2.0 * np.pi) * 3.0        # in thirds of a cycle
        self.identified[msdu.source] = int(np.rint(angle)) % 3 + 1
