"""Echo model of a power line and its published parameter sets.

H(f) = sum_i g_i exp(-(a0 + a1 f^k) d_i) exp(-j 2 pi f d_i / v), v = c/sqrt(4): Zimmermann and Dostert 2002, IEEE Trans. Commun. 50(4),
eq. 10. The form printed in IEEE 1901.1.1-2020 is reported to be wrong and is not used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.hplc.assumptions import assumed_row

WAVE_M_S = 1.5e8
Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoes:
    """``k``, ``a0_1_m``, ``a1_s_m``: attenuation of a metre, a0 + a1 f^k; ``gains`` and ``lengths_m``: one each for every path."""

    k: float = 1.0
    a0_1_m: float = 0.0
    a1_s_m: float
    gains: tuple[float, ...]
    lengths_m: tuple[float, ...]


# Z4: the four paths of the paper, seen in a public model (which has a0 = 3e-5, the paper 0). A5, A17: IEEE 1901.1.1-2020, annex A.1.1.
REFERENCE_SETS = {
    "Z4": Echoes(a1_s_m=7.8e-10, gains=(0.64, 0.38, -0.15, 0.05), lengths_m=(200.0, 222.4, 244.8, 267.5)),
    "Z15": Echoes(
        a1_s_m=7.8e-10, gains=assumed_row("channel.z15_gains"), lengths_m=assumed_row("channel.z15_lengths_m"),
    ),
    "A5": Echoes(a1_s_m=1.65e-9, gains=(0.09, -0.012, 0.012, -0.012, 0.022), lengths_m=(100.0, 130.0, 160.0, 190.0, 300.0)),
    "A17": Echoes(
        a1_s_m=2.8e-9,
        gains=(-0.15, 0.165, 0.032, -0.014, -0.035, -0.035, -0.03, 0.015, 0.022, 0.04, 0.02, -0.015, 0.0865, -0.062, -0.083, 0.05, -0.035),
        lengths_m=(
            150.8, 152.3, 172.0, 210.4, 230.0, 258.0, 294.0, 370.0, 400.0, 435.0, 468.0, 494.0, 534.0, 581.0, 632.0, 1070.0, 1224.0,
        ),
    ),
}


def transfer(echoes: Echoes, f_hz: npt.ArrayLike) -> Complex:
    """H at each frequency, the shape of ``f_hz``."""
    f = np.asarray(f_hz, dtype=np.float64)[..., None]
    lengths = np.array(echoes.lengths_m)
    decay = np.exp(-(echoes.a0_1_m + echoes.a1_s_m * f**echoes.k) * lengths)
    h: Complex = (np.array(echoes.gains) * decay * np.exp(-2j * np.pi * f * lengths / WAVE_M_S)).sum(axis=-1)
    return h


def length_class_db(length_m: int, f_hz: npt.ArrayLike) -> Real:
    """Attenuation over a whole line of one of the paper's length classes (100, 150, 200, 300, 380 m), in dB. Raises KeyError for others."""
    a0, a1, k = assumed_row(f"channel.length_class_{length_m}m")
    loss: Real = 20.0 / np.log(10.0) * (a0 + a1 * np.asarray(f_hz, dtype=np.float64) ** k) * length_m
    return loss
