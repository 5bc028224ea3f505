"""How hard every meter's service and the transformer are worked, from the currents and voltages that are really there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.run.metering import NOMINAL_V, RATED_A
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.world import World

_Ratios = npt.NDArray[np.float32]


class Strain:
    """Of a scenario in a world of its own, or in one that others run through meanwhile: what has been solved is not solved again.

    Attributes:
        current: shape (steps, meters + 1), the largest of each meter's phases over its rating; the transformer last.
        volts: shape (steps, meters), the highest of each meter's phases over nominal.
    """

    def __init__(self, scenario: Scenario, world: World) -> None:
        places = {load.id: place for place, load in enumerate(scenario.area.network.loads)}
        self._loads = [[places[load] for load in meter.loads] for meter in scenario.area.meters]
        transformer = scenario.area.network.transformer
        self._rated_a = transformer.kva / (3**0.5 * transformer.kv_lv)
        self._world, self.step_s, self._reached = world, world.step_s, 0
        steps, meters = int(scenario.duration_s / world.step_s), len(self._loads)
        self.current: _Ratios = np.empty((steps, meters + 1), dtype=np.float32)
        self.volts: _Ratios = np.empty((steps, meters), dtype=np.float32)

    def follow(self, step: int) -> None:
        """Up to the end of the block with ``step``."""
        while self._reached <= step:
            self._take_block()

    def to_the_end(self) -> Strain:
        self.follow(len(self.volts) - 1)
        return self

    def _take_block(self) -> None:
        begin = self._reached
        block, at = self._world.block_of(begin)
        end = min(len(self.volts), begin + block.volts.shape[1] - at)
        part = slice(at, at + end - begin)
        amperes, volts = np.abs(block.amperes[:, part]), np.abs(block.volts[:, part])
        for place, own in enumerate(self._loads):
            self.current[begin:end, place] = amperes[own].max(axis=0) / RATED_A
            self.volts[begin:end, place] = volts[own].max(axis=0) / NOMINAL_V
        self.current[begin:end, -1] = np.abs(block.transformer_a[:, part]).max(axis=0) / self._rated_a
        self._reached = end
