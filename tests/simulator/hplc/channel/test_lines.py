"""Line constants against those of two cables that were worked out elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.hplc.channel.lines import cable, known_lines, overhead

CABLES = {      # r m, theta m, C pF/m, L uH/m, Z0 ohm, dB/km at 1, 2, 5, 10 MHz
    "NAYY150SE": (13.82e-3, 3.6e-3, 271.9, 0.164, 24.5, (6.1, 9.7, 18.7, 31.7)),
    "NAYY50SE": (7.98e-3, 2.8e-3, 201.9, 0.220, 33.1, (7.3, 11.4, 21.4, 35.6)),
}


@pytest.mark.parametrize("name", CABLES)
def test_constants_of_a_cable_are_the_checked_ones(name: str):
    r_m, theta_m, pf_m, uh_m, ohm, db_km = CABLES[name]
    found = cable(r_m=r_m, theta_m=theta_m, resistivity_ohm_m=2.82e-8)
    assert found.capacitance_f_m * 1e12 == pytest.approx(pf_m, abs=0.06)
    assert found.inductance_h_m * 1e6 == pytest.approx(uh_m, abs=6e-4)
    assert found.impedance_ohm == pytest.approx(ohm, abs=0.06)
    assert found.loss_db_km(np.array([1, 2, 5, 10]) * 1e6) == pytest.approx(db_km, abs=0.06)


def test_a_wave_on_wires_in_air_travels_at_the_speed_of_light():
    found = overhead(radius_m=4e-3, spacing_m=0.4, resistivity_ohm_m=2.82e-8)
    assert 1 / math.sqrt(found.inductance_h_m * found.capacitance_f_m) == pytest.approx(299_792_458, rel=1e-6)
    assert found.impedance_ohm == pytest.approx(119.917 * math.acosh(50), rel=1e-3)      # 120 ohm acosh(D/2a)


def test_every_line_kind_of_generated_areas_loses_more_at_higher_frequencies():
    for name, kind in known_lines().items():
        loss = kind.loss_db_km(np.array([1, 2, 5, 10]) * 1e6)
        assert (np.diff(loss) > 0).all(), name
        assert 0.1 < loss[1] < 60.0, name      # wires in air have next to no loss of their own
