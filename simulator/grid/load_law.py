"""What a load draws at a voltage: shares of constant impedance, current and power, and the low-voltage rule.

With x = |V| / V_nom: S = S_nom (z x^2 + i x + p) from x = 0.7 on; below it the load is the constant impedance that it is at 0.7. Without
such a rule constant power behind a lost neutral or on a back-fed phase has no unique solution. The rule is ours (grid.md, trap 2).

What a load with ``cuts_out`` gives back (S_nom with P < 0) falls to nothing between x = 1.1 and 1.35: an inverter leaves within 2 s above
1.1 and within 0.05 s above 1.35 (GB/T 29319-2012, recalled). The straight line between is ours: a jump would have no solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.grid.network import Load

LOW_VOLTAGE = 0.7
_CUT_OUT_BEGINS, _CUT_OUT_ENDS = 1.1, 1.35
Complex = npt.NDArray[np.complex128]
Real = npt.NDArray[np.float64]


def square(volts: Complex) -> Real:
    """|V|^2 without the root, which is the slow part of it."""
    squared: Real = volts.real**2 + volts.imag**2
    return squared


class LoadLaw:
    """The law of n loads. All arrays of volts and powers have shape (n, t); powers are what is drawn at nominal voltage, in VA."""

    def __init__(self, loads: Sequence[Load], *, dtype: type[np.floating[Any]] = np.float64) -> None:
        self.loads = tuple(loads)
        self.v_nom = np.array([load.v_nom for load in loads], dtype=dtype)[:, None]
        shares = np.array([load.zip for load in loads], dtype=dtype).reshape(len(loads), 3)
        self._z, self._i, self._p = (shares[:, place][:, None] for place in range(3))
        at_limit = self._z * LOW_VOLTAGE**2 + self._i * LOW_VOLTAGE + self._p
        self._low = at_limit / LOW_VOLTAGE**2
        self._is_constant_power = bool((self._p == 1.0).all())
        cuts_out = np.array([load.cuts_out for load in loads], dtype=bool)[:, None]
        self._cuts_out = cuts_out if cuts_out.any() else None

    def nominal_admittance(self, s_va: Complex) -> Complex:
        """Of the loads at nominal voltage."""
        admittance: Complex = s_va.conj() / self.v_nom**2
        return admittance

    def current(self, volts: Complex, s_va: Complex) -> Complex:
        """Amperes drawn. Zero volts draw nothing."""
        low_v = LOW_VOLTAGE * self.v_nom.max(initial=0.0)
        if self._is_constant_power and self._cuts_out is None and square(volts).min(initial=np.inf) >= low_v**2:
            drawn: Complex = (s_va / volts).conj()
            return drawn
        x = np.abs(volts) / self.v_nom
        amperes: Complex = s_va.conj() * self._per_nominal(x) * volts / self.v_nom**2
        gives = self._gives_too_high(x, s_va)
        if gives is not None:
            amperes[gives] *= _left(x[gives])
        return amperes

    def slope(self, volts: Complex, s_va: Complex) -> tuple[Complex, Complex]:
        """dI = a dV + b Re(conj(V) dV): admittance as it is now, and how it changes with the voltage."""
        size_v = np.abs(volts)
        x = size_v / self.v_nom
        base = s_va.conj() / self.v_nom**2
        safe = np.maximum(x, LOW_VOLTAGE)
        falls = np.where(x < LOW_VOLTAGE, 0.0, -self._i / safe**2 - 2.0 * self._p / safe**3)      # d(per nominal)/dx
        share = self._per_nominal(x)
        gives = self._gives_too_high(x, s_va)
        if gives is not None:
            left = _left(x[gives])
            falls[gives] = falls[gives] * left - share[gives] * (left > 0.0) / (_CUT_OUT_ENDS - _CUT_OUT_BEGINS)
            share[gives] *= left
        return base * share, base * falls * volts / (self.v_nom * np.maximum(size_v, 1e-9))

    def _gives_too_high(self, x: Real, s_va: Complex) -> npt.NDArray[np.bool_] | None:
        """What gives back at a voltage at which it cuts out; None where nothing does."""
        if self._cuts_out is None or x.max(initial=0.0) <= _CUT_OUT_BEGINS:
            return None
        gives: npt.NDArray[np.bool_] = self._cuts_out & (x > _CUT_OUT_BEGINS) & (s_va.real < 0.0)
        return gives if gives.any() else None

    def _per_nominal(self, x: Real) -> Real:
        """Admittance over nominal admittance."""
        safe = np.maximum(x, LOW_VOLTAGE)
        share: Real = np.where(x < LOW_VOLTAGE, self._low, self._z + self._i / safe + self._p / safe**2)
        return share


def _left(x: Real) -> Real:
    """The share that is still given back at a voltage above the beginning of the cut-out."""
    share: Real = np.clip((_CUT_OUT_ENDS - x) / (_CUT_OUT_ENDS - _CUT_OUT_BEGINS), 0.0, 1.0)
    return share
