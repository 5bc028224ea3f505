"""Clocks drift, capacitors age, and a meter remembers when its supply went and came by its own clock."""

import numpy as np
import pytest

from simulator.meter.body import MeterBody, power_records


def test_a_clock_is_off_and_drifts():
    body = MeterBody(clock_off_s=5.0, clock_ppm=10.0)
    assert body.clock_s(0.0) == 5.0
    assert body.clock_s(86_400.0) == pytest.approx(86_400.0 + 5.0 + 0.864)


def test_supply_that_goes_and_comes_is_remembered_by_its_own_clock():
    dark = np.array([False, False, True, True, False, True])
    found = power_records(dark, 10.0, MeterBody(clock_off_s=1.0))
    assert [(record.kind, record.at_s) for record in found] == [("power_down", 21.0), ("power_up", 41.0), ("power_down", 51.0)]
    assert power_records(np.zeros(5, dtype=bool), 10.0, MeterBody()) == []
    assert power_records(np.array([True]), 10.0, MeterBody())[0].kind == "power_down"


def test_a_capacitor_keeps_it_alive_for_a_while():
    body = MeterBody(hold_s=60.0)
    assert body.is_alive(None, 1e6)
    assert body.is_alive(100.0, 159.0)
    assert not body.is_alive(100.0, 160.0)
    assert not MeterBody(hold_s=0.0).is_alive(100.0, 100.0)


def test_bodies_in_the_field_differ_within_what_is_plausible():
    chance = np.random.default_rng(1)
    bodies = [MeterBody.drawn(chance) for _ in range(2000)]
    assert 0.01 < np.mean([body.hold_s == 0.0 for body in bodies]) < 0.06
    assert max(body.hold_s for body in bodies) <= 180.0
    assert 3.0 < np.std([body.clock_ppm for body in bodies]) < 9.0
