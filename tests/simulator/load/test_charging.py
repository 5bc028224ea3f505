"""Charges at home: the shapes of detection.md section 6, and a truth that is what is drawn."""

import numpy as np
import pytest

from simulator.load.charging import e_bike, vehicle
from simulator.load.streams import Streams

DAYS = 30


def minutes(profile):
    return profile.mean_power(0.0, 60.0, 1440 * (DAYS + 1))


def test_a_vehicle_holds_its_power_within_two_percent_and_fades_only_when_it_is_full():
    for seed in range(6):
        made = vehicle(Streams(seed), "c", DAYS)
        power, reactive = minutes(made.profiles[0])
        assert {charge.fades for charge in made.charges} == {True, False}
        for charge in made.charges:
            begin, end = int(charge.begin_s / 60.0) + 1, int(charge.end_s / 60.0)
            held = power[begin : end - (26 if charge.fades else 0)]
            if len(held) > 30:
                assert held.mean() == pytest.approx(charge.power_w, rel=0.01)
                assert held.std() < 0.02 * charge.power_w
            assert (power[end - 1] < 0.4 * charge.power_w) == charge.fades
            assert power[begin] / np.hypot(power[begin], reactive[begin]) > 0.98


def test_a_vehicle_on_three_phases_draws_alike_on_each():
    made = vehicle(Streams(1), "c", DAYS, phases=3)
    assert len(made.profiles) == 3
    assert {charge.phases for charge in made.charges} == {3}
    assert 3000.0 < made.charges[0].power_w < 7400.0


def test_an_e_bike_creeps_up_and_decays_with_a_poor_power_factor():
    for seed in range(6):
        made = e_bike(Streams(seed), "b", DAYS)
        power, reactive = minutes(made.profiles[0])
        for charge in made.charges:
            begin, end = int(charge.begin_s / 60.0) + 1, int(charge.end_s / 60.0)
            top = begin + int(np.argmax(power[begin:end]))
            assert charge.power_w <= power[top] < 1.15 * charge.power_w
            assert power[end - 1] < 0.4 * power[top]
            assert (np.diff(power[top + 1 : end - 1]) < 0.0).all()
            assert 0.44 < power[begin] / np.hypot(power[begin], reactive[begin]) < 0.66
        assert 60.0 <= made.charges[0].power_w <= 350.0


def test_nothing_is_drawn_between_charges():
    made = vehicle(Streams(2), "c", DAYS)
    power, _ = minutes(made.profiles[0])
    for charge in made.charges:
        power[int(charge.begin_s / 60.0) : int(charge.end_s / 60.0) + 2] = 0.0
    assert power.max() == pytest.approx(0.0, abs=1e-6)
