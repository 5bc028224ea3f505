"""Noise over the half cycle of the mains: Katayama's envelope with a raised window where power electronics switch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.hplc.assumptions import assumed, assumed_row

Real = npt.NDArray[np.float64]
HALF_CYCLE_S = 0.01
_STEPS = 400
_STARTS = 4                      # classes of how much of the window a frame meets


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Noise power over the mean background: ``calm`` outside the raised window, ``raised`` within; ``share`` of the half cycle."""

    calm: float
    raised: float
    share: float


def katayama(theta: npt.ArrayLike) -> Real:
    """Noise power at mains angle ``theta`` (rad), scaled to a mean of one over the half cycle."""
    grid = np.linspace(0.0, np.pi, 200_001)
    shape: Real = _sum_of_powers(np.asarray(theta, dtype=np.float64)) / _sum_of_powers(grid).mean()
    return shape


def envelope(level: str) -> Envelope:
    """The two-level form that decoding uses. The window lies around the crest, where the fit has its narrow term too."""
    share, raised_db = assumed(f"noise.{level}.raised_share"), assumed(f"noise.{level}.raised_db")
    theta = np.pi * (np.arange(_STEPS) + 0.5) / _STEPS
    shape = katayama(theta)
    inside = np.abs(theta / np.pi - 0.5) < share / 2.0
    return Envelope(calm=float(shape[~inside].mean()), raised=float(shape[inside].mean() * 10.0 ** (raised_db / 10.0)), share=share)


def window_shares(duration_s: float, share: float) -> tuple[float, ...]:
    """How much of a frame lies in the raised window, for four equally likely classes of when it begins. From 10 ms on all meet one."""
    starts = (np.arange(_STEPS) + 0.5) / _STEPS
    length = duration_s / HALF_CYCLE_S
    met = (_inside_until(starts + length, share) - _inside_until(starts, share)) / length
    return tuple(np.sort(met).reshape(_STARTS, -1).mean(axis=1).tolist())


def _inside_until(at: Real, share: float) -> Real:
    """Time within windows that lie at the begin of each half cycle, from 0 to ``at`` (half cycles)."""
    whole = np.floor(at)
    until: Real = whole * share + np.minimum(at - whole, share)
    return until


def _sum_of_powers(theta: Real) -> Real:
    size = np.abs(np.sin(theta))[..., None]
    total: Real = (np.array(assumed_row("mains.weights")) * size ** np.array(assumed_row("mains.exponents"))).sum(axis=-1)
    return total
