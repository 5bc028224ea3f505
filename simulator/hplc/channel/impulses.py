"""Impulsive noise: the share of symbols that it erases, which links use, and samples of three models to choose from for waveforms.

Partitioned Markov: Zimmermann and Dostert 2002, IEEE Trans. EMC 44(1), with one state of each kind. Bernoulli-Gaussian is its cheap
substitute. Middleton's class A fits a minority of measured registers (Cortes 2016) and is an option, not the default.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from simulator.hplc.assumptions import assumed

Real = npt.NDArray[np.float64]
_TERMS = 40                      # of class A: the Poisson tail beyond is below 1e-20 for indices up to 1


def disturbed(n: int, step_s: float, *, share: float, rate_s: float, chance: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which of ``n`` steps an impulse covers: ``share`` of time in ``rate_s`` impulses a second, durations and gaps exponential."""
    duration_s = share / rate_s
    gap_s = (1.0 - share) / rate_s
    covered = np.zeros(n, dtype=np.bool_)
    at_s, end_s = (0.0 if chance.random() < share else chance.exponential(gap_s)), n * step_s
    while at_s < end_s:
        until_s = at_s + chance.exponential(duration_s)
        covered[math.ceil(at_s / step_s):math.ceil(until_s / step_s)] = True
        at_s = until_s + chance.exponential(gap_s)
    return covered


def bernoulli_gaussian(n: int, *, share: float, power: float, chance: np.random.Generator) -> Real:
    """Samples over a background of unit power: with chance ``share`` an impulse of ``power`` times that comes on top."""
    hit = chance.random(n) < share
    samples: Real = chance.standard_normal(n) * np.sqrt(1.0 + power * hit)
    return samples


def class_a(n: int, *, index: float, gamma: float, chance: np.random.Generator) -> Real:
    """Samples of unit power: p(x) = sum_m e^-A A^m/m! N(0, s_m^2), s_m^2 = (m/A + Gamma)/(1 + Gamma)."""
    order = chance.poisson(index, n)
    samples: Real = chance.standard_normal(n) * np.sqrt((order / index + gamma) / (1.0 + gamma))
    return samples


def class_a_density(x: npt.ArrayLike, *, index: float, gamma: float) -> Real:
    """Density of ``class_a`` at ``x``."""
    m = np.arange(_TERMS)
    weight = np.exp(-index + m * math.log(index) - np.array([math.lgamma(order + 1.0) for order in m]))
    variance = (m / index + gamma) / (1.0 + gamma)
    at = np.asarray(x, dtype=np.float64)[..., None]
    density: Real = (weight * np.exp(-0.5 * at**2 / variance) / np.sqrt(2.0 * np.pi * variance)).sum(axis=-1)
    return density


def erased_symbols(share: float, rate_s: float, symbol_s: float) -> float:
    """Share of OFDM symbols that an impulse touches: those within it and the one it begins in."""
    return 1.0 - math.exp(-rate_s * symbol_s) * (1.0 - share)


def erased_share(level: str, symbol_s: float) -> float:
    """Share of OFDM symbols lost to impulses at a noise level ("quiet", "normal", "heavy").

    The level says where it lies between the weakly and the heavily disturbed class of the Markov model: share of time and rate of impulses
    are interpolated geometrically, since the classes are decades apart.
    """
    place = assumed(f"noise.{level}.disturbance")
    share, rate_s = (
        assumed(f"impulse.weak_{name}") ** (1.0 - place) * assumed(f"impulse.heavy_{name}") ** place
        for name in ("disturbed_share", "rate_s")
    )
    return erased_symbols(share, rate_s, symbol_s)
