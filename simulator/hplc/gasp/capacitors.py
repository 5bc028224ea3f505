"""How long each module of an area lives without supply: aged capacitors by module, missing ones by box."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_profiles.modules import DyingModule
from simulator.grid.areas import Area
from simulator.hplc.assumptions import assumed
from simulator.load.streams import Streams
from simulator.meter.body import MeterBody


def draw_hold_s(area: Area, dying: DyingModule, *, seed: int, old_box_share: float | None = None) -> npt.NDArray[np.float64]:
    """(meters + 1,) in seconds, by node of the link table; the coordinator's (0) is 0: whether it has a backup is another question.

    Bodies are drawn as meters are (a share worn out or worn, the rest above the requirement) and scaled to the file's ``hold_s``;
    of the boxes, ``old_box_share`` (None: the assumed one) were fitted with modules without capacitor.
    """
    streams = Streams(seed)
    boxes = sorted({meter.node for meter in area.meters})
    share = assumed("gasp.old_box_share") if old_box_share is None else old_box_share
    is_old = dict(zip(boxes, streams.named("hplc/old_boxes").random(len(boxes)) < share, strict=True))
    chance = streams.named("hplc/capacitors")
    required_s = assumed("gasp.required_hold_s")
    bodies = [MeterBody.drawn(chance) for _ in area.meters]
    hold_s = [0.0 if is_old[meter.node] else body.hold_s / required_s * dying.hold_s
              for meter, body in zip(area.meters, bodies, strict=True)]
    return np.array([0.0, *hold_s])
