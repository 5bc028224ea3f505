"""The simulated circuit against Ohm's law and impedance where there is no arc, against what arcs do where there is one."""

import numpy as np
import pytest

from simulator.meter.arc_circuit import LOAD_KINDS, ArcingCircuit, ArcSpan

RATE_HZ = 6_400.0
CYCLE = 128


def circuit(load="resistive", amperes=8.0, seed=1, spans=()):
    return ArcingCircuit(load=load, current_a=amperes, chance=np.random.default_rng(seed), spans=spans)


def rms(values):
    return float(np.sqrt(np.mean(values**2)))


@pytest.mark.parametrize("load", ["resistive", "motor"])
def test_without_an_arc_the_current_is_what_the_impedance_lets_through(load):
    current_a, voltage_v = circuit(load).samples(10 * CYCLE, RATE_HZ)
    assert rms(voltage_v[-CYCLE:]) == pytest.approx(230.0, rel=1e-3)
    assert rms(current_a[-CYCLE:]) == pytest.approx(8.0, rel=0.01)
    power_factor = np.mean(current_a[-CYCLE:] * voltage_v[-CYCLE:]) / rms(current_a[-CYCLE:]) / rms(voltage_v[-CYCLE:])
    assert power_factor == pytest.approx(1.0 if load == "resistive" else 0.8, abs=0.01)


def test_a_dimmer_lets_nothing_through_before_it_fires():
    current_a, _ = circuit("dimmer").samples(4 * CYCLE, RATE_HZ)
    half = current_a[-CYCLE:-CYCLE // 2]
    assert np.abs(half[1 : int(0.42 * CYCLE / 2)]).max() < 0.01
    assert half[int(0.5 * CYCLE / 2)] == pytest.approx(8.0 * np.sqrt(2), rel=0.05)


def test_a_supply_draws_pulses_whose_mean_is_its_direct_current():
    current_a, _ = circuit("supply", 2.0).samples(60 * CYCLE, RATE_HZ)
    assert np.mean(np.abs(current_a[-20 * CYCLE :])) == pytest.approx(2.0, rel=0.05)
    assert np.mean(np.abs(current_a[-CYCLE:]) < 0.01) > 0.5


def test_an_arc_takes_its_voltage_from_a_resistive_load_and_flattens_the_zero_crossing():
    """28 V of arc against 325 V: the rms falls by about 4/pi x 28/325, eleven per cent."""
    quiet_a, _ = circuit().samples(20 * CYCLE, RATE_HZ)
    arcing_a, _ = circuit(spans=(ArcSpan(begin_s=0.0, end_s=1.0, share=1.0),)).samples(20 * CYCLE, RATE_HZ)
    assert 0.84 < rms(arcing_a[CYCLE:]) / rms(quiet_a[CYCLE:]) < 0.94
    assert np.mean(np.abs(arcing_a) < 0.5) > 1.5 * np.mean(np.abs(quiet_a) < 0.5)


@pytest.mark.parametrize("load", LOAD_KINDS)
def test_arcs_come_where_and_as_often_as_the_spans_say(load):
    one = circuit(load, 3.0, spans=(ArcSpan(begin_s=0.2, end_s=1.2, share=0.8),))
    current_a, _ = one.samples(80 * CYCLE, RATE_HZ)
    assert not any(one.arcing[:20])
    assert not any(one.arcing[120:])
    assert 0.65 < np.mean(one.arcing[20:120]) < 0.95
    assert np.isfinite(current_a).all()


def test_one_seed_gives_the_same_current_and_another_another():
    spans = (ArcSpan(begin_s=0.0, end_s=1.0),)
    first, again, other = (circuit(seed=seed, spans=spans).samples(10 * CYCLE, RATE_HZ)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
