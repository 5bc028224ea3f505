"""What is on air and what waits to be, and who is told about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from simulator.hplc.mac.frames import Frame


class MacListener(Protocol):
    """What the layer above is told."""

    def on_received(self, frame: Frame, receivers: npt.NDArray[np.intp], now_s: float) -> None: ...

    def on_sent(self, frame: Frame, is_delivered: bool, now_s: float) -> None:
        """The frame left its queue: acknowledged (a broadcast: sent), or given up."""


@dataclass(slots=True)
class MacCounters:
    """Since the start. ``busy_s``: of exchanges with their gaps; where nodes do not hear each other the sum grows faster than time."""

    frames: int = 0
    collisions: int = 0
    unacknowledged: int = 0
    given_up: int = 0
    refused: int = 0
    busy_s: float = 0.0


@dataclass(slots=True)
class Entry:
    """A frame in its queue; ``missing`` PBs as the receiver, ``left`` as the sender knows them."""

    frame: Frame
    left: int
    missing: int
    failures: int = 0
    sends: int = 0


@dataclass(slots=True, eq=False)
class OnAir:
    """A transmission and all those that were on air at any time of it."""

    sender: int
    begin_s: float
    head_end_s: float
    end_s: float
    overlapping: list[OnAir] = field(default_factory=list)
