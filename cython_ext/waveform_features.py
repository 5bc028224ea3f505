"""Nine features of each window of a sampled current, in one pass: many windows in one call.

Kernel because a contiguous current at 25.6 kHz is 25,600 samples a second for each circuit: 3 to 4 ns a sample here, 200 to 1000 in numpy.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("waveform_features")

N_FEATURES = 9
RMS, PEAK, FORM, KURTOSIS, FLAT_SHARE, MAX_STEP, CURVATURE, CYCLE_CHANGE, BAND = range(N_FEATURES)
_FLAT_BELOW = 0.05     # of the window's peak; detection.md 3, stagnation time


def window_features(
    samples: npt.NDArray[np.float64], bounds: npt.NDArray[np.int64], lag: int, band: npt.NDArray[np.float64], out: npt.NDArray[np.float64]
) -> None:
    """Fill ``out`` with the features of the windows between neighbouring bounds.

    Args:
        samples: shape (m,), evenly spaced.
        bounds: shape (w + 1,), rising by at least one, 0 to m: window k is ``samples[bounds[k]:bounds[k + 1]]``.
        lag: samples of one mains cycle, at least 1.
        band: shape (4,), b0 b2 a1 a2 of the band-pass (see ``band_pass``); it rests before ``bounds[0]`` and runs through all windows.
        out: shape (w, 9), filled: RMS and PEAK in the unit of the samples; ratios, 0 without current, are: FORM mean
            magnitude / rms; KURTOSIS mean fourth power / mean square squared (sine 1.5); FLAT_SHARE share of samples below 5 % of the
            peak; MAX_STEP largest change between two samples / peak; CURVATURE rms of the second difference / rms; CYCLE_CHANGE mean
            magnitude of the change against the sample one ``lag`` before / rms (0 for a window that begins before that); BAND rms behind
            the band-pass / rms.
    Raises:
        ValueError: shapes, types or bounds do not fit.
    Source: detection.md 3, table of half-cycle features.
    """
    if samples.ndim != 1 or bounds.ndim != 1 or len(bounds) < 1 or out.shape != (len(bounds) - 1, N_FEATURES) or band.shape != (4,):
        raise ValueError(f"w + 1 bounds need out of shape (w, {N_FEATURES}), band has 4 numbers")
    if samples.dtype != np.float64 or out.dtype != np.float64 or band.dtype != np.float64 or bounds.dtype != np.int64:
        raise ValueError("samples, band and out must be float64, bounds int64")
    if lag < 1 or bounds[0] < 0 or bounds[-1] > len(samples) or not (np.diff(bounds) > 0).all():
        raise ValueError(f"bounds must rise from 0 or more to at most {len(samples)}, lag must be at least 1")
    _kernel.window_features(samples, bounds, lag, band, _FLAT_BELOW, out)


def band_pass(low_hz: float, high_hz: float, rate_hz: float) -> npt.NDArray[np.float64]:
    """Coefficients b0 b2 a1 a2 (b1 is 0) of a second-order band-pass with gain 1 at the centre, by the bilinear transform.

    ``high_hz`` is lowered to 45 % of the rate where the samples do not reach it.

    Raises:
        ValueError: the band is empty at this rate.
    """
    high_hz = min(high_hz, 0.45 * rate_hz)
    if not 0 < low_hz < high_hz:
        raise ValueError(f"{rate_hz} samples a second hold no band above {low_hz} Hz")
    low, high = (math.tan(math.pi * edge_hz / rate_hz) for edge_hz in (low_hz, high_hz))
    width, centre = high - low, low * high
    scale = 1.0 + width + centre
    return np.array([width / scale, -width / scale, 2.0 * (centre - 1.0) / scale, (1.0 - width + centre) / scale])
