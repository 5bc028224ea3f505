"""Simulated DL/T 645 meters for ``sim serve``: their addresses, what they measure, how late they answer."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from edge_agent.errors import ConfigError
from firmware_profiles.schema import Profile
from simulator.clock import SimClock
from simulator.load import Source
from simulator.meter.dlt645 import Meter645
from simulator.meter.dlt645_line import Line645
from simulator.meter.measures import RecordedMeasures

SHORTEST_DELAY_MS, LONGEST_DELAY_MS = 20.0, 500.0          # DL/T 645-2007 section 5.3.2
_ADDRESSES = re.compile(r"([0-9]{12})(?:\+([0-9]{1,4}))?")


class Served645:
    """One meter with what ``sim serve`` counts and switches."""

    def __init__(self, profile: Profile, address: str, sources: Sequence[Source], clock: SimClock) -> None:
        self._measures = RecordedMeasures(sources)
        self.meter = Meter645(profile, address, self._measures, clock)
        self.full_reads = 0

    @property
    def replies(self) -> int:
        return self.meter.replies

    @property
    def supply(self) -> bool:
        return self._measures.supply

    @supply.setter
    def supply(self, is_on: bool) -> None:
        self._measures.supply = is_on


def addresses_of(text: str, option: str) -> list[str]:
    """``000012345678`` or ``000012345678+24`` (that one and the next 24), several with commas."""
    found: list[str] = []
    for part in filter(None, text.split(",")):
        match = _ADDRESSES.fullmatch(part)
        if match is None:
            raise ConfigError([f"{option} {text!r}: write twelve digits, or 000012345678+24 for that one and the next 24"])
        first = int(match[1])
        found += [f"{first + number:012d}" for number in range(int(match[2] or 0) + 1)]
    if not found:
        raise ConfigError([f"{option}: give at least one address"])
    return found


def make_line(meters: Sequence[Served645], delays_ms: tuple[float, float], seed: int = 645) -> Callable[[], Line645]:
    """Lines of one wire: replies come after a delay drawn from ``delays_ms``."""
    chance = random.Random(seed)
    low_ms, high_ms = delays_ms
    answering = [served.meter for served in meters]
    return lambda: Line645(answering, delay_s=lambda: chance.uniform(low_ms, high_ms) / 1000.0)


def delays_of(text: str) -> tuple[float, float]:
    """``20`` or ``20-500``."""
    first, _, last = text.partition("-")
    try:
        low_ms, high_ms = float(first), float(last or first)
    except ValueError as exc:
        raise ConfigError([f"--reply-delay-ms {text!r}: write 20 or 20-500"]) from exc
    if not 0 <= low_ms <= high_ms:
        raise ConfigError([f"--reply-delay-ms {text!r}: the smaller first, not below 0"])
    return low_ms, high_ms
