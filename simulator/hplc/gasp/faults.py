"""Outages by class, each an edit of the grid; who is dark then follows from the solved grid alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from simulator.grid.areas import Area
from simulator.grid.edits import Edit, apply_edits
from simulator.grid.network import PHASES
from simulator.grid.solver import Solver
from simulator.meter.grid_meter import DARK_BELOW


class FaultClass(StrEnum):
    METER = "meter"               # its service is open
    BOX = "box"
    BRANCH = "branch"
    PHASE = "phase"               # one conductor of a feeder
    TRANSFORMER = "transformer"   # the high voltage is gone; the lines below are whole


def draw_fault(area: Area, fault_class: FaultClass, chance: np.random.Generator, *, how: str = "contact") -> tuple[Edit, ...]:
    """Edits of a fault of this class somewhere in the area, each place as likely as each meter behind it.

    ``how``: "contact" (a device opened: signals leak over the gap) or "cut" (the conductor is broken); of no meaning for a transformer.
    """
    if fault_class is FaultClass.TRANSFORMER:
        return tuple({"op": "hv_open", "conductor": phase} for phase in PHASES)
    meter = area.meters[int(chance.integers(len(area.meters)))]
    branch, feeder = meter.node.rsplit("/", 1)[0], meter.node.split("/", 1)[0]
    place = {FaultClass.METER: meter.service, FaultClass.BOX: meter.node, FaultClass.BRANCH: branch, FaultClass.PHASE: feeder}[fault_class]
    edit: dict[str, object] = {"op": "open", "branch": place}
    if fault_class is FaultClass.PHASE:
        edit["conductors"] = [meter.phases[0].upper()]
    if how != "contact":
        edit["how"] = how
    return (edit,)


def dark_meters(area: Area, edits: Sequence[Edit]) -> npt.NDArray[np.bool_]:
    """(meters,): which of an area's meters have none of their phases at ``DARK_BELOW`` of nominal or more after the edits.

    Raises:
        ConfigError: an edit that cannot be made.
        NotSolvedError: the grid has no solution.
    """
    plain = [{key: value for key, value in edit.items() if key != "how"} for edit in edits]      # a current does not ask how
    network = apply_edits(area.network, plain)
    volts = np.abs(Solver(network).solve().volts[:, 0])
    lit = {load.id for load, found in zip(network.loads, volts, strict=True) if found >= DARK_BELOW * load.v_nom}
    return np.array([lit.isdisjoint(meter.loads) for meter in area.meters], np.bool_)
