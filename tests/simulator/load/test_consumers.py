"""Who draws what: plausible households, cars, barns and panels; each from streams of its own."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from simulator.load.consumers import e_bikes, ev_charger, household, irrigation, solar_panels, tobacco_barn, workshop
from simulator.load.household import make_household
from simulator.load.streams import Streams
from simulator.load.weather import Weather

QUARTER_S, DAY = 900.0, 96


@pytest.fixture(scope="module")
def year():
    """100 households over a year in quarter-hours, kW; a fifth of them heat with electricity."""
    streams = Streams(1)
    weather = Weather.drawn(streams, first_day=0, days=365)
    homes = [
        make_household(
            streams, f"h{number}", weather, people=int(streams.named(f"h{number}/people").integers(1, 6)),
            has_electric_heating=number % 5 == 0,
        )
        for number in range(100)
    ]
    return np.array([home.mean_power(0.0, QUARTER_S, 365 * DAY)[0] / 1000.0 for home in homes])


def test_a_household_takes_what_households_take(year):
    annual_kwh = year.mean(axis=1) * 8760.0
    assert 1500.0 < annual_kwh.mean() < 5000.0
    assert annual_kwh.min() > 300.0
    assert annual_kwh.max() / annual_kwh.min() > 3.0
    assert 3.0 < year.max(axis=1).mean() < 9.0


def test_diversity_lowers_the_peak_of_each_home_as_there_are_more(year):
    order = np.random.default_rng(7).permutation(100)
    peaks_kw = [year[order[:homes]].sum(axis=0).max() / homes for homes in (1, 2, 5, 20, 100)]
    assert peaks_kw == sorted(peaks_kw, reverse=True)
    assert 1.0 < peaks_kw[-1] < 2.5
    assert peaks_kw[0] / peaks_kw[-1] > 2.0


def test_evenings_are_higher_than_nights_and_heat_waves_higher_than_springs(year):
    day = year.sum(axis=0).reshape(365, DAY)
    assert day[:, 76:84].mean() > 1.8 * day[:, 8:16].mean()
    assert day[195:225].mean() > 1.3 * day[100:120].mean()


def test_a_vacant_home_draws_next_to_nothing():
    streams = Streams(3)
    weather = Weather.drawn(streams, first_day=150, days=30)
    mean_w = make_household(streams, "empty", weather, is_vacant=True).mean_power(0.0, 86_400.0, 30)[0].mean()
    assert mean_w < 90.0


def test_another_load_changes_no_byte_of_the_others():
    def drawn(names):
        streams = Streams(5)
        weather = Weather.drawn(streams, first_day=10, days=2)
        return {name: household(streams, name, weather).profiles[0].mean_power(0.0, 60.0, 2880)[0].tobytes() for name in names}

    alone, together = drawn(["b"]), drawn(["a", "b", "c"])
    assert alone["b"] == together["b"]
    assert len(set(together.values())) == 3


def test_the_same_seed_is_the_same_bytes_in_another_process():
    code = (
        "import hashlib; from simulator.load.streams import Streams; from simulator.load.weather import Weather;"
        "from simulator.load.consumers import household, solar_panels; s = Streams(9); w = Weather.drawn(s, first_day=3, days=3);"
        "d = [household(s, 'x', w).profiles[0], solar_panels(s, 'y', w).profiles[0]];"
        "print(hashlib.sha256(b''.join(a.tobytes() for p in d for a in p.mean_power(0.0, 60.0, 4320))).hexdigest())"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == len(hashlib.sha256().hexdigest())


def test_cars_take_twenty_kilowatt_hours_in_the_mean_one_after_the_other():
    charger = ev_charger(Streams(2), "c", 4000, sessions_a_day=0.6)
    power, _ = charger.profiles[0].mean_power(0.0, 300.0, 4000 * 288)
    assert power.max() <= 7000.0 + 1e-6
    begins = np.flatnonzero((power[1:] > 0) & (power[:-1] == 0))
    # sessions that touch look like one: energies tell more than counts
    energy_kwh = power.sum() / 12.0 / 1000.0
    assert energy_kwh / (0.6 * 4000) == pytest.approx(20.0, abs=1.0)
    assert len(begins) > 1500
    hours = (begins / 12.0) % 24.0
    assert 17.0 < np.median(hours) < 21.0


def test_direct_current_charging_is_on_three_phases_alike():
    charger = ev_charger(Streams(2), "d", 30, sessions_a_day=6.0, arrival_h=12.0, dc_kw=60.0)
    powers = [profile.mean_power(0.0, 60.0, 30 * 1440)[0] for profile in charger.profiles]
    assert len(powers) == 3
    assert (powers[0] == powers[1]).all()
    assert powers[0].max() == pytest.approx(20_000.0)


def test_a_barn_is_near_continuous():
    power = sum(profile.mean_power(0.0, 3600.0, 24 * 10)[0] for profile in tobacco_barn(Streams(4), "b", 10).profiles)
    assert (np.abs(power / power.mean() - 1.0) < 0.2).mean() > 0.95
    assert 4000.0 < power.mean() < 7500.0


def test_panels_give_back_by_day_only():
    streams = Streams(6)
    weather = Weather.drawn(streams, first_day=170, days=5)
    power = solar_panels(streams, "p", weather, kw=5.0).profiles[0].mean_power(0.0, 300.0, 5 * 288)[0].reshape(5, 288)
    assert power.max() < 1e-6
    assert -5000.0 < power.min() < -2500.0
    assert np.abs(power[:, : 4 * 12]).max() < 1e-6
    assert np.abs(power[:, 20 * 12 :]).max() < 1e-6


def test_sheds_pumps_and_workshops_draw_when_they_are_used():
    streams = Streams(8)
    bikes = e_bikes(streams, "b", 20, bikes=12).profiles[0].mean_power(0.0, 3600.0, 20 * 24)[0].reshape(20, 24)
    assert bikes[5:, 22:].mean() > 3.0 * bikes[5:, 9:17].mean()
    pump = irrigation(streams, "i", 20, kw=7.5).profiles[0].mean_power(0.0, 60.0, 20 * 1440)[0]
    assert pump.max() == pytest.approx(2500.0)
    shop = workshop(streams, "w", 21).profiles[1].mean_power(0.0, 3600.0, 21 * 24)[0].reshape(21, 24)
    assert shop[:, :7].max() == 0.0
    assert shop[6::7].max() == 0.0
    assert shop[:, 9:17].mean() > 50.0


def test_a_hot_area_does_not_dip_at_every_full_quarter_of_an_hour():
    streams = Streams(3)
    weather = Weather.drawn(streams, first_day=200, days=4, shift_c=5.0)
    total_w = sum(make_household(streams, f"h{number}", weather).mean_power(0.0, 60.0, 4 * 1440)[0] for number in range(120))
    by_minute = total_w.reshape(-1, 15).mean(axis=0)
    assert by_minute == pytest.approx(np.full(15, by_minute.mean()), rel=0.06)
