"""What meters and mains show before, during and after each fault: the grid solved once for each distinct fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.grid.areas import Area
from simulator.run.metering import Metering, Models
from simulator.scenario.timeline import Change, Timeline
from simulator.scenario.world import Draw, World
from simulator.scoring.outage.faults import Fault

MODELS = Models(single_phase="dlt645-2007-single", three_phase="dlt645-2007-three")
STEP_S = 60.0
_STEPS_A_FAULT = 3          # before, during, and with what is left of it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """At one moment. ``values``: shape (n_meters + 1, N_COLUMNS), the area meter last; ``dark``: shape (n_meters,)."""

    values: npt.NDArray[np.float64]
    dark: npt.NDArray[np.bool_]
    mains_v: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    before: Shown
    during: Shown
    after: Shown


def solve_faults(
    area: Area, draws: Mapping[str, Draw], faults: Sequence[Fault], say: Callable[[float], None] = lambda share: None
) -> dict[str, Solved]:
    """By ``Fault.key``. Raises NotSolvedError: a fault has no solution."""
    distinct = list({fault.key: fault for fault in faults}.values())
    changes = []
    for number, fault in enumerate(distinct):
        begin_s = number * _STEPS_A_FAULT * STEP_S
        for name, edits, step in (("during", fault.edits, 1), ("after", fault.edits_left, 2)):
            if edits:
                changes.append(Change(
                    id=f"{number}-{name}", fault_class=str(fault.fault_class), place=fault.place, at_s=begin_s + step * STEP_S,
                    until_s=begin_s + (step + 1) * STEP_S, edits=edits,
                ))
    metering = Metering(World(area, draws, Timeline(tuple(changes)), step_s=STEP_S, block_steps=_STEPS_A_FAULT), MODELS)
    found = {}
    for number, fault in enumerate(distinct):
        first = number * _STEPS_A_FAULT
        before, during, after = (_shown(metering, first + step) for step in range(_STEPS_A_FAULT))
        found[fault.key] = Solved(before=before, during=during, after=after)
        say((number + 1) / len(distinct))
    return found


def _shown(metering: Metering, step: int) -> Shown:
    measured = metering.at(step)
    return Shown(values=measured.values.copy(), dark=measured.silent[:-1].copy(), mains_v=measured.mains_v)
