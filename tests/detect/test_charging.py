"""Vehicles and e-bikes that charge, and what must not be taken for one."""

import math

import numpy as np
import pytest

from edge_agent.detect.load.e_bike import EBikeDetector, EBikeSettings
from edge_agent.detect.load.ev import EvDetector
from edge_agent.detect.session_charger import EvSettings
from edge_agent.model import Stage
from tests.detect.areas import archive, at, frame, sample


def told(detector, watts, *, var=None, volts=None, phases="a"):
    """(stage, minute) of what is said of a meter that gives these powers, a minute apart, on each of its phases."""
    area, found = frame(1), []
    for minute, value in enumerate(watts):
        area.now_utc_ms = at(60 * minute)
        columns = {}
        for phase in phases:
            columns |= {f"active_power_w__{phase}": float(value), f"voltage_v__{phase}": 220.0 if volts is None else float(volts[minute])}
            if var is not None:
                columns[f"reactive_power_var__{phase}"] = float(var[minute])
        area.take(sample(0, 60 * minute, **columns))
        found += detector.update(area)
    return [(finding.stage, round((finding.at_utc_ms - at(0)) / 60_000), finding.place.phases) for finding in found]


def ev(**meters):
    return EvDetector(archive(1, **meters), EvSettings())


def e_bike():
    return EBikeDetector(archive(1), EBikeSettings())


def charge(rate_w, *, begin=30, full=150, fade=20, minutes=240):
    watts = np.full(minutes, 150.0)
    watts[begin:full] += rate_w
    watts[full : full + fade] += rate_w * np.linspace(0.97, 0.08, fade)
    return watts


@pytest.mark.parametrize("rate_w", [1600, 2300, 3300, 3700, 6600, 7200])
def test_a_vehicle_of_any_usual_rate_is_told_from_its_edge_to_its_end(rate_w):
    assert told(ev(), charge(rate_w)) == [(Stage.BEGIN, 30, "a"), (Stage.END, 170, "a")]


def test_kettles_and_heaters_on_top_do_not_hide_it():
    watts = charge(3300)
    watts[40:44] += 1800.0
    watts[60:100] += 2000.0
    watts[20:36] += 2900.0
    assert told(ev(), watts) == [(Stage.BEGIN, 30, "a"), (Stage.END, 170, "a")]


def test_one_charger_on_three_phases_is_one_vehicle():
    assert told(ev(phases="abc"), charge(3700), phases="abc") == [(Stage.BEGIN, 30, "abc"), (Stage.END, 170, "abc")]


def test_a_load_that_follows_the_square_of_the_voltage_is_a_heater_and_one_that_does_not_a_charger():
    volts = 220.0 + np.cumsum(np.random.default_rng(1).normal(0.0, 0.4, 240)) * 0.3
    block = np.zeros(240)
    block[30:200] = 3000.0
    var = np.full(240, 20.0)
    assert told(ev(), 150.0 + block * (volts / 220.0) ** 2, var=var, volts=volts) == []
    assert [stage for stage, *_ in told(ev(), 150.0 + block, var=var, volts=volts)] == [Stage.BEGIN, Stage.END]


def test_a_thermostat_that_cycles_is_none():
    watts = np.where(np.arange(600) % 30 < 18, 2200.0, 200.0)
    assert told(ev(), watts, var=np.full(600, 20.0), volts=220.0 + np.random.default_rng(2).normal(0.0, 0.5, 600)) == []


def test_a_roof_that_feeds_in_is_none():
    sun = -4000.0 * np.clip(np.sin(np.arange(720) * math.pi / 720), 0.0, 1.0) * np.where(np.arange(720) % 90 < 30, 0.3, 1.0)
    assert told(ev(), 300.0 + sun, var=np.full(720, 20.0)) == []
    assert told(e_bike(), 300.0 + sun, var=np.full(720, 20.0)) == []


def test_an_edge_of_which_little_falls_into_the_second_minute_is_seen():
    watts = charge(1760)
    watts[30] -= 0.3 * 1760
    assert told(ev(), watts) == [(Stage.BEGIN, 30, "a"), (Stage.END, 170, "a")]


def test_a_heater_of_its_size_that_goes_beside_it_does_not_end_it():
    watts = charge(1760)
    watts[45:60] += 1800.0
    assert told(ev(), watts) == [(Stage.BEGIN, 30, "a"), (Stage.END, 170, "a")]


def test_two_heaters_that_go_within_some_minutes_are_no_fade():
    watts = np.full(240, 150.0)
    watts[30:100] += 3000.0
    watts[100:104] += [2700.0, 2400.0, 1300.0, 700.0]
    watts[104:106] += [400.0, 100.0]
    assert told(ev(), watts) == []


def test_in_a_grid_whose_voltage_stands_still_reactive_power_tells_a_charger_after_two_and_a_half_hours():
    block = np.zeros(300)
    block[30:260] = 3300.0
    assert [stage for stage, *_ in told(ev(), 150.0 + block, var=20.0 + 0.1 * block)] == [Stage.BEGIN, Stage.END]
    assert told(ev(), 150.0 + block, var=20.0 + 0.01 * block) == []
    assert told(ev(), 150.0 + block[:170], var=20.0 + 0.1 * block[:170]) == []


def test_relearning_ends_what_was_told():
    detector = ev()
    assert told(detector, charge(3300)[:168]) == [(Stage.BEGIN, 30, "a")]
    detector.relearn([0])
    area = frame(1)
    area.now_utc_ms = at(60 * 169)
    assert [finding.stage for finding in detector.update(area)] == [Stage.END]
    assert detector.conditions() == set()


def bike(size_w, *, begin=30, full=210, tau=25.0, minutes=330):
    watts = np.full(minutes, 60.0)
    watts[begin:full] += size_w * (1.0 + 0.0003 * np.arange(full - begin))
    watts[full : full + 70] += size_w * 1.054 * np.exp(-np.arange(70) / tau)
    return np.round(watts)


@pytest.mark.parametrize("size_w", [80, 120, 180, 250, 340])
@pytest.mark.parametrize("tau", [15.0, 30.0])
def test_an_e_bike_is_told_from_its_edge(size_w, tau):
    begin, end = told(e_bike(), bike(size_w, tau=tau))
    assert begin == (Stage.BEGIN, 30, "a")
    assert end[0] is Stage.END
    assert 230 <= end[1] <= 290


def test_a_poor_power_factor_for_hours_is_enough_where_the_meter_gives_reactive_power():
    watts, var = np.full(300, 60.0), np.full(300, 20.0)
    watts[30:250] += 150.0
    var[30:250] += 150.0 * math.tan(math.acos(0.55))
    assert told(e_bike(), watts, var=var) == [(Stage.BEGIN, 30, "a"), (Stage.END, 250, "a")]


def test_a_motor_that_creeps_up_is_no_e_bike():
    watts = bike(120)
    assert told(e_bike(), watts, var=20.0 + 0.75 * (watts - 60.0)) == []


def test_what_stops_drawing_its_reactive_power_is_off_though_others_draw_the_active():
    watts, var = np.full(300, 60.0), np.full(300, 20.0)
    watts[30:250] += 150.0
    var[30:60] += 220.0
    assert told(e_bike(), watts, var=var) == []


def test_reactive_power_that_is_a_fixed_share_of_what_is_drawn_says_nothing_of_a_load():
    watts = bike(180)
    assert [stage for stage, *_ in told(e_bike(), watts, var=0.4 * watts)] == [Stage.BEGIN, Stage.END]


@pytest.mark.parametrize("watts", [
    np.where(np.arange(600) % 50 < 20, 180.0, 60.0),                            # a refrigerator
    np.where((np.arange(600) > 60) & (np.arange(600) < 400), 210.0, 60.0),      # lamps
    60.0 + np.random.default_rng(3).normal(0.0, 4.0, 600),                      # noise
], ids=["refrigerator", "lamps", "noise"])  # fmt: skip
def test_what_switches_on_and_off_without_decay_is_no_e_bike(watts):
    assert told(e_bike(), np.round(watts), var=np.full(600, 20.0)) == []


@pytest.mark.parametrize(("settings", "wrong"), [
    (EvSettings, {"power_factor": 1.2}), (EvSettings, {"most_exponent": 2.5}), (EvSettings, {"faded_minutes": 1.0}),
    (EBikeSettings, {"least_w": 5.0}), (EBikeSettings, {"most_power_factor": 0.99}), (EBikeSettings, {"least_minutes": 900.0}),
])
def test_settings_beyond_their_range_are_refused(settings, wrong):
    with pytest.raises(ValueError, match="must"):
        settings(**wrong)
