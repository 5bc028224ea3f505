"""Where the fixed point does not settle: Newton over all ports, and two ways to begin it nearer.

Where the kink of the low-voltage rule keeps Newton in a circle it begins from damped rounds; where what is given back has many solutions,
from the one that is come to by letting it grow.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.grid.load_law import Complex, LoadLaw
from simulator.grid.real_form import newton_change

TOLERANCE_PU = 1e-10
_NEWTON_STEPS, _GROWTH_STEPS = 40, 51
_DAMPED_ROUNDS = 60              # what was seen to need them was settled to a microvolt after 30 to 50
NEWTON_BYTES = 64 * 2**20       # of one batch of matrices


class PortNewton:
    """Of one topology: v = v_open - z (i(v) - inside v) at its ports.

    Args:
        z_ohm: shape (n, n). v_open, inside_s: shape (n,).
        loose: the ports that hang on no tied neutral or phase.
    """

    def __init__(self, law: LoadLaw, z_ohm: Complex, v_open: Complex, inside_s: Complex, loose: npt.NDArray[np.intp]) -> None:
        self._law, self._z_ohm, self._v_open, self._inside_s, self._loose = law, z_ohm, v_open, inside_s, loose

    def settle(self, s_va: Complex) -> tuple[Complex, int, int]:
        """Volts, shape (n, t); how many time steps did not settle, and how many rounds it took."""
        volts: Complex = np.repeat(self._v_open[:, None], s_va.shape[1], axis=1)
        chunk, used, lost = max(1, NEWTON_BYTES // (8 * (2 * len(volts)) ** 2)), 0, 0
        for begin in range(0, volts.shape[1], chunk):
            part = slice(begin, begin + chunk)
            volts[:, part], stuck, count = self._settled(volts[:, part], s_va[:, part])
            used, lost = max(used, count), lost + stuck
        return volts, lost, used

    def _settled(self, volts: Complex, s_va: Complex) -> tuple[Complex, int, int]:
        volts, stuck, used = self._newton(volts, s_va)
        for way in (self._damped, self._grown):
            if not len(stuck):
                break
            volts[:, stuck], lost, count = self._newton(way(s_va[:, stuck]), s_va[:, stuck])
            stuck, used = stuck[lost], used + count
        return volts, len(stuck), used

    def _damped(self, s_va: Complex) -> Complex:
        """Every load as the impedance that it was, moved half way to what it is now, over and over: slow, and hardly ever lost."""
        n, n_steps = s_va.shape
        loose = self._loose if len(self._loose) else np.arange(n)
        inside, z = self._inside_s[loose, None], self._z_ohm[np.ix_(loose, loose)]
        volts: Complex = np.repeat(self._v_open[:, None], n_steps, axis=1)
        taken = self._law.nominal_admittance(s_va)[loose]
        for _ in range(_DAMPED_ROUNDS):
            drawn = self._law.current(volts, s_va)
            drawn[loose] = 0.0
            open_v = self._v_open[:, None] - self._z_ohm @ drawn
            matrices = np.eye(len(loose)) + z[None, :, :] * (taken - inside).T[:, None, :]
            found = np.linalg.solve(matrices, open_v[loose].T[:, :, None])[:, :, 0].T
            volts = open_v - self._z_ohm[:, loose] @ ((taken - inside) * found)
            volts[loose] = found
            now = self._law.current(volts, s_va)[loose] / np.where(found == 0.0, 1.0, found)
            taken = taken + 0.5 * (now - taken)
        return volts

    def _grown(self, s_va: Complex) -> Complex:
        """Without what is given back first, and then a little more of it each time."""
        volts: Complex = np.repeat(self._v_open[:, None], s_va.shape[1], axis=1)
        for share in np.linspace(0.0, 1.0, _GROWTH_STEPS):
            volts, _, _ = self._newton(volts, np.where(s_va.real < 0.0, share * s_va, s_va))
        return volts

    def _newton(self, volts: Complex, s_va: Complex) -> tuple[Complex, npt.NDArray[np.intp], int]:
        """Volts, the time steps that have not settled, and how many steps it took."""
        n_steps = volts.shape[1]
        tolerance_v = TOLERANCE_PU * self._law.v_nom
        inside = self._inside_s[:, None]
        active = np.arange(n_steps)
        residual = self._residual(volts, s_va)
        for count in range(1, _NEWTON_STEPS + 1):  # noqa: B007
            now_v = volts[:, active]
            a, b = self._law.slope(now_v, s_va[:, active])
            change = newton_change(self._z_ohm, a - inside, b, now_v, residual)
            scale = np.ones(len(active))
            size = np.abs(residual).max(axis=0)
            for _ in range(6):         # a step that makes things worse is halved
                trial = now_v + scale * change
                fresh = self._residual(trial, s_va[:, active])
                worse = np.abs(fresh).max(axis=0) > np.maximum(size, tolerance_v.min())
                if not worse.any():
                    break
                scale[worse] /= 2
            volts[:, active] = trial
            going = (np.abs(scale * change) > tolerance_v).any(axis=0)
            active, residual = active[going], fresh[:, going]
            if not len(active):
                break
        return volts, active, count

    def _residual(self, volts: Complex, s_va: Complex) -> Complex:
        if s_va.shape != volts.shape:
            raise ValueError("volts and powers of different shape")
        found: Complex = volts - self._v_open[:, None] + self._z_ohm @ (self._law.current(volts, s_va) - self._inside_s[:, None] * volts)
        return found
