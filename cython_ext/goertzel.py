"""Harmonics of windows by Goertzel's recursion: three operations for each sample and harmonic, any frequency, no table.

Kernel because three harmonics of 20 ms at 6.4 kHz take half a microsecond here; one FFT call costs 4 to 12 us before it begins.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext import load

_kernel = load("goertzel")


def window_harmonics(
    samples: npt.NDArray[np.float64], bounds: npt.NDArray[np.int64], radians: npt.NDArray[np.float64], out: npt.NDArray[np.float64]
) -> None:
    """Fill ``out`` with 2/n * sum(x[i] * exp(-j * radians * i)) of each window, i counted from the window's first sample.

    Args:
        samples: shape (m,), evenly spaced.
        bounds: shape (w + 1,), rising by at least one, 0 to m: window k is ``samples[bounds[k]:bounds[k + 1]]``.
        radians: shape (h,), above 0 and below pi: the angle between two samples; order * 2 pi * mains_hz / rate_hz for a harmonic.
        out: shape (w, h, 2), real and imaginary part: a cosine of amplitude A over whole cycles gives (A, 0), a sine (0, -A).
    Raises:
        ValueError: shapes, types or bounds do not fit.
    """
    if samples.ndim != 1 or bounds.ndim != 1 or len(bounds) < 1 or radians.ndim != 1 or out.shape != (len(bounds) - 1, len(radians), 2):
        raise ValueError("w + 1 bounds and h angles need out of shape (w, h, 2)")
    if any(array.dtype != np.float64 for array in (samples, radians, out)) or bounds.dtype != np.int64:
        raise ValueError("samples, radians and out must be float64, bounds int64")
    if bounds[0] < 0 or bounds[-1] > len(samples) or not (np.diff(bounds) > 0).all():
        raise ValueError(f"bounds must rise from 0 or more to at most {len(samples)}")
    if not ((radians > 0) & (radians < np.pi)).all():
        raise ValueError("radians must be above 0 and below pi: a harmonic above half the sample rate cannot be told")
    _kernel.window_harmonics(samples, bounds, radians, out)
