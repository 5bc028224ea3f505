"""A meter on a simulated grid answers what is at its terminals, within its class, and is silent in the dark."""

import cmath

import numpy as np
import pytest

from edge_agent.acquire.block_decoder import BlockDecoder
from edge_agent.acquire.plan import make_plan
from edge_agent.model import COLUMN_INDEX, N_COLUMNS
from edge_agent.wire.modbus import ReadRequest
from firmware_profiles.loader import load_all
from simulator.clock import ManualClock
from simulator.meter.grid_meter import Accuracy, GridMeter, Terminals, columns_at, is_dark

PROFILES = load_all()


def three_phase(volts=(230.0, 231.0, 229.0), amperes=(5.0, 10.0, 0.0), lag_deg=20.0):
    turn = [cmath.rect(1.0, np.radians(-120.0 * place)) for place in range(3)]
    return Terminals(
        volts=tuple(size * turned for size, turned in zip(volts, turn, strict=True)),
        amperes=tuple(size * turned * cmath.rect(1.0, np.radians(-lag_deg)) for size, turned in zip(amperes, turn, strict=True)),
        import_wh=12_345.0, export_wh=67.0, reactive_varh=890.0,
    )


def read_all(meter):
    """Every column, read through the meter's registers as the agent does."""
    values = np.full(N_COLUMNS, np.nan)
    for block in make_plan(meter.profile).full:
        reply = meter.answer(ReadRequest(unit=1, function=block.function, address=block.address, count=block.count))
        if reply is None:
            return None
        BlockDecoder(block.points, block.address, block.count).decode(reply.data, values)
    return {name: values[COLUMN_INDEX[name]] for name in COLUMN_INDEX if values[COLUMN_INDEX[name]] == values[COLUMN_INDEX[name]]}


def test_registers_show_what_is_at_the_terminals():
    meter = GridMeter(PROFILES["eastron-sdm630-v2"], ManualClock(), 1.0, lambda step: three_phase())
    found = read_all(meter)
    assert found["voltage_v.a"] == pytest.approx(230.0, abs=1e-3)
    assert found["current_a.b"] == pytest.approx(10.0, abs=1e-3)
    assert found["active_power_w.a"] == pytest.approx(230.0 * 5.0 * np.cos(np.radians(20.0)), rel=1e-5)
    assert found["active_energy_import_wh"] == pytest.approx(12_345.0, rel=1e-5)
    assert found["active_energy_export_wh"] == pytest.approx(67.0, rel=1e-5)


def test_the_neutral_current_is_the_sum_of_phasors_not_of_sizes():
    columns = columns_at(three_phase(amperes=(10.0, 10.0, 10.0)), Accuracy())
    assert columns["current_a.n"] == pytest.approx(0.0, abs=1e-9)
    assert columns_at(three_phase(amperes=(10.0, 0.0, 0.0)), Accuracy())["current_a.n"] == pytest.approx(10.0)


@pytest.mark.parametrize(("volts", "dark"), [((131.0, 0.0, 0.0), True), ((133.0, 0.0, 0.0), False), ((0.0, 0.0, 0.0), True)])
def test_it_lives_as_long_as_one_phase_keeps_it(volts, dark):
    assert is_dark(three_phase(volts=volts), 220.0) is dark
    meter = GridMeter(PROFILES["eastron-sdm630-v2"], ManualClock(), 1.0, lambda step: three_phase(volts=volts))
    assert (read_all(meter) is None) is dark


def test_it_measures_once_a_step_and_moves_with_the_clock():
    clock, asked = ManualClock(), []

    def terminals(step):
        asked.append(step)
        return three_phase(volts=(220.0 + step, 220.0, 220.0))

    meter = GridMeter(PROFILES["eastron-sdm630-v2"], clock, 10.0, terminals)
    assert read_all(meter)["voltage_v.a"] == pytest.approx(220.0, abs=1e-3)
    clock.now_s = 9.9
    read_all(meter)
    clock.now_s = 25.0
    assert read_all(meter)["voltage_v.a"] == pytest.approx(222.0, abs=1e-3)
    assert asked == [0, 2]


def test_errors_of_many_meters_stay_within_their_class_and_differ():
    chance = np.random.default_rng(1)
    exact = columns_at(three_phase(), Accuracy())["active_energy_import_wh"]
    off = [columns_at(three_phase(), Accuracy.drawn(chance))["active_energy_import_wh"] / exact - 1.0 for _ in range(500)]
    assert max(map(abs, off)) < 0.01
    assert np.std(off) > 0.0005
