"""A scenario as frames for detectors: every meter answers each step, but for those that are dark or not heard, and for holes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge_agent.model import AreaFrame
from edge_agent.model.area_frame import NEVER
from simulator.run.closed_loop import EPOCH_UTC_MS
from simulator.run.metering import Metering

_HOLES_STREAM = 17      # of the area's seed


def frames_of(metering: Metering, steps: int, *, holes: float = 0.0) -> Iterator[AreaFrame]:
    """The same frame object, brought up to date for each step; ``holes``: share of answers that are lost by chance."""
    world = metering.world
    n = len(metering.loads) + 1
    frame = AreaFrame.empty(n, EPOCH_UTC_MS)
    chance = np.random.default_rng([_HOLES_STREAM, world.area.seed])
    for step in range(steps):
        measured = metering.at(step)
        frame.now_utc_ms = at_ms = EPOCH_UTC_MS + round(1000 * step * world.step_s)
        is_lost = measured.silent | (chance.random(n) < holes)
        given = ~np.isnan(measured.values.T) & ~is_lost
        np.copyto(frame.values, measured.values.T, where=given)
        frame.taken_utc_ms[given] = at_ms
        frame.answered_utc_ms[~is_lost] = at_ms
        frame.polls_failed[~is_lost] = 0
        frame.first_failed_utc_ms[~is_lost] = NEVER
        frame.first_failed_utc_ms[is_lost & (frame.polls_failed == 0)] = at_ms
        frame.polls_failed[is_lost] += 1
        frame.supply_v[:] = measured.mains_v
        yield frame
