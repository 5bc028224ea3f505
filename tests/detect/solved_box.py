"""A box at the end of a four-wire line, solved by nodal equations in numpy: nothing of the detectors' formulas is in here."""

from __future__ import annotations

import numpy as np

SOURCE = np.array([1.0, np.exp(-2j * np.pi / 3), np.exp(2j * np.pi / 3)])


def loads(minutes: int, seed: int, *, watts: float = 600.0) -> np.ndarray:
    """Admittance of each phase at 230 V, shape (3, minutes): a base and appliances of up to 3 kW that come and go."""
    chance = np.random.default_rng(seed)
    power = np.full((3, minutes), watts) * chance.uniform(0.5, 1.5, (3, 1))
    for _ in range(minutes // 12):
        begin, length = chance.integers(0, minutes), chance.integers(2, 40)
        power[chance.integers(3), begin : begin + length] += chance.uniform(200.0, 3000.0)
    return power / 230.0**2 * np.exp(-1j * np.radians(chance.uniform(0.0, 15.0, (3, 1))))


def solve(
    admittance_s: np.ndarray, *, phase_ohm: np.ndarray | float = 0.15, neutral_ohm: np.ndarray | float = 0.15,
    source_v: np.ndarray | float = 230.0, earth_ohm: float = 15.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Voltages phase to neutral and currents at the box, magnitudes, shape (3, minutes) both.

    ``phase_ohm``: (3, 1) or (3, minutes); ``neutral_ohm``: (minutes,), np.inf = open; ``source_v``: (3, minutes), (3, 1) or one number.
    """
    minutes = admittance_s.shape[1]
    line = np.broadcast_to(1.0 / np.asarray(phase_ohm, dtype=float), (3, minutes))
    neutral = np.broadcast_to(1.0 / np.asarray(neutral_ohm, dtype=float), (minutes,))
    source = np.broadcast_to(source_v, (3, minutes)) * SOURCE[:, None]
    matrix, current = np.zeros((minutes, 4, 4), dtype=complex), np.zeros((minutes, 4), dtype=complex)
    for phase in range(3):
        matrix[:, phase, phase] = line[phase] + admittance_s[phase]
        matrix[:, phase, 3] = matrix[:, 3, phase] = -admittance_s[phase]
        current[:, phase] = line[phase] * source[phase]
    matrix[:, 3, 3] = admittance_s.sum(axis=0) + neutral + 1.0 / earth_ohm
    node = np.linalg.solve(matrix, current[:, :, None])[:, :, 0]
    volts = (node[:, :3] - node[:, 3:]).T
    return np.abs(volts), np.abs(volts * admittance_s)
