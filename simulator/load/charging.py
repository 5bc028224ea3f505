"""Vehicles and e-bikes that charge at home, session by session, with what is true of each: what detectors of charging are measured on.

Shapes and rates are those of detection.md section 6; how often, and how much, is ours, plausible and unverified.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.load.profile import LoadProfile, Real
from simulator.load.streams import Streams

_HOUR_S, _DAY_S = 3600.0, 86_400.0
_PIECE_S = 60.0                                # a session is drawn minute by minute
_NOMINAL_V = 220.0
_ONE_PHASE_A, _THREE_PHASE_A = (8.0, 10.0, 16.0, 32.0), (16.0, 32.0)      # 1.8 to 7.0 kW; 11 and 21 kW
_KWH, _LONGEST_H = 20.0, 8.0
_FULL, _FADES_MIN, _LEFT = 0.7, (10.0, 25.0), 0.08     # share of sessions that end by a full battery, how long that takes, what is left
_WANDER, _KEEPS = 0.005, 0.9                   # of the power, a minute to the next: flat within 2 %
_BIKE_W = (60.0, 170.0, 350.0)                 # least, most usual, most
_BULK_H, _RISE_AN_HOUR, _DECAY_MIN, _TRICKLE_W = (1.0, 6.0), (0.005, 0.02), (30.0, 120.0), (5.0, 20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """From when power flows to when the battery is full or the plug is out; ``power_w``: of one phase, before it fades."""

    begin_s: float
    end_s: float
    power_w: float
    phases: int = 1
    fades: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Charging:
    """``profiles``: one for each phase that is used."""

    profiles: tuple[LoadProfile, ...]
    charges: tuple[Charge, ...]


def vehicle(streams: Streams, name: str, days: int, *, phases: int = 1, sessions_a_day: float = 0.6) -> Charging:
    """One car with its own charger: mostly in the evening, at full power until the battery is full or the driver leaves."""
    chance = streams.named(f"{name}/vehicle")
    power_w = _NOMINAL_V * float(chance.choice(_ONE_PHASE_A if phases == 1 else _THREE_PHASE_A))
    power_factor = float(chance.uniform(0.985, 0.999))
    charges, parts, free_s = [], [], 0.0
    for day in np.flatnonzero(chance.random(days) < sessions_a_day).tolist():
        hour = chance.normal(19.0, 2.0) if chance.random() < 0.85 else chance.uniform(0.0, 24.0)
        begin_s = max(day * _DAY_S + float(hour) * _HOUR_S, free_s)
        held_min = min(chance.gamma(4.0, _KWH / 4.0) * 1000.0 / (power_w * phases), _LONGEST_H) * 60.0
        fades = bool(chance.random() < _FULL)
        fading_min = chance.uniform(*_FADES_MIN) if fades else 0.0
        curve = _vehicle_curve(chance, round(held_min), round(fading_min))
        end_s = begin_s + _PIECE_S * len(curve)
        free_s = end_s + _HOUR_S
        charges.append(Charge(begin_s=begin_s, end_s=end_s, power_w=power_w, phases=phases, fades=fades))
        parts.append(_pieces(begin_s, power_w * curve, power_factor))
    return Charging(profiles=(LoadProfile.sum(parts),) * phases, charges=tuple(charges))


def e_bike(streams: Streams, name: str, days: int, *, nights: float = 0.7) -> Charging:
    """One battery with a charger without correction: current held while its voltage creeps up, then an exponential down to a trickle."""
    chance = streams.named(f"{name}/e-bike")
    size_w, power_factor = float(chance.triangular(*_BIKE_W)), float(chance.uniform(0.45, 0.65))
    rise, trickle_w = chance.uniform(*_RISE_AN_HOUR), chance.uniform(*_TRICKLE_W)
    decay_min = round(chance.uniform(*_DECAY_MIN))
    charges, parts, free_s = [], [], 0.0
    for day in np.flatnonzero(chance.random(days) < nights).tolist():
        begin_s = max(day * _DAY_S + float(chance.normal(20.0, 2.0)) * _HOUR_S, free_s)
        bulk_w = size_w * (1.0 + rise * np.arange(round(60.0 * chance.uniform(*_BULK_H))) / 60.0)
        decay = np.exp(-3.0 * np.arange(1, decay_min + 1) / decay_min)      # three time constants: to a twentieth
        plugged_min = round(60.0 * chance.uniform(0.0, 4.0))
        powers = np.concatenate([bulk_w, trickle_w + (bulk_w[-1] - trickle_w) * decay, np.full(plugged_min, trickle_w)])
        end_s = begin_s + _PIECE_S * (len(bulk_w) + decay_min)
        free_s = begin_s + _PIECE_S * len(powers) + _HOUR_S
        charges.append(Charge(begin_s=begin_s, end_s=end_s, power_w=size_w))
        parts.append(_pieces(begin_s, powers, power_factor))
    return Charging(profiles=(LoadProfile.sum(parts),), charges=tuple(charges))


def _vehicle_curve(chance: np.random.Generator, held_min: int, fading_min: int) -> Real:
    """Shares of the full power, minute by minute. How it fades, straight or fast at first, differs from car to car."""
    shocks = chance.normal(0.0, _WANDER * np.sqrt(1.0 - _KEEPS**2), held_min + fading_min)
    wander, level = np.empty(len(shocks)), 0.0
    for place, shock in enumerate(shocks.tolist()):
        level = _KEEPS * level + shock
        wander[place] = level
    bend = chance.uniform(0.8, 2.0)
    fading = _LEFT + (1.0 - _LEFT) * (1.0 - np.arange(1, fading_min + 1) / (fading_min + 1.0)) ** bend
    return np.concatenate([np.ones(held_min), fading]) * (1.0 + wander)


def _pieces(begin_s: float, powers_w: npt.NDArray[np.float64], power_factor: float) -> LoadProfile:
    return LoadProfile.of_power(begin_s + _PIECE_S * np.arange(len(powers_w)), _PIECE_S, powers_w, power_factor)
