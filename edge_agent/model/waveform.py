"""A sampled window of current, and of voltage where the unit has it, from a sensing unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.model.sample import TimeSource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Waveform:
    """``current_a`` has shape (n,), evenly spaced at ``rate_hz``; ``voltage_v`` the same or None.

    ``meter`` is the index of the meter whose circuit is sensed, ``phase`` which of its phases. ``taken_utc_ms`` is the time of the first
    sample; a unit that sends windows without a pause numbers them: ``sequence`` rises by one, a hole says that time was not seen.
    """

    meter: int
    phase: str
    taken_utc_ms: int
    time_source: TimeSource
    rate_hz: float
    mains_hz: float
    sequence: int
    current_a: npt.NDArray[np.float32]
    voltage_v: npt.NDArray[np.float32] | None = None
