"""A block of power: a load that switched on in one go and holds, and the measures by which a vehicle's charger is told from others."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields
from enum import IntEnum

_SAME = 0.10               # of the size: an edge that ends a block
_MOST_NOISE = 0.03         # of the block: a change of a minute above this is something else that switched
_MOST_WANDER = 0.01        # of the block: what itself changes in a minute; more is a lamp, or a part of a pump's edge
_LEAST_MOVES = 10          # of the voltage, for a regression that means something
# of the voltage register: a smaller move is its rounding and what the small loads of this meter do to it; both pull the slope to 0
_LEAST_MOVE_STEPS, _FINE_V, _WHOLE_V = 2.5, 0.1, 1.0
_ABOVE_LOWEST = 0.05       # of the block: the meter shows no less than at its lowest while the block was on
_BACK, _MOST_OF_IT = 0.1, 0.6      # of the block: as low as before it switched on, by a fall of most of its size


class Told(IntEnum):
    NO = 0
    YES = 1
    WITH_ANOTHER_PHASE = 2


@dataclass(slots=True, kw_only=True)
class Block:
    """``size_w`` with ``extra_w`` in it that came a minute beside the edge: another part of the same edge, or another load."""

    size_w: float
    edge_var: float            # NaN where the meter gives no reactive power
    since_ms: float
    extra_w: float = 0.0
    extra_var: float = 0.0     # of it, what came beside
    base_w: float = 0.0        # what the meter showed before it
    lowest_w: float = math.inf     # and at the lowest while it was on
    short_ms: float = -1.0     # when it showed less than the block last: the sun's feed-in hides it, or it is off
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
    run_w: float = 0.0         # of power and voltage, since the last move of the voltage that counted or the last switching
    run_v: float = 0.0
    was_still: float = 0.0     # the minute before the last; and what the last one changed, NaN where something switched
    last_w: float = math.nan
    last_v: float = math.nan

    @property
    def floor_w(self) -> float:
        return self.size_w - self.extra_w

    def add_half(self, change_w: float, change_var: float) -> None:
        """A rise in the next minute: the second half of an edge in the middle of a minute, or another load. The smaller is in doubt."""
        self.extra_w, self.extra_var = min((change_w, change_var), (self.size_w, self.edge_var), key=lambda half: half[0])
        self.size_w += change_w
        self.edge_var += change_var

    def fits(self, fall_w: float) -> float:
        """By which share of itself a fall differs from its size, with or without what came beside."""
        return min(abs(fall_w / size_w - 1.0) for size_w in (self.size_w, self.floor_w))

    def power_factor(self) -> float:
        """Of the edge, with or without what came beside: the better; NaN where the meter gives no reactive power."""
        whole = self.size_w / math.hypot(self.size_w, self.edge_var)
        return max(whole, self.floor_w / math.hypot(self.floor_w, self.edge_var - self.extra_var))

    def least_tangent(self) -> float:
        """Reactive over active power of the edge, the least that it may be; NaN where the meter gives no reactive power."""
        return min(abs(self.edge_var) / self.size_w, abs(self.edge_var - self.extra_var) / self.floor_w)

    def drift_share(self) -> float:
        return (self.most_drift_w - self.least_drift_w) / self.size_w

    def ends_by(self, fall_w: float, both_w: float, power_w: float) -> float:
        """How well a fall to ``power_w``, or one spread over two minutes, is its end: a share of its size, infinite for none.

        While the meter shows as much as it ever did with the block on, something beside it went. Where it shows no more than before the
        block, the block went, whatever else switched within its edges.
        """
        if power_w > self.lowest_w - _ABOVE_LOWEST * self.floor_w:
            return math.inf
        missing = min(self.fits(fall_w), 2.0 * self.fits(both_w))
        is_back = power_w <= self.base_w + _BACK * self.floor_w and max(fall_w, both_w) >= _MOST_OF_IT * self.size_w
        return min(missing, _SAME) if is_back else missing if missing < _SAME else math.inf

    def watch(self, change_w: float, power_w: float, volts: float, change_v: float, minutes: float) -> None:
        """One more minute of holding. Drift and voltage are taken between quiet minutes only: an edge has parts in its neighbours."""
        self.lowest_w = min(self.lowest_w, power_w)
        if abs(change_w) <= _MOST_NOISE * self.floor_w * minutes:
            self.quiet += minutes
        is_still = abs(change_w) <= _MOST_WANDER * self.floor_w * minutes
        if is_still:
            if self.was_still and not math.isnan(self.last_w):
                self._take(self.last_w, volts, self.last_v)
            else:
                self.run_w = self.run_v = 0.0
        self.was_still = float(not math.isnan(self.last_w))
        self.last_w, self.last_v = (change_w, change_v) if is_still else (math.nan, math.nan)

    def _take(self, change_w: float, volts: float, change_v: float) -> None:
        self.drift_w += change_w
        self.least_drift_w, self.most_drift_w = min(self.least_drift_w, self.drift_w), max(self.most_drift_w, self.drift_w)
        self.run_w, self.run_v = self.run_w + change_w, self.run_v + change_v
        step_v = _FINE_V if volts % 1.0 or change_v % 1.0 else _WHOLE_V
        if abs(self.run_v) >= _LEAST_MOVE_STEPS * step_v:
            self.volts_sum += volts
            self.volts_n += 1.0
            self.dv_dv += self.run_v * self.run_v
            self.dv_dp += self.run_v * self.run_w
            self.dp_dp += self.run_w * self.run_w
            self.run_w = self.run_v = 0.0

    def exponent(self) -> tuple[float, float] | None:
        """d ln P / d ln V and its standard error: 2 for a heater, 1 for constant current, 0 for constant power. None: not to be said."""
        if self.volts_n < _LEAST_MOVES or self.dv_dv <= 0.0:
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
