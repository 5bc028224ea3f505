"""Series impedances of lines and cables from what they are made of: metal, cross-section, spacing.

Carson's earth-return formula, simplified: z_ii = r + r_e + j w (mu_0/2pi) ln(D_e/GMR), z_ij = r_e + j w (mu_0/2pi) ln(D_e/D_ij), with
r_e = pi^2 f 1e-7 ohm/m and D_e = 658.5 sqrt(rho/f) m. Conductor resistances: IEC 60228 class 2 at 20 C.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.grid.network import Branch, Matrix

EARTH_OHM_M = 100.0
_COPPER_OHM_KM = {
    10: 1.83, 16: 1.15, 25: 0.727, 35: 0.524, 50: 0.387, 70: 0.268, 95: 0.193, 120: 0.153, 150: 0.124, 185: 0.0991, 240: 0.0754,
}
_ALUMINIUM_OHM_KM = {
    10: 3.08, 16: 1.91, 25: 1.20, 35: 0.868, 50: 0.641, 70: 0.443, 95: 0.320, 120: 0.253, 150: 0.206, 185: 0.164, 240: 0.125,
}
_SOLID_GMR = math.exp(-0.25)      # geometric mean radius of a round conductor over its radius


@dataclass(frozen=True, slots=True, kw_only=True)
class LineType:
    """``mm2``: cross-section of each conductor; ``spacing_m``: between neighbours, in a row (overhead) or as a bundle (cable)."""

    name: str
    mm2: int
    metal: str                   # "Cu" or "Al"
    spacing_m: float
    in_a_row: bool = False

    @property
    def ohm_km(self) -> float:
        return (_COPPER_OHM_KM if self.metal == "Cu" else _ALUMINIUM_OHM_KM)[self.mm2]


def line_branch(
    branch_id: str, ends: tuple[str, str], conductors: Sequence[str], line: LineType, length_m: float, *, f_hz: float = 50.0
) -> Branch:
    """A branch of ``length_m`` of ``line``."""
    return Branch(
        id=branch_id, from_bus=ends[0], to_bus=ends[1], conductors=tuple(conductors), length_m=length_m, type=line.name,
        z_ohm=length_m * ohm_per_metre(line, len(conductors), f_hz=f_hz),
    )


def ohm_per_metre(line: LineType, conductors: int, *, f_hz: float = 50.0) -> Matrix:
    """Primitive matrix, shape (conductors, conductors)."""
    earth_ohm, reactance = math.pi**2 * f_hz * 1e-7, 2.0 * math.pi * f_hz * 2e-7
    depth_m = 658.5 * math.sqrt(EARTH_OHM_M / f_hz)
    radius_m = math.sqrt(line.mm2 / math.pi) / 1000.0
    place = np.arange(conductors)
    apart = np.abs(place[:, None] - place[None, :])
    # four cores of a bundle lie in a square: neighbours at the spacing, opposite ones at its diagonal
    steps = apart.astype(float) if line.in_a_row else np.where(apart % 4 == 2, math.sqrt(2.0), 1.0)
    distance_m = np.where(apart == 0, radius_m * _SOLID_GMR, line.spacing_m * steps)
    z: Matrix = earth_ohm + 1j * reactance * np.log(depth_m / distance_m) + line.ohm_km / 1000.0 * np.eye(conductors)
    return z
