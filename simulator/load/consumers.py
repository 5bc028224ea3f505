"""What is on a line besides households: chargers, barns, pumps, workshops, panels. Positive power is drawn, negative is given back.

Ratings and habits: needs.md section 2 (EV 7 kW AC, 30 to 120 kW DC, 20 kWh a session; barns near-continuous); what is not there is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.load.household import HOUSEHOLD_ZIP, make_household
from simulator.load.profile import LoadProfile
from simulator.load.streams import Streams
from simulator.load.weather import Weather

_HOUR_S, _DAY_S = 3600.0, 86_400.0
_HEAT_ZIP, _MOTOR_ZIP, _SUPPLY_ZIP = (1.0, 0.0, 0.0), (0.3, 0.3, 0.4), (0.0, 0.0, 1.0)
EV_SESSION_KWH, EV_AC_W = 20.0, 7000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """``profiles``: one for each phase, 1 or 3; ``zip``: its law at other voltages than nominal."""

    kind: str
    profiles: tuple[LoadProfile, ...]
    zip: tuple[float, float, float] = _SUPPLY_ZIP


def household(streams: Streams, name: str, weather: Weather, *, phases: int = 1, has_electric_heating: bool = False) -> Consumer:
    """On three phases it is three flats' worth: one for each."""
    profiles = tuple(
        make_household(
            streams, f"{name}/{phase}", weather, people=int(streams.named(f"{name}/{phase}/people").integers(1, 6)),
            has_electric_heating=has_electric_heating,
        )
        for phase in range(phases)
    )
    return Consumer(kind="household", profiles=profiles, zip=HOUSEHOLD_ZIP)


def ev_charger(
    streams: Streams, name: str, days: int, *, sessions_a_day: float = 0.5, arrival_h: float = 19.0, spread_h: float = 2.0,
    dc_kw: float | None = None,
) -> Consumer:
    """AC on one phase, or DC of ``dc_kw`` on three; each session takes what it needs, 20 kWh in the mean."""
    chance = streams.named(f"{name}/ev")
    count = int(chance.poisson(sessions_a_day * days))
    arrival = chance.integers(0, max(1, days), count) * _DAY_S + (arrival_h + chance.normal(0.0, spread_h, count)) % 24.0 * _HOUR_S
    kwh = chance.gamma(4.0, EV_SESSION_KWH / 4.0, count)
    power_w = EV_AC_W if dc_kw is None else 1000.0 * dc_kw
    begin, length = _one_after_the_other(arrival, kwh * 1000.0 / power_w * _HOUR_S)
    phases = 1 if dc_kw is None else 3
    return Consumer(kind="ev", profiles=(LoadProfile.of_power(begin, length, power_w / phases, 0.99),) * phases)


def e_bikes(streams: Streams, name: str, days: int, *, bikes: int = 10) -> Consumer:
    """A shed of chargers: each bike some hours in the evening and the night."""
    chance = streams.named(f"{name}/e-bikes")
    night, _ = np.divmod(np.arange(bikes * days), bikes)
    begin = night * _DAY_S + chance.normal(20.0, 2.0, bikes * days) * _HOUR_S
    is_used = chance.random(bikes * days) < 0.6
    begin, length = np.maximum(begin[is_used], 0.0), chance.uniform(3.0, 8.0, int(is_used.sum())) * _HOUR_S
    return Consumer(kind="e_bikes", profiles=(LoadProfile.of_power(begin, length, chance.uniform(90.0, 180.0, len(begin)), 0.65),))


def tobacco_barn(streams: Streams, name: str, days: int) -> Consumer:
    """A curing run: the fan without pause, heat that follows the schedule of the leaf; three phases."""
    chance = streams.named(f"{name}/barn")
    fan_w, heat_w = chance.uniform(2000.0, 2600.0), chance.uniform(3000.0, 4500.0)
    hours = np.arange(24 * days)
    share = 0.85 + 0.1 * np.sin(2.0 * np.pi * hours / (24.0 * 6.0)) + chance.normal(0.0, 0.03, len(hours))
    profile = LoadProfile.sum([
        LoadProfile.of_power([0.0], days * _DAY_S, fan_w / 3.0, 0.8),
        LoadProfile.of_power(hours * _HOUR_S, _HOUR_S, heat_w / 3.0 * np.clip(share, 0.0, 1.0)),
    ])
    return Consumer(kind="tobacco_barn", profiles=(profile,) * 3, zip=(0.7, 0.1, 0.2))


def irrigation(streams: Streams, name: str, days: int, *, kw: float = 7.5) -> Consumer:
    """A pump for some hours of most days."""
    chance = streams.named(f"{name}/irrigation")
    runs = np.flatnonzero(chance.random(days) < 0.8)
    begin = runs * _DAY_S + chance.uniform(5.0, 9.0, len(runs)) * _HOUR_S
    profile = LoadProfile.of_power(begin, chance.uniform(3.0, 9.0, len(runs)) * _HOUR_S, 1000.0 * kw / 3.0, 0.82)
    return Consumer(kind="irrigation", profiles=(profile,) * 3, zip=_MOTOR_ZIP)


def workshop(streams: Streams, name: str, days: int, *, kw: float = 12.0) -> Consumer:
    """Machines of a small workshop on working days; unevenly on the three phases."""
    chance = streams.named(f"{name}/workshop")
    profiles = []
    for _ in range(3):
        jobs = int(chance.poisson(14 * days))
        day = chance.integers(0, max(1, days), jobs)
        day = day[day % 7 < 6]
        begin = day * _DAY_S + chance.uniform(8.0, 17.5, len(day)) * _HOUR_S
        machine_w = chance.uniform(0.1, 0.5) * 1000.0 * kw / 3.0
        profiles.append(LoadProfile.of_power(begin, chance.uniform(2.0, 40.0, len(day)) * 60.0, machine_w, 0.78))
    return Consumer(kind="workshop", profiles=tuple(profiles), zip=_MOTOR_ZIP)


def solar_panels(streams: Streams, name: str, weather: Weather, *, kw: float = 5.0) -> Consumer:
    """A clear-sky curve times clouds that come and go (a Markov chain of five-minute steps)."""
    chance = streams.named(f"{name}/solar")
    hour = (np.arange(288) + 0.5) / 12.0
    middle, half = 12.0, (weather.sunset_h - weather.sunrise_h)[:, None] / 2.0
    clear = np.clip(np.cos(np.pi / 2.0 * np.clip((hour[None, :] - middle) / half, -1.0, 1.0)), 0.0, 1.0).ravel() ** 1.2
    levels, cloudy = np.array([0.95, 0.6, 0.25]), int(chance.integers(0, 3))
    moves = chance.random(len(clear))
    sky = np.empty(len(clear))
    for place, move in enumerate(moves.tolist()):
        cloudy = min(2, max(0, cloudy + (1 if move < 0.06 else -1 if move > 0.94 else 0)))
        sky[place] = levels[cloudy]
    p_w = -1000.0 * kw * clear * sky
    lit = np.flatnonzero(p_w < -1e-3)      # the edge of the curve is no light
    return Consumer(kind="solar", profiles=(LoadProfile.of_power(lit * 300.0, 300.0, p_w[lit]),))


def _one_after_the_other(arrival: np.ndarray, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One plug serves one car at a time: who comes while it is taken waits."""
    order = np.argsort(arrival, kind="stable")
    begin, free = np.empty(len(arrival)), 0.0
    for place, number in enumerate(order.tolist()):
        begin[place] = max(free, float(arrival[number]))
        free = begin[place] + float(length[number])
    return begin, length[order]
