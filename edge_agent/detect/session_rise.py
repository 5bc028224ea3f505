"""A load of a charger's size that switched on, and what its meter has drifted since: an open beginning for a charge."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

_PAIR_W, _PAIR_SHARE = 10.0, 0.08      # on and off of one load; a charger rises by 5 to 8 % meanwhile
_RISE_A_HOUR = (0.004, 0.03)           # detection.md 6: +0.5 to 2 % an hour, with a register's step of room
_LEAST_RISE_W, _LEAST_RISES = 4.0, 4.0     # in at least so many minutes: one change of a register or a lamp is none
_RESTED_VAR, _LEAST_VAR = 0.7, 20.0     # of an edge's: what stays while the load is on, less a small capacitor
_MOST_YOUNGER = 0.85                   # of its creep that came since a younger load began: then it is the younger's


@dataclass(frozen=True, slots=True, kw_only=True)
class Creep:
    """The sums of an element's smallest changes now, and the number of rises among them."""

    up_w: float
    down_w: float
    ups: float


@dataclass(slots=True, kw_only=True)
class Rise:
    """``up_w``, ``down_w``, ``ups``: the element's sums of the smallest changes, and the number of rises, when it began.

    ``error_var``: how far off the reactive power of the edge may be.
    """

    size_w: float
    edge_var: float            # NaN where the meter gives no reactive power
    error_var: float
    since_ms: float
    up_w: float
    down_w: float
    ups: float
    told: float = 0.0

    def may_be_rectifier(self, least: float, most: float) -> bool:
        """Whether the edge's power factor may lie in that band; so it may where the meter gives no reactive power."""
        low, high = self.power_factors()
        return math.isnan(self.edge_var) or (low <= most and high >= least)

    def is_short_of(self, reactive_var: float) -> bool:
        """Whether the meter shows less reactive power than the load took: it is off, though something else draws its active power."""
        return self.edge_var > 0.0 and reactive_var < _RESTED_VAR * self.edge_var - self.error_var - _LEAST_VAR

    def pairs(self, fall_w: float) -> bool:
        """Whether a fall is of its size."""
        return abs(fall_w - self.size_w) < max(_PAIR_W, _PAIR_SHARE * self.size_w)

    def creeps_up(self, now: Creep, hours: float, younger: Iterable[Rise]) -> bool:
        """Whether nothing but a slow rise in proportion to its size was seen: the voltage of a battery under charge."""
        ups, downs = now.up_w - self.up_w, now.down_w - self.down_w
        net_w, low_w, high_w = ups - downs, *(share * self.size_w * hours for share in _RISE_A_HOUR)
        is_even = downs <= 0.1 * ups and now.ups - self.ups >= _LEAST_RISES
        is_younger = any(now.up_w - other.up_w > _MOST_YOUNGER * ups for other in younger)
        return is_even and not is_younger and max(_LEAST_RISE_W, low_w) <= net_w <= max(_LEAST_RISE_W, high_w)

    def power_factors(self) -> tuple[float, float]:
        """The least and the most that it may be; NaN without reactive power."""
        some_var = abs(self.edge_var)
        return (
            self.size_w / math.hypot(self.size_w, some_var + self.error_var),
            self.size_w / math.hypot(self.size_w, max(0.0, some_var - self.error_var)),
        )


RISE_FIELDS = tuple(field.name for field in fields(Rise))
