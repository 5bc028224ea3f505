"""What a vehicle's charger is: its rates, the edge that it switches on with, and by what it is neither heater nor motor.

Source: detection.md section 6.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.detect.session_block import Block

_MINUTE_MS = 60_000
_BESIDE = 0.03                 # of a rise: less beside it is noise
_KNOWN = 0.06                  # of the size: a block like one that faded
_TWICE = 2.0                   # of the length that is enough with other evidence: no thermostat's, no chance of a pump in the same edge
_NOT_RESISTIVE = 0.05          # detection.md 6: dQ/dP of a heater is below
_PLUGGED_W = 4000.0            # 16 A and some: what takes more is no appliance with a plug, and bathes for minutes
RATED_KW = (1.3, 8.0, 9.5, 24.0)      # detection.md 6: 1.3 to 7.4 on one phase, 11 and 22 on three, 8 % of tolerance
LEAST_EDGE_W = 500.0 * RATED_KW[0]   # in one of the two minutes of an edge


@dataclass(frozen=True, slots=True, kw_only=True)
class EvSettings:
    """detection.md section 6: 45 min to 8 h, power factor above 0.98, flat within 2 %."""

    known_minutes: float = 45.0        # least length of a session of a size that is known here
    faded_minutes: float = 30.0        # of a session that fades
    plain_minutes: float = 75.0        # of one that is told by power factor and voltage alone: longer than what dries, washes or bakes
    most_hours: float = 12.0           # 8 h are usual; a block that lasts longer is another
    power_factor: float = 0.98
    most_exponent: float = 1.3         # of the voltage in the power: a charger 0 to 1, a heater 2
    most_drift: float = 0.08           # of the size, from least to most: itself 2 %, and the small things beside it; a heat pump does more
    duty_minutes: float = 20.0         # a block that follows one of its size within this is a thermostat's
    max_gap_s: float = 900.0

    def __post_init__(self) -> None:
        if not 5 <= self.faded_minutes <= self.known_minutes <= self.plain_minutes < 60 * self.most_hours <= 2880:
            raise ValueError("5 <= faded_minutes <= known_minutes <= plain_minutes < most_hours <= 48 h must hold")
        if not 0.5 < self.power_factor <= 1 or not 0 < self.most_exponent < 2 or not 0 < self.most_drift < 1:
            raise ValueError("power_factor must be above 0.5 to 1, most_exponent between 0 and 2 (a heater's), most_drift between 0 and 1")
        if self.duty_minutes < 0 or not 60 <= self.max_gap_s <= 7200:
            raise ValueError("duty_minutes must not be negative, max_gap_s must be 60 s (a minute) to 2 h")


def is_rated(size_w: float, *, is_total_of_three: bool) -> bool:
    """Whether chargers of this power are made; on the total of three phases those of three as well."""
    low, high, three_low, three_high = (1000.0 * limit for limit in RATED_KW)
    return low <= size_w <= high or (is_total_of_three and three_low <= size_w <= three_high)


def is_beside(change_w: float, size_w: float) -> bool:
    """Whether a rise in the minute beside an edge is a part of it, or another load, and no noise."""
    return change_w > _BESIDE * size_w


def is_known(block: Block, known_w: float) -> bool:
    """Whether a block is of the size of one that faded here before; ``known_w`` is 0 where none did."""
    return known_w > 0.0 and block.fits(known_w) < _KNOWN


def is_charger(block: Block, settings: EvSettings, at_ms: int, known_w: float) -> bool:
    """A block that has held long enough: of a known charger, or neither heater nor motor."""
    s, held = settings, (at_ms - max(block.since_ms, block.short_ms)) / _MINUTE_MS
    long_minutes = _TWICE * s.plain_minutes
    if held < s.known_minutes or block.quiet < 0.6 * held or (block.is_cycling and held < long_minutes):
        return False
    if is_known(block, known_w):
        return True
    if block.drift_share() >= s.most_drift or not block.power_factor() >= s.power_factor:
        return False
    is_large = block.floor_w > _PLUGGED_W
    found = block.exponent()
    if found is not None and held >= (s.known_minutes if is_large else s.plain_minutes):
        exponent, error = found
        if -s.most_exponent < exponent < s.most_exponent - 2.0 * error:
            return True
        if exponent - 2.0 * error > s.most_exponent:
            return False
    # the voltage says nothing: it hardly moves here, or it follows what this customer switches
    return held >= (s.known_minutes if is_large else long_minutes) and block.least_tangent() >= _NOT_RESISTIVE
