"""A sampled window cut into half cycles of the mains, with the features of each."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.goertzel import window_harmonics
from cython_ext.waveform_features import N_FEATURES, RMS, band_pass, window_features
from edge_agent.model import Waveform

_MAINS_HZ = (40.0, 70.0)
_LEAST_RATE_HZ = 2_000.0        # 20 samples of a half cycle: below, an edge of 1 ms is lost between two samples
_MOST_RATE_HZ = 1_000_000.0
_BAND_HZ = (2_000.0, 5_000.0)   # detection.md 3
_ON_TIME = 0.03                 # of a half cycle: a window that begins this close to a zero crossing begins there


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HalfCycles:
    """Whole half cycles of one window, in order.

    ``features``: shape (w, 9), columns of ``cython_ext.waveform_features``. ``polarity``: shape (w,), 0 where the supply's voltage is
    positive, as far as the unit tells. ``begin_ms``: of the first, after the window's first sample. ``voltage_v``: shape (w,), rms; None
    where the unit senses none.
    """

    features: npt.NDArray[np.float64]
    polarity: npt.NDArray[np.int64]
    begin_ms: float
    half_ms: float
    voltage_v: npt.NDArray[np.float64] | None


def cut_into_half_cycles(waveform: Waveform) -> HalfCycles | None:
    """None where the window holds no whole half cycle or its rates are out of range.

    Half cycles begin where the voltage passes zero; without voltage the window is taken to begin there, in the positive half. What is left
    over at the end is not looked at: a unit sends whole cycles.
    """
    if not (_MAINS_HZ[0] <= waveform.mains_hz <= _MAINS_HZ[1] and _LEAST_RATE_HZ <= waveform.rate_hz <= _MOST_RATE_HZ):
        return None
    samples_per_half = waveform.rate_hz / waveform.mains_hz / 2
    current_a = np.ascontiguousarray(waveform.current_a, dtype=np.float64)
    begin, first_polarity = 0.0, 0
    if waveform.voltage_v is not None:
        begin, first_polarity = _zero_crossing(waveform, samples_per_half)
    count = int((len(current_a) - begin + 0.5) / samples_per_half)
    if count < 1:
        return None
    bounds = np.minimum(np.rint(begin + samples_per_half * np.arange(count + 1)).astype(np.int64), len(current_a))
    band, lag = band_pass(*_BAND_HZ, waveform.rate_hz) if waveform.rate_hz > 5_000 else np.zeros(4), round(2 * samples_per_half)
    features = np.empty((count, N_FEATURES))
    window_features(current_a, bounds, lag, band, features)
    voltage_v = None
    if waveform.voltage_v is not None:
        of_voltage = np.empty_like(features)
        window_features(np.ascontiguousarray(waveform.voltage_v, dtype=np.float64), bounds, lag, np.zeros(4), of_voltage)
        voltage_v = of_voltage[:, RMS]
    return HalfCycles(
        features=features, polarity=(first_polarity + np.arange(count)) % 2, begin_ms=1000 * begin / waveform.rate_hz,
        half_ms=500 / waveform.mains_hz, voltage_v=voltage_v,
    )


def _zero_crossing(waveform: Waveform, samples_per_half: float) -> tuple[float, int]:
    """First sample of the first half cycle, not a whole number, and its polarity: from the phase of the voltage's fundamental."""
    voltage_v = np.ascontiguousarray(waveform.voltage_v, dtype=np.float64)
    whole = round(int(len(voltage_v) / samples_per_half / 2) * samples_per_half * 2)
    if whole < 1 or not np.isfinite(voltage_v[:whole]).all():
        return 0.0, 0
    found = np.empty((1, 1, 2))
    window_harmonics(voltage_v, np.array([0, whole]), np.array([math.pi / samples_per_half]), found)
    if not found.any():
        return 0.0, 0
    # A sin(wt + p) gives (A sin p, -A cos p): it rises through zero at wt = -p
    halves, ahead = divmod(-math.atan2(found[0, 0, 0], -found[0, 0, 1]) % (2 * math.pi) / math.pi, 1.0)
    is_falling = int(halves) % 2
    if ahead > 1 - _ON_TIME:
        return 0.0, 1 - is_falling
    return (0.0 if ahead < _ON_TIME else ahead * samples_per_half), is_falling
