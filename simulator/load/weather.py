"""Outdoor temperature and daylight: a yearly and a daily wave with slow noise, or what a scenario sets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.load.streams import Streams

_LATITUDE_DEG = 30.0             # the Yangtze provinces
_YEAR_MEAN_C, _YEAR_SWING_C, _DAY_SWING_C = 17.0, 12.0, 4.0
_COLDEST_DAY, _COLDEST_HOUR = 20, 5.0
_NOISE_C, _NOISE_HOURS = 2.5, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """``temperature_c``: shape (24 * days,), one value an hour; ``sunrise_h`` and ``sunset_h``: shape (days,), hours of the day."""

    temperature_c: npt.NDArray[np.float64]
    sunrise_h: npt.NDArray[np.float64]
    sunset_h: npt.NDArray[np.float64]

    @property
    def days(self) -> int:
        return len(self.sunrise_h)

    @classmethod
    def drawn(cls, streams: Streams, *, first_day: int, days: int, shift_c: float = 0.0) -> Weather:
        """``first_day`` of the year, 0..364; ``shift_c`` makes a heat wave or a cold spell."""
        chance = streams.named("weather")
        hours = np.arange(24 * days)
        day = first_day + hours / 24.0
        yearly = -_YEAR_SWING_C * np.cos(2.0 * math.pi * (day - _COLDEST_DAY) / 365.0)
        daily = -_DAY_SWING_C * np.cos(2.0 * math.pi * (hours % 24 - _COLDEST_HOUR) / 24.0)
        keeps = math.exp(-1.0 / _NOISE_HOURS)
        shocks = chance.normal(0.0, _NOISE_C * math.sqrt(1.0 - keeps**2), 24 * days)
        noise = np.zeros(24 * days)
        level = chance.normal(0.0, _NOISE_C)
        for hour, shock in enumerate(shocks.tolist()):
            level = keeps * level + shock
            noise[hour] = level
        declination = np.radians(-23.44) * np.cos(2.0 * math.pi * (first_day + np.arange(days) + 10) / 365.0)
        half_h = np.degrees(np.arccos(np.clip(-np.tan(math.radians(_LATITUDE_DEG)) * np.tan(declination), -1.0, 1.0))) / 15.0
        return cls(temperature_c=_YEAR_MEAN_C + yearly + daily + noise + shift_c, sunrise_h=12.0 - half_h, sunset_h=12.0 + half_h)
