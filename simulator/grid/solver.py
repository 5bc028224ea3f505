"""Solves a network: LU once per topology, reduced to the ports of the loads, then all time steps at once.

At a port v = v_open - Z (i(v) - y v), where y is what of the load is already in the matrix. A vectorised fixed point; where a neutral or
phase is lost, the loads behind it have their own impedance in the matrix and take a Newton step among themselves in each round. Time steps
that do not settle so go to a full Newton.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from edge_agent.errors import HplcEdgeError
from simulator.grid.load_law import Complex, LoadLaw, Real, square
from simulator.grid.network import EARTH, Network
from simulator.grid.newton import NEWTON_BYTES, TOLERANCE_PU, PortNewton
from simulator.grid.nodes import Equations, Node, make_equations, split_phases
from simulator.grid.one_thread import one_thread
from simulator.grid.real_form import newton_change

_FIXED_POINT_STEPS = 30
_RUN_AWAY_PU = 2.0
_SINGLE_STEPS = 4
_CACHE_BYTES, _LEAST_WIDTH = 2**19, 128     # of one array of volts: time steps are taken in pieces that stay in the cache
_WORTH_A_COPY = 0.8              # with fewer time steps than this share still moving, go on with these alone
_PORT_STRAY_S = 1e-9             # where a port hangs on nothing else, an open contact: far below the load of any meter


class NotSolvedError(HplcEdgeError):
    """A case that does not converge: nothing of it is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortVolts:
    """``volts``: shape (n_loads, t), phase to return of each load, 0 where it has no supply; ``amperes``: what each load draws."""

    volts: Complex
    amperes: Complex
    steps: int


class Solver:
    """One topology. Loads may change with every time step: only which loads there are is fixed."""

    @one_thread
    def __init__(self, network: Network) -> None:
        self.network = network
        self.equations: Equations = make_equations(network)
        self.law = LoadLaw(network.loads)
        index = self.equations.index
        ports = [((load.bus, load.phase), (load.bus, load.to)) for load in network.loads]
        self.is_live = np.array([phase in index and (back in index or self._is_held(back)) for phase, back in ports], dtype=bool)
        self.is_tied = np.array([self._is_tied(phase) and self._is_tied(back) for phase, back in ports], dtype=bool)
        self.ports = np.flatnonzero(self.is_live)
        rows, columns, signs = [], [], []
        for column, number in enumerate(self.ports.tolist()):
            for node, sign in zip(ports[number], (1.0, -1.0), strict=True):
                if node in index:
                    rows.append(index[node])
                    columns.append(column)
                    signs.append(sign)
        self._incidence = csc_matrix((signs, (rows, columns)), shape=(len(index), len(self.ports)))
        self._law = LoadLaw([network.loads[number] for number in self.ports.tolist()])
        nominal_va = np.array([1000.0 * complex(load.p_kw, load.q_kvar) for load in self._law.loads])
        loose = ~self.is_tied[self.ports]
        self._stray_s = np.where(loose, _PORT_STRAY_S, 0.0)
        split = split_phases(network)
        loose |= np.array([load.phase in split for load in self._law.loads], dtype=bool)
        self._loose = np.flatnonzero(loose)
        self._inside_s = np.where(loose, self._law.nominal_admittance(nominal_va[:, None])[:, 0], 0.0)
        matrix = self.equations.admittance + self._incidence @ _diagonal(self._inside_s + self._stray_s) @ self._incidence.T
        try:
            self._lu = splu(matrix.tocsc())
        except RuntimeError as exc:
            raise NotSolvedError(f"network {network.name}: its equations have no one solution ({exc})") from exc
        self._v_open_nodes: Complex = self._lu.solve(self.equations.injection)
        self._to_nodes: Complex = self._lu.solve(self._incidence.toarray().astype(np.complex128))     # (n_nodes, n_ports)
        self._z_ohm: Complex = np.ascontiguousarray(self._incidence.T @ self._to_nodes)
        self._v_open: Complex = self._incidence.T @ self._v_open_nodes
        self._z_from_loose = np.ascontiguousarray(self._z_ohm[:, self._loose])
        self._z_loose = self._z_from_loose[self._loose]
        self._newton = PortNewton(self._law, self._z_ohm, self._v_open, self._inside_s, self._loose)
        self._z_single, self._v_open_single = self._z_ohm.astype(np.complex64), self._v_open.astype(np.complex64)
        self._law_single = LoadLaw(self._law.loads, dtype=np.float32)

    @one_thread
    def solve(self, p_kw: Real | None = None, q_kvar: Real | None = None) -> PortVolts:
        """Volts of all loads; powers at nominal voltage have shape (n_loads, t), None: those of the network, one step.

        Raises:
            NotSolvedError: some step does not converge.
            ValueError: powers of another shape, or not finite.
        """
        loads = self.network.loads
        if p_kw is None or q_kvar is None:
            p_kw = np.array([[load.p_kw] for load in loads]).reshape(len(loads), 1)
            q_kvar = np.array([[load.q_kvar] for load in loads]).reshape(len(loads), 1)
        if p_kw.shape != q_kvar.shape or p_kw.shape[0] != len(loads) or not (np.isfinite(p_kw).all() and np.isfinite(q_kvar).all()):
            raise ValueError(f"powers must be finite and of shape ({len(loads)}, t)")
        s_va = (1000.0 * p_kw + 1000.0j * q_kvar)[self.ports].astype(np.complex128)
        try:
            with np.errstate(all="ignore"):      # what overflows has not converged, and that is said
                volts, steps = self._port_volts(s_va)
        except np.linalg.LinAlgError as exc:
            raise NotSolvedError(f"network {self.network.name}: a step has no one solution ({exc})") from exc
        if not np.isfinite(volts).all():
            raise NotSolvedError(f"network {self.network.name}: {np.isnan(volts).any(axis=0).sum()} time steps have no finite volts")
        all_volts, all_amperes = (np.zeros(p_kw.shape, dtype=np.complex128) for _ in range(2))
        all_volts[self.ports], all_amperes[self.ports] = volts, self._law.current(volts, s_va)
        return PortVolts(volts=all_volts, amperes=all_amperes, steps=steps)

    @one_thread
    def node_volts(self, solved: PortVolts) -> Complex:
        """Volts to earth of every node of ``equations.index``, shape (n_nodes, t)."""
        volts, amperes = solved.volts[self.ports], solved.amperes[self.ports]
        nodes: Complex = self._v_open_nodes[:, None] - self._to_nodes @ (amperes - self._inside_s[:, None] * volts)
        return nodes

    def stray_va(self, solved: PortVolts) -> Real:
        """What the open contacts of loose ports take, shape (t,): microwatts, but not nothing in the balance."""
        taken: Real = self._stray_s @ np.abs(solved.volts[self.ports]) ** 2
        return taken

    def _port_volts(self, s_va: Complex) -> tuple[Complex, int]:
        n_steps = s_va.shape[1]
        volts: Complex = np.repeat(self._v_open[:, None], n_steps, axis=1)
        if not len(self.ports):
            return volts, 0
        used = 0
        width = max(_LEAST_WIDTH, _CACHE_BYTES // (16 * len(self.ports)))
        if len(self._loose):
            width = max(1, min(width, NEWTON_BYTES // (8 * (2 * len(self._loose)) ** 2)))
        unsettled = []
        for begin in range(0, n_steps, width):
            part = slice(begin, begin + width)
            volts[:, part], open_steps, count = self._fixed_point(volts[:, part], s_va[:, part])
            unsettled.append(begin + open_steps)
            used = max(used, count)
        todo = np.concatenate(unsettled)
        if len(todo):
            volts[:, todo], lost, count = self._newton.settle(s_va[:, todo])
            if lost:
                raise NotSolvedError(f"network {self.network.name}: {lost} of {n_steps} time steps do not converge")
            used = max(used, count)
        return volts, used

    def _fixed_point(self, volts: Complex, s_va: Complex) -> tuple[Complex, npt.NDArray[np.intp], int]:
        """Volts, the steps that have not settled, and how many rounds it took."""
        v_open, per_nominal = self._v_open[:, None], 1.0 / self._law.v_nom**2
        active, now_v, now_va = np.arange(volts.shape[1]), self._near(s_va) if not len(self._loose) else volts, s_va
        before, drawn = np.zeros(len(active)), None
        for used in range(1, _FIXED_POINT_STEPS + 1):  # noqa: B007
            if len(self._loose):
                fresh = self._round(v_open, now_v, now_va)
            else:
                fresh, drawn = self._plain_round(v_open, now_v, now_va, drawn)
            moved = (square(fresh - now_v) * per_nominal).max(axis=0)
            # what is left to go is about this change once more, times how much smaller it was than the last
            shrinks = np.where((before > 0.0) & (moved < before), moved / np.maximum(before, 1e-300), 1.0)
            going = moved * shrinks > TOLERANCE_PU**2
            runs_away = moved > _RUN_AWAY_PU**2      # such a time step never settles: Newton has it
            now_v = fresh
            if not going.any() or runs_away.any() or going.mean() < _WORTH_A_COPY:
                volts[:, active] = now_v
                keep = going & ~runs_away
                volts[:, active[runs_away]] = np.nan
                active, before = active[keep], moved[keep]
                if not len(active):
                    break
                now_v, now_va, drawn = now_v[:, keep], now_va[:, keep], None if drawn is None else drawn[:, keep]
            else:
                before = moved
        volts[:, active] = np.nan
        return volts, np.flatnonzero(~np.isfinite(volts).all(axis=0)), used

    def _near(self, s_va: Complex) -> Complex:
        """Volts good to some 1e-6 after a few rounds in single precision, which cost half: where double precision begins."""
        s_single: Any = s_va.astype(np.complex64)
        volts: Any = np.repeat(self._v_open_single[:, None], s_va.shape[1], axis=1)
        with np.errstate(all="ignore"):      # what runs away is begun anew
            for _ in range(_SINGLE_STEPS):
                volts = self._v_open_single[:, None] - self._z_single @ self._law_single.current(volts, s_single)
            lost = ~(square(volts) < (_RUN_AWAY_PU * self._law.v_nom) ** 2).all(axis=0)
        found: Complex = volts.astype(np.complex128)
        found[:, lost] = self._v_open[:, None]
        return found

    def _plain_round(self, v_open: Complex, volts: Complex, s_va: Complex, before: Complex | None) -> tuple[Complex, Complex]:
        """One round and what was drawn in it. ``before``: what was drawn when ``volts`` were found; only the change counts then, for which
        single precision is good: it is off by 1e-7 of something that is small already."""
        drawn = self._law.current(volts, s_va)
        if before is None:
            return v_open - self._z_ohm @ drawn, drawn
        return volts - self._z_single @ (drawn - before).astype(np.complex64), drawn

    def _round(self, v_open: Complex, volts: Complex, s_va: Complex) -> Complex:
        """One round of the fixed point, with a Newton step of the loose ports among themselves."""
        loose = self._loose
        drawn = self._law.current(volts, s_va)
        inside = self._inside_s[loose, None]
        drawn[loose] -= inside * volts[loose]
        fresh: Complex = v_open - self._z_ohm @ drawn
        a, b = self._law.slope(volts, s_va)
        a, b, now_v = a[loose] - inside, b[loose], volts[loose]
        change = newton_change(self._z_loose, a, b, now_v, now_v - fresh[loose])
        more = a * change + b * (now_v.real * change.real + now_v.imag * change.imag)
        fresh -= self._z_from_loose @ more
        fresh[loose] = now_v + change
        return fresh

    def _is_held(self, node: Node) -> bool:
        return node[1] == EARTH or any(
            (shunt.bus, shunt.conductor) == node and shunt.ohm == 0.0 for shunt in self.network.shunts
        )

    def _is_tied(self, node: Node) -> bool:
        return node[1] == EARTH or node in self.equations.tied


def _diagonal(values: Complex) -> csc_matrix:
    n = len(values)
    return csc_matrix((values, (np.arange(n), np.arange(n))), shape=(n, n))
