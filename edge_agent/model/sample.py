"""One answer of one meter."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


class TimeSource(enum.Enum):
    """Where a wall-clock label comes from: what its reader may trust it for."""

    NTP = "ntp"
    RTC = "rtc"
    METER = "meter"
    NONE = "none"


class SampleFlag(enum.IntFlag):
    """What is doubtful about a sample; the doubtful values themselves are NaN."""

    NONE = 0
    NOT_AVAILABLE = 1     # a not-available marker or NaN float was answered
    IMPLAUSIBLE = 2       # a value outside the plausible range of its quantity was answered
    PARTIAL = 4           # some points were refused or timed out
    PRESENCE = 8          # the short read: few quantities, proves that the meter lives


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """What one meter answered at one time.

    ``values`` has shape (N_COLUMNS,), float64, SI units, NaN = not given. ``turnaround_s`` is the measured time from the last
    byte of the request to the first byte of the reply.
    """

    meter: int                            # index in the archive
    taken_utc_ms: int
    time_source: TimeSource
    values: npt.NDArray[np.float64]
    flags: SampleFlag = SampleFlag.NONE
    turnaround_s: float = 0.0

    def given(self) -> npt.NDArray[np.intp]:
        """Columns that have a value."""
        columns: npt.NDArray[np.intp] = (self.values == self.values).nonzero()[0]
        return columns
