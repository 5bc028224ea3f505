"""A load behind a contact that may arc: instantaneous current and voltage, half cycle by half cycle.

The arc is a Cassie and a Mayr conductance in series (CIGRE WG 13.01, Electra 118, 1988): the first holds the arc's voltage while it burns,
the second lets it die near the current's zero; it strikes again when the voltage across the gap passes a breakdown voltage that is chance
in every half cycle. Parameters are of the size of short copper arcs in air, not measured on any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

LoadKind = Literal["resistive", "motor", "dimmer", "supply"]
LOAD_KINDS: tuple[LoadKind, ...] = ("resistive", "motor", "dimmer", "supply")

_SUBSTEPS = 4
_ARC_V, _ARC_SPREAD_V = 28.0, 6.0            # Cassie voltage of a half cycle
_COOLING_W = 40.0                            # Mayr power loss
_CASSIE_S, _MAYR_S = 60e-6, 15e-6            # time constants
_BREAKDOWN_V, _BREAKDOWN_SPREAD_V = 60.0, 25.0
_OPEN_S, _CLOSED_S = 1e-5, 1e3               # least and greatest conductance, siemens
_STRUCK_S = 0.05
_MOTOR_POWER_FACTOR = 0.8
_FIRING_ANGLE = math.radians(80.0)
_LEAK_OHM = 1e6
_BRIDGE_V = 1.6                              # two diodes


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcSpan:
    """From ``begin_s`` to ``end_s`` each half cycle arcs with this probability."""

    begin_s: float
    end_s: float
    share: float = 0.87


class ArcingCircuit:
    """``current_a`` is the rms of the load without an arc (of a ``supply`` the mean of its direct current). One generator: one stream."""

    def __init__(
        self, *, load: LoadKind, current_a: float, chance: np.random.Generator, spans: tuple[ArcSpan, ...] = (), rms_v: float = 230.0,
        mains_hz: float = 50.0,
    ) -> None:
        self._load, self._chance, self._spans, self._peak_v, self.mains_hz = load, chance, spans, math.sqrt(2) * rms_v, mains_hz
        self._omega = 2 * math.pi * mains_hz
        impedance_ohm = rms_v / current_a
        self._ohm, self._henry = impedance_ohm, 20e-6
        if load == "motor":
            self._ohm = impedance_ohm * _MOTOR_POWER_FACTOR
            self._henry = impedance_ohm * math.sqrt(1 - _MOTOR_POWER_FACTOR**2) / self._omega
        if load == "supply":
            self._ohm, self._henry, self._drain_a, self._farad = 0.8, 150e-6, current_a, current_a * 6e-4
        self._at_s = self._current_a = 0.0
        self._capacitor_v = self._peak_v * 0.97
        self._is_firing = False
        self._cassie_s = self._mayr_s = _CLOSED_S
        self._half = -1
        self._is_arcing, self._arc_v, self._breakdown_v = False, _ARC_V, _BREAKDOWN_V
        self.arcing: list[bool] = []         # of each half cycle that has begun: the truth

    def samples(self, count: int, rate_hz: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The next ``count`` samples of current (A) and voltage (V)."""
        current_a, voltage_v = np.empty(count), np.empty(count)
        step_s = 1.0 / (rate_hz * _SUBSTEPS)
        for place in range(count):
            voltage_v[place], current_a[place] = self._peak_v * math.sin(self._omega * self._at_s), self._current_a
            for _ in range(_SUBSTEPS):
                self._advance(step_s)
        return current_a, voltage_v

    def _advance(self, step_s: float) -> None:
        half = int(self._at_s * 2 * self.mains_hz + 1e-6)
        if half != self._half:
            self._begin_half_cycle(half)
        source_v = self._peak_v * math.sin(self._omega * self._at_s)
        ohm, opposing_v = self._load_now(source_v)
        gap_ohm = 1 / self._cassie_s + 1 / self._mayr_s if self._is_arcing else 0.0
        before_a = self._current_a
        # implicit Euler: the gap may have a megohm
        self._current_a = (before_a + step_s / self._henry * (source_v - opposing_v)) / (1 + step_s / self._henry * (ohm + gap_ohm))
        if self._load in ("dimmer", "supply") and before_a * self._current_a < 0:
            self._current_a, self._is_firing = 0.0, False       # a triac and diodes conduct one way
        if self._is_arcing:
            self._burn(step_s, source_v - opposing_v)
        if self._load == "supply":
            self._capacitor_v = max(0.0, self._capacitor_v + (abs(self._current_a) - self._drain_a) * step_s / self._farad)
        self._at_s += step_s

    def _load_now(self, source_v: float) -> tuple[float, float]:
        """Resistance and the voltage that opposes the source's."""
        if self._load == "dimmer":
            angle = self._omega * self._at_s % math.pi
            if not self._is_firing and _FIRING_ANGLE <= angle < _FIRING_ANGLE + 0.2:
                self._is_firing = True
            return (self._ohm if self._is_firing else _LEAK_OHM), 0.0
        if self._load == "supply":
            reach_v = self._capacitor_v + _BRIDGE_V
            if self._current_a == 0.0 and abs(source_v) < reach_v:
                return _LEAK_OHM, source_v
            return self._ohm, math.copysign(reach_v, self._current_a or source_v)
        return self._ohm, 0.0

    def _begin_half_cycle(self, half: int) -> None:
        self._half = half
        at_s = half / (2 * self.mains_hz)
        share = max((span.share for span in self._spans if span.begin_s <= at_s < span.end_s), default=0.0)
        was_arcing, self._is_arcing = self._is_arcing, bool(self._chance.random() < share)
        self._arc_v = max(15.0, self._chance.normal(_ARC_V, _ARC_SPREAD_V))
        self._breakdown_v = max(20.0, self._chance.normal(_BREAKDOWN_V, _BREAKDOWN_SPREAD_V))
        if self._is_arcing and not was_arcing:
            self._cassie_s = self._mayr_s = _STRUCK_S
        self.arcing.append(self._is_arcing)

    def _burn(self, step_s: float, open_v: float) -> None:
        current_a = abs(self._current_a)
        drop_v = current_a * (1 / self._cassie_s + 1 / self._mayr_s)
        if min(self._cassie_s, self._mayr_s) <= 2 * _OPEN_S and abs(open_v) > self._breakdown_v:
            self._cassie_s = self._mayr_s = _STRUCK_S
            return
        cassie = (current_a / self._cassie_s) ** 2 / self._arc_v**2 - 1
        mayr = current_a * drop_v / _COOLING_W - 1
        self._cassie_s = min(_CLOSED_S, max(_OPEN_S, self._cassie_s * math.exp(max(-2.0, min(2.0, step_s / _CASSIE_S * cassie)))))
        self._mayr_s = min(_CLOSED_S, max(_OPEN_S, self._mayr_s * math.exp(max(-2.0, min(2.0, step_s / _MAYR_S * mayr)))))
