"""What a solved network says: volts, currents and powers at meters, transformer and branches; and its energy balance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.grid.load_law import Complex, Real
from simulator.grid.network import EARTH, PHASES, Network
from simulator.grid.nodes import (
    SOURCE_BUS,
    SPLIT_S,
    branch_admittance,
    core_s,
    leakage_s,
    source_admittance,
    source_volts,
    turns_ratio,
    windings,
)
from simulator.grid.solver import PortVolts, Solver


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerState:
    """Low-voltage side. Shapes (3, t) by phase and (t,); currents leave the transformer, ``neutral_a`` comes back to the star point."""

    phase_v: Complex              # phase to star point
    star_point_v: Complex         # star point to earth
    phase_a: Complex
    neutral_a: Complex
    lost_va: Complex              # in its leakage and core
    s_va: Complex                 # per phase, into the network, with the volts to the star point as its meter has them


class GridState:
    """Of one topology at t time steps; what is not asked for is not computed. All volts and amperes are phasors (rms)."""

    def __init__(self, solver: Solver, solved: PortVolts) -> None:
        self._solver, self._solved = solver, solved
        self._nodes = solver.node_volts(solved)
        self._n_steps = solved.volts.shape[1]

    @property
    def network(self) -> Network:
        return self._solver.network

    @property
    def load_volts(self) -> Complex:
        """Shape (n_loads, t): phase to return."""
        return self._solved.volts

    @property
    def load_amperes(self) -> Complex:
        return self._solved.amperes

    @property
    def load_va(self) -> Complex:
        """Shape (n_loads, t): what each load draws."""
        drawn: Complex = self._solved.volts * self._solved.amperes.conj()
        return drawn

    def node_volts(self, bus: str, conductor: str) -> Complex:
        """Shape (t,), to earth; 0 where there is no supply."""
        row = self._solver.equations.index.get((bus, conductor))
        return np.zeros(self._n_steps, dtype=np.complex128) if row is None else self._nodes[row]

    def load_to_earth(self) -> tuple[Complex, Complex]:
        """Phase to earth and return to earth of each load, shape (n_loads, t)."""
        loads = self._solver.network.loads
        phase = np.array([self.node_volts(load.bus, load.phase) for load in loads])
        back = np.array([self.node_volts(load.bus, load.to if load.to != EARTH else "") for load in loads])
        return phase, back

    def transformer(self) -> TransformerState:
        network = self._solver.network
        lv, unit_s, ratio = network.transformer.lv_bus, leakage_s(network), turns_ratio(network)
        star = self.node_volts(lv, "N")
        phase_v = np.array([self.node_volts(lv, phase) for phase in PHASES]) - star
        open_v = np.array([(self.node_volts(*begin) - self.node_volts(*end)) / ratio for _, begin, end in windings(network)])
        phase_a = unit_s * (open_v - phase_v)
        if network.transformer.vector_group == "Yyn0":
            phase_a = phase_a - core_s(network) * phase_v.mean(axis=0)
        return TransformerState(
            phase_v=phase_v, star_point_v=star, phase_a=phase_a, neutral_a=phase_a.sum(axis=0), s_va=phase_v * phase_a.conj(),
            lost_va=(np.abs(open_v - phase_v) ** 2).sum(axis=0) * np.conj(unit_s)
            + (3.0 * np.abs(phase_v.mean(axis=0)) ** 2 * np.conj(core_s(network)) if network.transformer.vector_group == "Yyn0" else 0.0),
        )

    def branch_amperes(self, branch_id: str) -> dict[str, Complex]:
        """Conductor -> current from ``from_bus`` to ``to_bus``, shape (t,); an open conductor carries none."""
        branch = next(branch for branch in self._solver.network.branches if branch.id == branch_id)
        conductors, y = branch_admittance(branch)
        drop = np.array([self.node_volts(branch.from_bus, name) - self.node_volts(branch.to_bus, name) for name in conductors])
        amperes = dict(zip(conductors, y @ drop if conductors else [], strict=True))
        return {name: amperes.get(name, np.zeros(self._n_steps, dtype=np.complex128)) for name in branch.conductors}

    def balance_va(self) -> npt.NDArray[np.float64]:
        """Shape (t,): |what the source gives - what loads draw - what lines, transformer and electrodes lose|, in VA."""
        network = self._solver.network
        emf = source_volts(network)[:, None]
        source_v = np.array([self.node_volts(SOURCE_BUS, phase) for phase in PHASES])
        source_a = source_admittance(network) @ (emf - source_v)
        given = (emf * source_a.conj()).sum(axis=0) - ((emf - source_v) * source_a.conj()).sum(axis=0)
        lost = (np.abs(source_a) ** 2 * network.source.link_ohm).sum(axis=0)
        lost = lost + self._solver.stray_va(self._solved)
        if network.hv_opened:
            lost = lost + SPLIT_S * (np.abs(self.transformer().phase_v) ** 2).sum(axis=0)
        lost = lost + self.transformer().lost_va
        for branch in network.branches:
            for name, amperes in self.branch_amperes(branch.id).items():
                if name not in branch.opened:
                    lost = lost + (self.node_volts(branch.from_bus, name) - self.node_volts(branch.to_bus, name)) * amperes.conj()
        for shunt in network.shunts:
            if shunt.ohm:
                lost = lost + np.abs(self.node_volts(shunt.bus, shunt.conductor)) ** 2 / shunt.ohm
        missing: Real = np.abs(given - lost - self.load_va.sum(axis=0))
        return missing

