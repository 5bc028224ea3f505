"""High-frequency constants of lines: two conductors, from what the grid's line kinds are made of.

Cables: R = sqrt(rho pi f mu0 / r^2), C = 2 e0 er r/theta, L = mu0 theta/(2 r), G = 2 pi f C tan(delta), as in ns-3's PLC module, whose
r is twice the radius of a round conductor and theta twice the insulation of a core. Wires in a row in air: L = mu0/pi acosh(D/2a),
C = pi e0/acosh(D/2a), skin resistance of both, no dielectric loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.grid.areas import STYLES
from simulator.grid.lines import LineType
from simulator.hplc.assumptions import assumed, assumed_row

MU0, EPS0 = 4e-7 * math.pi, 8.8541878128e-12
Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConstants:
    """Per metre. ``skin_ohm_m``: series resistance at 1 Hz, which grows with the root of the frequency."""

    skin_ohm_m: float
    inductance_h_m: float
    capacitance_f_m: float
    loss_tangent: float

    @property
    def impedance_ohm(self) -> float:
        """Characteristic impedance without losses."""
        return math.sqrt(self.inductance_h_m / self.capacitance_f_m)

    def propagation_1_m(self, f_hz: npt.ArrayLike) -> Complex:
        """alpha + j beta at each frequency."""
        f = np.asarray(f_hz, dtype=np.float64)
        omega = 2.0 * np.pi * f
        series = self.skin_ohm_m * np.sqrt(f) + 1j * omega * self.inductance_h_m
        shunt = omega * self.capacitance_f_m * (self.loss_tangent + 1j)
        gamma: Complex = np.sqrt(series * shunt)
        return gamma

    def loss_db_km(self, f_hz: npt.ArrayLike) -> Real:
        loss: Real = 20e3 / math.log(10.0) * self.propagation_1_m(f_hz).real
        return loss


def cable(*, r_m: float, theta_m: float, resistivity_ohm_m: float) -> LineConstants:
    """A cable by the formulas above."""
    return LineConstants(
        skin_ohm_m=math.sqrt(resistivity_ohm_m * math.pi * MU0) / r_m, inductance_h_m=MU0 * theta_m / (2.0 * r_m),
        capacitance_f_m=2.0 * EPS0 * assumed("line.relative_permittivity") * r_m / theta_m, loss_tangent=assumed("line.loss_tangent"),
    )


def overhead(*, radius_m: float, spacing_m: float, resistivity_ohm_m: float) -> LineConstants:
    """Two wires in air."""
    geometry = math.acosh(spacing_m / (2.0 * radius_m))
    return LineConstants(
        skin_ohm_m=math.sqrt(resistivity_ohm_m * MU0 / math.pi) / radius_m, inductance_h_m=MU0 / math.pi * geometry,
        capacitance_f_m=math.pi * EPS0 / geometry, loss_tangent=0.0,
    )


def constants_of(line: LineType) -> LineConstants:
    """Constants of a line kind of the grid."""
    rho = assumed("line.resistivity_copper_ohm_m" if line.metal == "Cu" else "line.resistivity_aluminium_ohm_m")
    radius_m = math.sqrt(line.mm2 / math.pi) / 1000.0
    if line.in_a_row:
        return overhead(radius_m=radius_m, spacing_m=line.spacing_m, resistivity_ohm_m=rho)
    return cable(r_m=2.0 * radius_m, theta_m=2.0 * _insulation_m(line.mm2), resistivity_ohm_m=rho)


def known_lines() -> Mapping[str, LineConstants]:
    """Constants of every line kind that generated areas use, by the name that a branch carries as its type."""
    kinds = [kind for style in STYLES.values() for kind in (style.main, style.spur, style.service, style.service_three)]
    return {kind.name: constants_of(kind) for kind in kinds}


def _insulation_m(mm2: int) -> float:
    steps = zip(assumed_row("line.insulation_mm2"), assumed_row("line.insulation_mm"), strict=True)
    return next((mm for most, mm in steps if mm2 <= most), assumed_row("line.insulation_mm")[-1]) / 1000.0
