"""Mutual information against known values and an integral over the received sample, which the module does not use."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from simulator.hplc.phy.information import bpsk_information, information_at, table_place


def bpsk_by_integral(es_n0: float) -> float:
    """Amplitude 1 in real noise of variance N0/2: 1 - integral of p(y|+1) log2(1 + exp(-2 y / variance))."""
    variance = 1 / (2 * es_n0)
    width = np.sqrt(variance)

    def lost(y: float) -> float:
        return np.exp(-((y - 1) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance) * np.logaddexp(0, -2 * y / variance) / np.log(2)

    return 1 - integrate.quad(lost, 1 - 12 * width, 1 + 12 * width, limit=400)[0]


def qpsk_by_integral(es_n0: float) -> float:
    """Both dimensions at once, complex noise of variance N0: a sum over the four points on a grid."""
    points = np.sqrt(es_n0) * np.exp(1j * np.pi * (0.25 + 0.5 * np.arange(4)))
    axis = np.linspace(-7, 7, 401)
    noise = axis[:, None] + 1j * axis
    density = np.exp(-np.abs(noise) ** 2) / np.pi * (axis[1] - axis[0]) ** 2
    ratio = sum(np.exp(-np.abs(noise + points[0] - other) ** 2 + np.abs(noise) ** 2) for other in points)
    return float(2 - (density * np.log2(ratio)).sum())


@pytest.mark.parametrize("db", [-20, -10, -5, -3.01, -1, 0, 2, 5, 8])
def test_bpsk_agrees_with_the_integral_over_the_received_sample(db: float):
    assert float(bpsk_information(10 ** (db / 10))) == pytest.approx(bpsk_by_integral(10 ** (db / 10)), abs=2e-6)


def test_bpsk_has_its_known_values():
    # 0 dB of signal over the variance of the real noise is Es/N0 = 1/2: 0.486 bit; Es/N0 = 0 dB: 0.7215 bit; rate 1/2 at Eb/N0 = 0.187 dB
    assert float(bpsk_information(0.5)) == pytest.approx(0.486, abs=5e-4)
    assert float(bpsk_information(1.0)) == pytest.approx(0.7215, abs=5e-4)
    assert float(bpsk_information(0.5 * 10**0.0187)) == pytest.approx(0.5, abs=3e-4)


def test_information_goes_from_none_to_one_bit():
    assert float(bpsk_information(0.0)) == 0.0
    assert float(bpsk_information(1e-4)) == pytest.approx(1e-4 / np.log(2), rel=1e-2)      # small signals: Es/N0 / ln 2 bit
    assert float(bpsk_information(100.0)) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("db", [-5, 0, 3, 7])
def test_qpsk_is_twice_bpsk_at_half_the_energy(db: float):
    es_n0 = 10 ** (db / 10)
    assert 2 * float(bpsk_information(es_n0 / 2)) == pytest.approx(qpsk_by_integral(es_n0), abs=1e-4)


def test_the_table_is_within_a_thousandth_of_the_curve_and_keeps_its_ends():
    snr = (10 ** (np.arange(-39, 19, 0.137) / 10)).astype(np.float32)
    assert np.abs(information_at(table_place(snr)) - bpsk_information(snr)).max() < 1e-3
    assert information_at(table_place(np.array([0.0, 1e30], dtype=np.float32))).tolist() == pytest.approx([0.0, 1.0], abs=2e-4)
