"""A household over some days: who is at home and awake, what they use, what runs by itself, what the weather asks for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.load.appliances import (
    AIR_CONDITIONER_W,
    AIR_CONDITIONERS_OWNED,
    COMFORT_C,
    CYCLING,
    HEATER_W,
    LIGHT_W,
    STANDBY_W,
    USED,
    Appliance,
)
from simulator.load.profile import LoadProfile, Real
from simulator.load.streams import Streams
from simulator.load.weather import Weather

_HOUR_S, _DAY_S = 3600.0, 86_400.0
_SLOT_S = 900.0
_SLOTS_A_DAY = 96
_FULL_POWER_K = 8.0             # degrees beyond comfort at which an air conditioner runs all the time
HOUSEHOLD_ZIP = (0.5, 0.1, 0.4)     # of the mix; the model gives one law to a load


def make_household(
    streams: Streams, name: str, weather: Weather, *, people: int = 3, has_electric_heating: bool = False, is_vacant: bool = False
) -> LoadProfile:
    """What ``name`` draws from the first midnight of ``weather`` on, for as many days as there is weather."""
    chance = streams.named(f"{name}/household")
    standby = chance.uniform(*STANDBY_W) * (0.2 if is_vacant else 1.0)
    parts = [_Part(np.zeros(1), weather.days * _DAY_S, standby, 0.9)]
    if not is_vacant:               # who leaves for the year empties and unplugs the refrigerator
        parts += _cycling(chance, weather.days)
        awake, at_home = _occupancy(chance, weather.days)
        parts += [_used(chance, thing, awake, people) for thing in USED if chance.random() < thing.owned]
        parts.append(_lights(chance, awake, weather))
        parts += _climate(chance, at_home, weather, has_electric_heating=has_electric_heating)
    return _together(parts)


class _Part(NamedTuple):
    """One thing: when it runs, how long each time (or always), with what power."""

    begin_s: npt.NDArray[np.floating[Any]]
    length_s: Real | float
    p_w: Real | float
    power_factor: float


def _together(parts: list[_Part]) -> LoadProfile:
    """In one go: a profile of each of twenty things would cost more than all that is in them."""
    counts = [len(part.begin_s) for part in parts]
    begin, length, p_w = np.concatenate([part.begin_s for part in parts]), np.empty(sum(counts)), np.empty(sum(counts))
    at = 0
    for part, count in zip(parts, counts, strict=True):
        length[at : at + count], p_w[at : at + count] = part.length_s, part.p_w
        at += count
    return LoadProfile.of_power(begin, length, p_w, np.repeat([part.power_factor for part in parts], counts))


def _occupancy(chance: np.random.Generator, days: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """By quarter of an hour: somebody awake at home; somebody at home."""
    stays_in = chance.random() < 0.4                  # somebody retired, or with a small child
    hour = (np.arange(_SLOTS_A_DAY) + 0.5) / 4.0
    wakes, sleeps = chance.normal(6.6, 0.6) + chance.normal(0, 0.4, days), chance.normal(22.8, 0.7) + chance.normal(0, 0.5, days)
    leaves, returns = chance.normal(8.0, 0.6) + chance.normal(0, 0.3, days), chance.normal(18.0, 1.0) + chance.normal(0, 0.6, days)
    is_out_day = (np.arange(days) % 7 < 5) if not stays_in else chance.random(days) < 0.15
    awake = (hour > wakes[:, None]) & (hour < sleeps[:, None])
    out = is_out_day[:, None] & (hour > leaves[:, None]) & (hour < returns[:, None])
    errand = chance.uniform(9.0, 17.0, days)
    out |= (~is_out_day)[:, None] & (hour > errand[:, None]) & (hour < errand[:, None] + 2.0)
    return (awake & ~out).ravel(), (~out).ravel()


def _used(chance: np.random.Generator, thing: Appliance, awake: npt.NDArray[np.bool_], people: int) -> _Part:
    days = len(awake) // _SLOTS_A_DAY
    weights = np.tile(np.repeat(thing.hours, 4), days) * awake
    total = np.cumsum(weights)
    # two people boil more water than one, but not twice as much; a day out is a day with fewer uses
    mean = thing.uses_a_day * people**0.7 * total[-1] / (4.0 * thing.hours.sum()) * 1.6
    count = int(chance.poisson(mean))
    slots = np.searchsorted(total, chance.random(count) * total[-1], side="right") if count else np.zeros(0, dtype=np.intp)
    begin = (slots + chance.random(count)) * _SLOT_S
    minutes = chance.uniform(*thing.minutes, count)
    return _Part(begin, 60.0 * minutes, thing.power_w * chance.uniform(0.85, 1.15), thing.power_factor)


def _cycling(chance: np.random.Generator, days: int) -> list[_Part]:
    found = []
    for _, power_w, power_factor, owned, on, off in CYCLING:
        if chance.random() >= owned:
            continue
        cycle_s = 60.0 * (on + off) * chance.uniform(0.8, 1.25)
        begin = chance.random() * cycle_s + cycle_s * np.arange(-1, int(days * _DAY_S / cycle_s) + 1)
        begin = begin[begin >= 0.0]
        length = 60.0 * on * chance.uniform(0.85, 1.15, len(begin))
        found.append(_Part(begin, length, power_w * chance.uniform(0.8, 1.2), power_factor))
    return found


def _lights(chance: np.random.Generator, awake: npt.NDArray[np.bool_], weather: Weather) -> _Part:
    hour = np.tile((np.arange(_SLOTS_A_DAY) + 0.5) / 4.0, weather.days)
    sunrise, sunset = np.repeat(weather.sunrise_h, _SLOTS_A_DAY), np.repeat(weather.sunset_h, _SLOTS_A_DAY)
    slots = np.flatnonzero(awake & ((hour < sunrise + 0.3) | (hour > sunset - 0.3)))
    return _Part(slots * _SLOT_S, _SLOT_S, chance.uniform(*LIGHT_W) * chance.uniform(0.5, 1.0, len(slots)), 0.9)


def _climate(
    chance: np.random.Generator, at_home: npt.NDArray[np.bool_], weather: Weather, *, has_electric_heating: bool
) -> list[_Part]:
    """Cooling above comfort, heating below it, in quarter-hours: the further from comfort, the larger the share of time that it runs."""
    temperature: Real = np.repeat(weather.temperature_c, 4)
    low, high = (limit + chance.normal(0.0, 1.0) for limit in COMFORT_C)
    found = []
    has_air_conditioner, cooler_w, heater_w = (
        chance.random() < AIR_CONDITIONERS_OWNED, chance.uniform(*AIR_CONDITIONER_W), chance.uniform(*HEATER_W)
    )
    for beyond, power_w, power_factor, is_there in (
        (temperature - high, cooler_w, 0.9, has_air_conditioner),
        (low - temperature, heater_w, 1.0, has_electric_heating),
    ):
        share = np.clip(beyond / _FULL_POWER_K, 0.0, 1.0) * at_home
        slots = np.flatnonzero(share > 0.05) if is_there else np.zeros(0, dtype=np.intp)
        # a thermostat knows no quarter of an hour: each home has its own, or the area would dip at every full one
        begin = (slots + chance.random()) * _SLOT_S + chance.random(len(slots)) * _SLOT_S * (1.0 - share[slots])
        found.append(_Part(begin, share[slots] * _SLOT_S, power_w, power_factor))
    return found
