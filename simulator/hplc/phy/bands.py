"""The four bands as OFDM carriers: 25 MHz sampling, FFT of 1024.

Ranges: Q/GDW 10376.2-2024, AFN 03H F16. Carrier numbers follow from range over spacing; they give 57 of 60 cells of the published
PB-count table (``modes``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_HZ = 25e6
FFT_SIZE = 1024
SPACING_HZ = SAMPLE_HZ / FFT_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Carriers ``first`` .. ``last``, both in use."""

    number: int
    first: int
    last: int

    @property
    def carriers(self) -> int:
        return self.last - self.first + 1


BANDS = (
    Band(number=0, first=80, last=490), Band(number=1, first=100, last=230), Band(number=2, first=32, last=120),
    Band(number=3, first=72, last=120),
)


def carrier_hz(band: int) -> npt.NDArray[np.float64]:
    """Centre of each carrier of a band, shape (carriers,), in Hz."""
    return SPACING_HZ * np.arange(BANDS[band].first, BANDS[band].last + 1, dtype=np.float64)
