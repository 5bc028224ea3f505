"""Supply of the modules: lost, held by the capacitor, gone, back."""

from __future__ import annotations

import numpy as np

from simulator.hplc.mac.csma import Csma
from simulator.hplc.network.application import Application
from simulator.hplc.network.messages import LeaveReason
from simulator.hplc.network.shared import Shared
from simulator.hplc.network.stations import Role


class Supply:
    """Each change gets a number, so that the death of a capacitor that was recharged in time is no death."""

    def __init__(self, shared: Shared, csma: Csma, applications: dict[int, Application]) -> None:
        self._shared = shared
        self._csma = csma
        self._applications = applications
        self._changes = np.zeros(len(shared.stations.macs), np.int64)

    def lose(self, node: int, hold_s: float) -> None:
        stations = self._shared.stations
        if not stations.has_mains[node]:
            return
        stations.has_mains[node] = False
        self._changes[node] += 1
        self._tell(node)
        self._shared.timeline.at(self._shared.now_s + hold_s, self._die, node, int(self._changes[node]))

    def gain(self, node: int) -> None:
        stations = self._shared.stations
        if stations.has_mains[node]:
            return
        stations.has_mains[node] = True
        self._changes[node] += 1
        if self._csma.alive[node]:
            self._tell(node)
        else:
            self._shared.timeline.at(self._shared.now_s + self._shared.module.network.boot_s, self._boot, node, int(self._changes[node]))

    def _die(self, node: int, change: int) -> None:
        if self._changes[node] == change:
            self._csma.set_alive(node, False)

    def _boot(self, node: int, change: int) -> None:
        if self._changes[node] != change:
            return
        shared = self._shared
        self._csma.set_alive(node, True)
        if shared.stations.role[node] == Role.CCO:
            shared.coordinators[int(shared.stations.home[node])].restart()
        elif shared.stations.is_joined(node):
            shared.stations.leave(node, LeaveReason.POWER, shared.now_s)
        self._tell(node)

    def _tell(self, node: int) -> None:
        application = self._applications.get(node)
        if application is not None:
            application.on_supply(node, bool(self._shared.stations.has_mains[node]), self._shared.now_s)
