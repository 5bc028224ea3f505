"""What really happened: for scoring and for people with detectors of their own. The agent never sees it.

What a change does is worked out from the grid, with it and without it, never from its name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.meter.grid_meter import DARK_BELOW
from simulator.scenario.timeline import Change
from simulator.scenario.world import World

_NOTICEABLE_V = 2.0          # ten times what a class 1 meter resolves
_NOMINAL_V = 220.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """``dark``: meters that lose supply by it; ``shifted``: whose voltage moves by 2 V or more; ``mute``: not heard, though supplied.

    ``altered``: meters whose load or whose registering is another meanwhile (a tripped breaker, an open relay, a meter that counts half).
    ``end_s`` infinite: it lasts. ``largest_shift_v``: of any living meter, which says whether voltages can show it at all.
    """

    id: str
    fault_class: str
    place: str
    begin_s: float
    end_s: float
    dark: tuple[str, ...]
    shifted: tuple[str, ...]
    mute: tuple[str, ...]
    swapped: tuple[str, ...]
    altered: tuple[str, ...] = ()
    largest_shift_v: float


def truth_of(world: World) -> list[Fault]:
    """Every change of the timeline, in the order in which they begin. Raises NotSolvedError: a step does not converge."""
    return [_fault(world, change.id) for change in sorted(world.timeline.changes, key=lambda change: change.at_s)]


def _fault(world: World, change_id: str) -> Fault:
    change = next(change for change in world.timeline.changes if change.id == change_id)
    step = int(np.ceil(change.at_s / world.step_s))
    active = world.timeline.active(step * world.step_s) or (change_id,)
    with_it = np.abs(world.volts_at(step, active))
    without = np.abs(world.volts_at(step, tuple(other for other in active if other != change_id)))
    dark, shifted, largest_v = [], [], 0.0
    place = {load.id: number for number, load in enumerate(world.area.network.loads)}
    for meter in world.area.meters:
        loads = [place[load] for load in meter.loads]
        was_lit, is_lit = (volts[loads].max() >= DARK_BELOW * _NOMINAL_V for volts in (without, with_it))
        shift_v = float(np.abs(with_it[loads] - without[loads]).max())
        if was_lit and not is_lit:
            dark.append(meter.id)
        elif is_lit:
            largest_v = max(largest_v, shift_v)
            if shift_v >= _NOTICEABLE_V:
                shifted.append(meter.id)
    return Fault(
        id=change.id, fault_class=change.fault_class, place=change.place, begin_s=change.at_s, end_s=change.until_s, dark=tuple(dark),
        shifted=tuple(shifted), mute=change.mute, swapped=change.swap, altered=_altered(world, change), largest_shift_v=largest_v,
    )


def _altered(world: World, change: Change) -> tuple[str, ...]:
    before = {load.id: load for load in world.area.network.loads}
    after = {load.id: load for load in world.timeline.network(world.area.network, (change.id,)).loads}
    return tuple(meter.id for meter in world.area.meters if any(before[load] != after[load] for load in meter.loads))
