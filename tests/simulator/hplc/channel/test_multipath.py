"""The published parameter sets against values worked out from their formula elsewhere, and notches against the path difference."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.hplc.channel.multipath import REFERENCE_SETS, length_class_db, transfer
from simulator.hplc.phy import carrier_hz

CHECKED_MHZ = (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20)
CHECKED_DB = {
    "Z4": (-1.57, -2.49, -3.34, -4.74, -7.83, -14.95, -11.73, -8.48, -9.26, -12.33, -28.09, -18.01, -22.37, -28.50),
    "Z15": (-12.29, -9.86, -16.39, -11.70, -13.36, -14.53, -23.73, -35.81, -18.71, -24.97, -35.13, -24.08, -29.01, -38.18),
    "A5": (-22.50, -23.41, -22.93, -22.92, -22.46, -23.54, -27.35, -29.08, -29.62, -31.73, -35.84, -37.49, -42.82, -49.92),
    "A17": (-15.87, -32.88, -30.82, -32.01, -37.24, -38.52, -40.93, -45.32, -52.57, -50.62, -56.23, -63.97, -71.79, -88.85),
}
CHECKED_H = {
    ("Z4", 2): 0.006922 + 0.579138j, ("Z4", 10): -0.023613 - 0.031565j, ("Z15", 2): -0.247238 - 0.080713j,
    ("A5", 2): -0.012354 - 0.070398j, ("A17", 2): 0.001647 - 0.025047j,
}
# bands 0..3: dB of the mean power, mean of the dB
BAND_MEANS = {
    "Z4": ((-11.47, -14.19), (-10.51, -12.10), (-4.54, -5.34), (-6.57, -7.30)),
    "Z15": ((-21.92, -26.45), (-21.21, -26.40), (-13.91, -14.88), (-14.67, -15.32)),
    "A5": ((-28.46, -30.82), (-26.18, -26.75), (-22.90, -23.05), (-22.68, -22.79)),
    "A17": ((-43.38, -49.68), (-41.30, -43.64), (-28.52, -32.01), (-35.03, -35.80)),
}
LENGTH_CLASSES_DB = {      # at 1, 2, 5, 10, 20 MHz, as printed: three digits
    100: (13.9, 17.6, 26.0, 37.1, 55.2), 150: (21.1, 25.5, 35.6, 49.0, 70.7), 200: (25.1, 30.7, 43.7, 60.9, 88.8),
    300: (29.7, 37.5, 61.0, 100, 178), 380: (33.7, 46.9, 86.5, 152, 285),
}


@pytest.mark.parametrize("name", CHECKED_DB)
def test_magnitude_is_within_a_hundredth_of_a_db_of_the_checked_values(name: str):
    found = 20 * np.log10(np.abs(transfer(REFERENCE_SETS[name], np.array(CHECKED_MHZ) * 1e6)))
    assert np.abs(found - CHECKED_DB[name]).max() <= 0.01


@pytest.mark.parametrize(("name", "mhz"), CHECKED_H)
def test_complex_value_is_the_checked_one(name: str, mhz: int):
    assert complex(transfer(REFERENCE_SETS[name], mhz * 1e6)) == pytest.approx(CHECKED_H[name, mhz], abs=1e-6)


@pytest.mark.parametrize("name", BAND_MEANS)
def test_means_over_the_carriers_of_each_band_are_the_checked_ones(name: str):
    for band, (power_db, mean_db) in enumerate(BAND_MEANS[name]):
        power = np.abs(transfer(REFERENCE_SETS[name], carrier_hz(band))) ** 2
        assert 10 * np.log10(power.mean()) == pytest.approx(power_db, abs=0.01)
        assert (10 * np.log10(power)).mean() == pytest.approx(mean_db, abs=0.01)


def test_the_first_two_notches_lie_where_the_two_strongest_paths_differ_by_half_waves():
    f_hz = np.arange(0.5e6, 13e6, 1e3)
    db = 20 * np.log10(np.abs(transfer(REFERENCE_SETS["Z4"], f_hz)))
    dips_mhz = f_hz[1:-1][(db[1:-1] < db[:-2]) & (db[1:-1] < db[2:])] / 1e6
    for order, named_mhz in ((1, 3.348), (3, 10.045)):
        assert order * 1.5e8 / (2 * 22.4) / 1e6 == pytest.approx(named_mhz, abs=1e-3)
        assert np.abs(dips_mhz - named_mhz).min() < 0.1        # the two weak paths move the dip a little
        surrounding = np.interp((named_mhz - 1.5, named_mhz + 1.5), f_hz / 1e6, db)
        assert np.interp(named_mhz, f_hz / 1e6, db) < surrounding.min() - 4.0


@pytest.mark.parametrize("length_m", LENGTH_CLASSES_DB)
def test_length_classes_lose_what_the_paper_gives(length_m: int):
    for found, printed in zip(length_class_db(length_m, np.array([1, 2, 5, 10, 20]) * 1e6), LENGTH_CLASSES_DB[length_m], strict=True):
        assert found == pytest.approx(printed, abs=0.5 if printed >= 100 else 0.051)
