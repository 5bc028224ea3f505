"""An area as it lives: what is drawn, what is cut, and so what every meter has on its terminals, step by step.

Steps are solved in blocks, as they are asked for. What a meter shows follows from volts and amperes at its terminals, never from the
name of a fault.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulator.grid.areas import Area
from simulator.grid.load_law import Complex, Real
from simulator.grid.solver import Solver
from simulator.grid.state import GridState
from simulator.scenario.timeline import Timeline

_SOLVERS_KEPT, _BLOCKS_KEPT = 32, 4
_DRAWN_BLOCKS = 8      # what loads draw is worked out for as many blocks at once: most of its cost is by the call
_SECONDS_PER_HOUR = 3600.0


class Draw(Protocol):
    """What one load draws at nominal voltage, e.g. a ``LoadProfile``."""

    def mean_power(self, from_s: float, step_s: float, n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Mean W and var of each step, shape (n,) both."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Steps ``first`` .. ``first + t``. Loads in the order of the area's network; energies are those at the end of each step.

    Shapes: volts, amperes (n_loads, t); transformer_v (phase to star point), transformer_a (3, t); energies (n_loads, t).
    """

    first: int
    volts: Complex
    amperes: Complex
    transformer_v: Complex
    transformer_a: Complex
    import_wh: Real
    export_wh: Real
    reactive_varh: Real
    transformer_wh: Real                  # (t,), and what came back, and reactive
    transformer_export_wh: Real
    transformer_varh: Real


class World:
    """``draws``: load id -> what is drawn; a load without one draws nothing."""

    def __init__(self, area: Area, draws: Mapping[str, Draw], timeline: Timeline, *, step_s: float, block_steps: int = 60) -> None:
        timeline.check(area.network, {meter.id for meter in area.meters})
        self.area, self.timeline, self.step_s = area, timeline, step_s
        self._draws, self._block_steps = draws, block_steps
        self._load_ids = [load.id for load in area.network.loads]
        self._solvers: OrderedDict[tuple[str, ...], Solver] = OrderedDict()
        self._blocks: OrderedDict[int, Block] = OrderedDict()
        self._window: tuple[int, Real, Real] | None = None
        n = len(self._load_ids)
        # energies at the beginning of each block that was solved: (import, export, reactive) of the loads, the three of the transformer
        self._energies: dict[int, tuple[Real, Real, Real, Real]] = {0: (np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(3))}

    def block_of(self, step: int) -> tuple[Block, int]:
        """The block with ``step``, and its place in it."""
        number = max(0, step) // self._block_steps
        for earlier in range(max(known for known in self._energies if known <= number), number):
            self._solve(earlier)              # energies have a past
        found = self._blocks.get(number) or self._solve(number)
        return found, max(0, step) - found.first

    def volts_at(self, step: int, active: tuple[str, ...]) -> Complex:
        """Volts of the area's loads at one step if just these changes held, shape (n_loads,): what a change makes is the difference."""
        solver, loads = self._solver(active), len(self._load_ids)
        p_w, q_var = self._drawn(step, 1)
        p_kw, q_kvar = self._powers(solver, p_w, q_var)
        volts: Complex = solver.solve(p_kw, q_kvar).volts[:loads, 0]
        return volts

    def _powers(self, solver: Solver, p_w: Real, q_var: Real) -> tuple[Real, Real]:
        """kW and kvar of the solver's loads. A change says what a load draws as a factor: the loads of an area are 1 kW each."""
        base, now, n = self.area.network.loads, solver.network.loads, p_w.shape[1]
        factors = np.array([load.p_kw / nominal.p_kw for load, nominal in zip(now, base, strict=False)])[:, None] / 1000.0
        taps = now[len(base):]
        return (
            np.concatenate([p_w * factors, _constant([load.p_kw for load in taps], n)]),
            np.concatenate([q_var * factors, _constant([load.q_kvar for load in taps], n)]),
        )

    def _solve(self, number: int) -> Block:
        """Raises NotSolvedError: a step does not converge."""
        first, n, loads = number * self._block_steps, self._block_steps, len(self._load_ids)
        p_w, q_var = self._drawn_of_block(number)
        volts, amperes = (np.zeros((loads, n), dtype=np.complex128) for _ in range(2))
        transformer_v, transformer_a = (np.zeros((3, n), dtype=np.complex128) for _ in range(2))
        keys = [self.timeline.active((first + place) * self.step_s) for place in range(n)]
        begin = 0
        while begin < n:
            end = next((place for place in range(begin, n) if keys[place] != keys[begin]), n)
            solver = self._solver(keys[begin])
            part, nominal = slice(begin, end), solver.network.loads
            state = GridState(solver, solver.solve(*self._powers(solver, p_w[:, part], q_var[:, part])))
            gains = np.array([load.meter_gain for load in nominal[:loads]])[:, None]
            volts[:, part], amperes[:, part] = state.load_volts[:loads], state.load_amperes[:loads] * gains
            transformer = state.transformer()
            transformer_v[:, part], transformer_a[:, part] = transformer.phase_v, transformer.phase_a
            begin = end
        block = self._with_energies(number, volts, amperes, transformer_v, transformer_a)
        self._blocks[number] = block
        while len(self._blocks) > _BLOCKS_KEPT:
            self._blocks.popitem(last=False)
        return block

    def _with_energies(self, number: int, volts: Complex, amperes: Complex, transformer_v: Complex, transformer_a: Complex) -> Block:
        hours, (in_wh, out_wh, varh, through_wh) = self.step_s / _SECONDS_PER_HOUR, self._energies[number]
        power = volts * amperes.conj()
        through = (transformer_v * transformer_a.conj()).sum(axis=0)
        flows = np.array([np.maximum(through.real, 0.0), np.maximum(-through.real, 0.0), np.maximum(through.imag, 0.0)])
        counted = through_wh[:, None] + np.cumsum(flows * hours, axis=1)
        block = Block(
            first=number * self._block_steps, volts=volts, amperes=amperes, transformer_v=transformer_v, transformer_a=transformer_a,
            import_wh=in_wh[:, None] + np.cumsum(np.maximum(power.real, 0.0) * hours, axis=1),
            export_wh=out_wh[:, None] + np.cumsum(np.maximum(-power.real, 0.0) * hours, axis=1),
            reactive_varh=varh[:, None] + np.cumsum(np.maximum(power.imag, 0.0) * hours, axis=1),
            transformer_wh=counted[0], transformer_export_wh=counted[1], transformer_varh=counted[2],
        )
        self._energies[number + 1] = (
            block.import_wh[:, -1], block.export_wh[:, -1], block.reactive_varh[:, -1], counted[:, -1]
        )
        return block

    def _drawn_of_block(self, number: int) -> tuple[Real, Real]:
        window, n = number // _DRAWN_BLOCKS, self._block_steps
        if self._window is None or self._window[0] != window:
            self._window = (window, *self._drawn(window * _DRAWN_BLOCKS * n, _DRAWN_BLOCKS * n))
        begin = number % _DRAWN_BLOCKS * n
        return self._window[1][:, begin : begin + n], self._window[2][:, begin : begin + n]

    def _drawn(self, first: int, n: int) -> tuple[Real, Real]:
        p_w, q_var = np.zeros((len(self._load_ids), n)), np.zeros((len(self._load_ids), n))
        for place, load_id in enumerate(self._load_ids):
            draw = self._draws.get(load_id)
            if draw is not None:
                p_w[place], q_var[place] = draw.mean_power(first * self.step_s, self.step_s, n)
        return p_w, q_var

    def _solver(self, active: tuple[str, ...]) -> Solver:
        solver = self._solvers.pop(active, None) or Solver(self.timeline.network(self.area.network, active))
        self._solvers[active] = solver
        while len(self._solvers) > _SOLVERS_KEPT:
            self._solvers.popitem(last=False)
        return solver


def _constant(powers: list[float], n: int) -> Real:
    """What taps draw: they have no profile of their own."""
    return np.repeat(np.array(powers).reshape(len(powers), 1), n, axis=1)
