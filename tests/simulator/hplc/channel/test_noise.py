"""Noise against the published fits, and what appliances do to it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from simulator.grid.areas import make_area
from simulator.hplc.channel.noise import BEST, WORST, appliance_noise_db, background_dbm_hz, narrow_band_db, noise_dbm_hz
from simulator.hplc.channel.tree import make_tree, place_modules
from simulator.load.streams import Streams

SEED = 20261124
AREA = make_area("urban_cable", 60, seed=3)
MODULES = place_modules(AREA, make_tree(AREA.network))
F_HZ = np.linspace(0.8e6, 2.9e6, 40)


@pytest.mark.parametrize(("fit", "checked"), [
    (BEST, (-101.2, -116.5, -122.4, -127.8, -131.3, -133.5)), (WORST, (-91.8, -102.9, -108.2, -114.1, -118.6, -122.0)),
], ids=["best", "worst"])
def test_background_has_the_checked_values(fit: np.ndarray, checked: tuple[float, ...]):
    found = background_dbm_hz(np.array([1, 2, 3, 5, 8, 12]) * 1e6, *fit)
    assert found == pytest.approx(checked, abs=0.051)


def test_background_is_capped_below_the_range_of_the_fit():
    assert background_dbm_hz(np.array([0.3e6, 0.6e6]), *WORST).tolist() == [-90.0, -90.0]


def test_as_many_homes_are_free_of_interferers_as_the_survey_says():
    # a count is a normal variable that is rounded, negative ones are none
    chance, f_hz = np.random.default_rng(SEED), np.linspace(-1e6, 21e6, 111)
    print("seed", SEED)
    free = np.mean([not narrow_band_db(f_hz, chance).any() for _ in range(6000)])
    none_below_10_mhz = special.ndtr((0.5 - 0.88) / 5.47)
    edges = special.ndtr((np.arange(40) + 0.5 - 0.35) / 3.94)
    without_height = special.ndtr(-9.6 / 23.2) ** np.arange(1, 40)          # above 10 MHz the height is a normal variable as well
    none_above = edges[0] + (np.diff(edges) * without_height).sum()
    assert free == pytest.approx(none_below_10_mhz * none_above, abs=0.018)      # three standard deviations


def test_interferers_only_add_and_a_larger_share_keeps_those_of_a_smaller_one():
    for seed in range(40):
        print("seed", seed)
        few, many = (narrow_band_db(F_HZ, np.random.default_rng(seed), share=share) for share in (0.5, 1.0))
        assert (few >= 0.0).all()
        assert (many >= few).all()


def test_appliances_that_are_switched_on_raise_the_noise_of_their_own_module_most_then_of_their_box_and_little_at_the_transformer():
    before_w = np.full(len(MODULES.bus), 300.0)
    before_w[0] = 0.0
    after_w = before_w.copy()
    after_w[5] += 3000.0
    rise = appliance_noise_db(MODULES, after_w) - appliance_noise_db(MODULES, before_w)
    beside = [row for row in np.flatnonzero(MODULES.box == MODULES.box[5]) if row not in (0, 5)]
    elsewhere = [row for row in np.flatnonzero(MODULES.box != MODULES.box[5]) if row]
    assert rise[5] > 4.0
    assert all(0.0 < rise[row] < rise[5] for row in beside)
    assert not rise[elsewhere].any()
    assert 0.0 < rise[0] < 2.0


def test_a_dark_area_is_quieter_than_a_running_one_and_heavy_noise_louder_than_quiet():
    running_w = np.full(len(MODULES.bus), 300.0)
    density = {
        (level, dark): noise_dbm_hz(MODULES, F_HZ, level=level, load_w=running_w * (not dark), streams=Streams(4)).mean()
        for level in ("quiet", "normal", "heavy") for dark in (True, False)
    }
    assert density["quiet", False] < density["normal", False] < density["heavy", False]
    assert all(density[level, True] < density[level, False] - 3.0 for level in ("quiet", "normal", "heavy"))
