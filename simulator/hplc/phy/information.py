"""Mutual information of a coded bit: BPSK over Gaussian noise, exact by quadrature, tabulated once for the inner loop.

Of a QPSK symbol each bit sees half the symbol's SNR as BPSK does, so one curve serves both.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
_LOW_DB, _HIGH_DB, _STEP_DB = -40.0, 20.0, 0.01      # information is 1.4e-4 bits at one end and 1 to 1e-15 at the other
_NODES, _WEIGHTS = np.polynomial.hermite.hermgauss(120)
# steps of the table for each unit of the natural logarithm of an SNR
STEPS_PER_LOG = 10.0 / math.log(10.0) / _STEP_DB


def bpsk_information(snr: npt.ArrayLike) -> Real:
    """Bits per symbol, 0 to 1, at Es/N0 ``snr`` (linear, 0 or more): 1 - E[log2(1 + exp(-L))], L normal(4 snr, 8 snr)."""
    at = np.asarray(snr, dtype=np.float64)[..., None]
    likelihood = 4.0 * at + np.sqrt(8.0 * at) * math.sqrt(2.0) * _NODES
    lost = (_WEIGHTS * np.logaddexp(0.0, -likelihood)).sum(axis=-1) / math.sqrt(math.pi) / math.log(2.0)
    bits: Real = np.clip(1.0 - lost, 0.0, 1.0)
    return bits


def table_place(snr: npt.NDArray[np.float32]) -> Float32:
    """Where linear SNRs lie in the table, in steps; a factor of the SNR is ``STEPS_PER_LOG * log(factor)`` steps."""
    place: Float32 = np.log(np.maximum(snr, np.float32(1e-30))) * np.float32(STEPS_PER_LOG) - np.float32(_LOW_DB / _STEP_DB)
    return place


def information_at(place: Float32) -> Float32:
    """Bits per BPSK symbol at places of the table, to 1e-3; beyond its ends that of its ends."""
    found: Float32 = _TABLE.take(place.astype(np.int32), mode="clip")
    return found


_TABLE: Float32 = bpsk_information(
    10.0 ** ((_LOW_DB + _STEP_DB * (0.5 + np.arange(round((_HIGH_DB - _LOW_DB) / _STEP_DB)))) / 10.0)
).astype(np.float32)
