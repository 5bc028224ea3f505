"""Impulses and the mains swing against what defines them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from simulator.hplc.assumptions import assumed
from simulator.hplc.channel.impulses import bernoulli_gaussian, class_a, class_a_density, disturbed, erased_share
from simulator.hplc.channel.mains import katayama, window_shares
from simulator.hplc.phy import SYMBOL_S

SEED = 20261125


def test_the_heavily_disturbed_class_covers_its_share_of_time_in_its_number_of_impulses():
    print("seed", SEED)
    share, rate_s = assumed("impulse.heavy_disturbed_share"), assumed("impulse.heavy_rate_s")
    covered = disturbed(60_000_000, 2e-6, share=share, rate_s=rate_s, chance=np.random.default_rng(SEED))
    begun = int(np.count_nonzero(covered[1:] & ~covered[:-1]))
    assert covered.mean() == pytest.approx(share, rel=0.05)
    assert begun / 120.0 == pytest.approx(rate_s, rel=0.08)      # impulses shorter than a step are lost


def test_bernoulli_gaussian_samples_have_the_power_of_both_parts():
    samples = bernoulli_gaussian(2_000_000, share=0.01, power=50.0, chance=np.random.default_rng(SEED))
    assert (samples**2).mean() == pytest.approx(1.0 + 0.01 * 50.0, rel=0.02)


def test_class_a_has_unit_power_and_its_samples_follow_its_density():
    density = lambda x: class_a_density(x, index=0.2, gamma=0.005)      # noqa: E731
    grid = np.linspace(-30, 30, 600_001)
    assert integrate.trapezoid(density(grid), grid) == pytest.approx(1.0, abs=1e-6)
    assert integrate.trapezoid(density(grid) * grid**2, grid) == pytest.approx(1.0, abs=1e-6)
    samples = class_a(1_000_000, index=0.2, gamma=0.005, chance=np.random.default_rng(SEED))
    for edge in (0.05, 0.5, 2.0):
        inside = np.abs(grid) < edge
        assert (np.abs(samples) < edge).mean() == pytest.approx(integrate.trapezoid(density(grid[inside]), grid[inside]), abs=3e-3)


def test_symbols_erased_under_heavy_noise_are_those_that_impulses_of_the_heavy_class_touch():
    # Zimmermann and Dostert's class over 100 s, laid over symbols in steps of a twentieth
    covered = disturbed(20 * 1_940_000, SYMBOL_S / 20, share=3.27e-3, rate_s=51.6, chance=np.random.default_rng(SEED))
    assert erased_share("heavy", SYMBOL_S) == pytest.approx(covered.reshape(-1, 20).any(axis=1).mean(), rel=0.05)


def test_where_impulses_are_rare_they_erase_their_time_and_a_symbol_each():
    assert erased_share("quiet", SYMBOL_S) == pytest.approx(1.35e-5 + 0.122 * SYMBOL_S, rel=1e-3)


def test_the_third_class_lies_decades_from_both_others():
    quiet, normal, heavy = (erased_share(level, SYMBOL_S) for level in ("quiet", "normal", "heavy"))
    assert normal == pytest.approx(np.sqrt(quiet * heavy), rel=0.1)
    assert quiet < normal / 10
    assert heavy > 10 * normal


def test_the_mains_envelope_has_a_mean_of_one_and_its_crest_at_a_quarter_cycle():
    theta = np.linspace(0, np.pi, 400_001)
    assert katayama(theta).mean() == pytest.approx(1.0, abs=1e-3)
    assert katayama(np.pi / 2) > 5 * katayama(np.pi / 2 - 0.1) > katayama(0.0)


def test_a_frame_of_a_half_cycle_always_meets_one_noisy_window_and_a_short_one_may_lie_between():
    assert window_shares(0.01, 0.15) == pytest.approx([0.15] * 4, abs=1e-9)
    assert min(window_shares(0.0155, 0.15)) > 0.0
    assert min(window_shares(0.001, 0.15)) == 0.0
    assert np.mean(window_shares(0.003, 0.15)) == pytest.approx(0.15, abs=2e-3)
