"""What the MAC needs to know of the wires: how well each module hears each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTable:
    """How well each module hears each other. Node 0 is the CCO, node i the i-th module. Index [i, j]: i sends, j hears.

    Abstracted PHY, not calibrated against silicon. A node does not hear itself: the diagonals are -inf dB, 0 and False.

    Attributes:
        mean_snr_db: (n, n), mean over the carriers, -inf without a path.
        success: TMI -> (n, n), chance that a frame with one PB of that TMI is decoded (preamble, frame control, PB) on an idle channel.
        hears: (n, n), the preamble is detected: carrier sense.
        attenuation_db: (n, n), of the power of all carriers together; +inf without a path.
    """

    band: int
    mean_snr_db: Float32
    success: Mapping[int, Float32]
    hears: npt.NDArray[np.bool_]
    attenuation_db: Float32
