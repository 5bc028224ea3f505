"""Complex equations as real ones of twice the size, for a Newton step: real parts above imaginary ones."""

from __future__ import annotations

import numpy as np

from simulator.grid.load_law import Complex, Real


def real_matrix(z: Complex) -> Real:
    """Shape (2n, 2n) of a matrix of shape (n, n)."""
    return np.block([[z.real, -z.imag], [z.imag, z.real]])


def complex_of(stacked: Real) -> Complex:
    """Real parts above imaginary ones."""
    half = len(stacked) // 2
    whole: Complex = stacked[:half] + 1j * stacked[half:]
    return whole


def real_slope(a: Complex, b: Complex, volts: Complex) -> Real:
    """dI over dV in real and imaginary parts: shape (t, 2n, 2n), four diagonals each."""
    n, n_steps = volts.shape
    found = np.zeros((n_steps, 2 * n, 2 * n))
    place = np.arange(n)
    found[:, place, place] = (a.real + b.real * volts.real).T
    found[:, place, n + place] = (-a.imag + b.real * volts.imag).T
    found[:, n + place, place] = (a.imag + b.imag * volts.real).T
    found[:, n + place, n + place] = (a.real + b.imag * volts.imag).T
    return found
