"""Complex equations as real ones of twice the size, for a Newton step: real parts above imaginary ones."""

from __future__ import annotations

import numpy as np

from simulator.grid.load_law import Complex


def newton_change(z: Complex, a: Complex, b: Complex, volts: Complex, residual: Complex) -> Complex:
    """The change dV with dV + z (a dV + b Re(conj(V) dV)) = -residual.

    Args:
        z: shape (n, n). a, b, volts, residual: shape (n, t), one system for each column.
    """
    n = len(z)
    # what a change of the real and of the imaginary part of V does to the real and imaginary part of I: diagonals, so rows are scaled
    to_real, to_imaginary = b * volts.real + a, b * volts.imag + 1j * a
    whole = np.empty((volts.shape[1], 2 * n, 2 * n))
    for place, change in enumerate((to_real, to_imaginary)):
        effect = z * change.T[:, None, :]
        whole[:, :n, place * n : (place + 1) * n] = effect.real
        whole[:, n:, place * n : (place + 1) * n] = effect.imag
    diagonal = np.arange(2 * n)
    whole[:, diagonal, diagonal] += 1.0
    found = np.linalg.solve(whole, -np.concatenate([residual.real, residual.imag]).T[:, :, None])[:, :, 0].T
    change_v: Complex = found[:n] + 1j * found[n:]
    return change_v
