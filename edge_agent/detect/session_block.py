"""A block of power: a load that switched on in one go and holds, and the measures by which a vehicle's charger is told from others."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields
from enum import IntEnum

_MOST_NOISE = 0.03         # of the block: a change of a minute above this is something else that switched
_LEAST_MINUTES = 20        # of voltage and power, for a regression that means something


class Told(IntEnum):
    NO = 0
    YES = 1
    WITH_ANOTHER_PHASE = 2


@dataclass(slots=True, kw_only=True)
class Block:
    """``size_w`` with ``extra_w`` in it that came a minute beside the edge: another part of the same edge, or another load."""

    size_w: float
    extra_w: float
    edge_var: float            # NaN where the meter gives no reactive power
    extra_var: float           # of it, what came beside
    since_ms: float
    is_cycling: float = 0.0    # one of the same size ended shortly before: a thermostat
    told: float = 0.0
    rows: float = 0.0          # bits of the rows of elements (1 total, 2 a, 4 b, 8 c) that it was told for
    is_fading: float = 0.0     # its power goes down bit by bit
    quiet: float = 0.0         # minutes in which nothing else switched
    drift_w: float = 0.0       # what it has drifted in them, and the least and the most of that
    least_drift_w: float = 0.0
    most_drift_w: float = 0.0
    volts_sum: float = 0.0
    volts_n: float = 0.0
    dv_dv: float = 0.0
    dv_dp: float = 0.0
    dp_dp: float = 0.0

    @property
    def floor_w(self) -> float:
        return self.size_w - self.extra_w

    def fits(self, fall_w: float) -> float:
        """By which share of itself a fall differs from its size, with or without what came beside."""
        return min(abs(fall_w / size_w - 1.0) for size_w in (self.size_w, self.floor_w))

    def power_factor(self) -> float:
        """Of the edge, with or without what came beside: the better; NaN where the meter gives no reactive power."""
        whole = self.size_w / math.hypot(self.size_w, self.edge_var)
        return max(whole, self.floor_w / math.hypot(self.floor_w, self.edge_var - self.extra_var))

    def watch(self, change_w: float, volts: float, change_v: float, minutes: float) -> None:
        """One more minute of holding."""
        if abs(change_w) > _MOST_NOISE * self.floor_w * minutes:
            return
        self.quiet += minutes
        self.drift_w += change_w
        self.least_drift_w, self.most_drift_w = min(self.least_drift_w, self.drift_w), max(self.most_drift_w, self.drift_w)
        if not math.isnan(change_v):
            self.volts_sum += volts
            self.volts_n += 1.0
            self.dv_dv += change_v * change_v
            self.dv_dp += change_v * change_w
            self.dp_dp += change_w * change_w

    def exponent(self) -> tuple[float, float] | None:
        """d ln P / d ln V and its standard error: 2 for a heater, 1 for constant current, 0 for constant power. None: not to be said."""
        if self.volts_n < _LEAST_MINUTES or self.dv_dv <= 0.0:
            return None
        slope = self.dv_dp / self.dv_dv
        rest = max(0.0, self.dp_dp - slope * self.dv_dp) / (self.volts_n - 1.0)
        scale = self.volts_sum / self.volts_n / self.floor_w
        return slope * scale, math.sqrt(rest / self.dv_dv) * scale

    def row(self) -> tuple[float, ...]:
        return astuple(self)


BLOCK_FIELDS = tuple(field.name for field in fields(Block))


def block_of(row: list[float]) -> Block:
    return Block(**dict(zip(BLOCK_FIELDS, row, strict=True)))
