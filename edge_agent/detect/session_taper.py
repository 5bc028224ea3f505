"""A small power that decays at a rate in proportion to what is left of it, watt by watt: how a battery charger without correction ends.

Only changes of a minute that are too small for an appliance are looked at, so that what switches meanwhile does not matter. The rate
against what has fallen is a straight line for an exponential (the log-linear fit of detection.md 6, with the rest unknown).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

_PIECE_MINUTES = 5.0       # rates are of five minutes: a register's step and a meter's noise are less than such a fall
_MOST_MINUTES = 180.0      # detection.md 6: 0.5 to 2 h, and the half in which a slow one gets under way
_FLAT_MINUTES = 10.0       # without a fall: it is over
_MOST_BACK = 0.25          # of what has fallen: rises among the falls
_MOST_RISEN = 0.15         # when all is over
_REGISTER_W, _BEYOND, _RECENT_SHARE = 3.0, 4.0, 0.5    # a change beyond four times the recent rate is a lamp, not a cell
_LEAST_STRAIGHT = 0.75     # correlation of rate and fall
_LEAST_PIECES = 6          # half an hour
_TAU_MINUTES = (8.0, 90.0)


@dataclass(slots=True, kw_only=True)
class Taper:
    """Sums over the pieces since it began; ``last_ms``: its last fall. ``cut_w``: a fall at one go since the last piece that fell."""

    since_ms: float
    last_ms: float
    piece_w: float = 0.0
    piece_minutes: float = 0.0
    n: float = 0.0
    fallen_w: float = 0.0
    risen_w: float = 0.0
    flat_minutes: float = 0.0
    minutes: float = 0.0
    cut_w: float = 0.0
    recent: float = 0.0        # W a minute
    rate: float = 0.0
    rate2: float = 0.0
    fall: float = 0.0
    fall2: float = 0.0
    fall_rate: float = 0.0

    def take(self, change_w: float, at_ms: float, minutes: float, *, is_small: bool) -> bool:
        """One more minute; False when it is over."""
        self.minutes += minutes
        if not is_small or (self.n and abs(change_w) > max(_REGISTER_W, _BEYOND * self.recent) * minutes):
            if change_w < 0:
                self.cut_w, self.last_ms = -change_w, at_ms
        else:
            self.piece_w -= change_w
            if change_w < 0 and self.flat_minutes == 0.0:
                self.last_ms = at_ms
        self.piece_minutes += minutes
        if self.piece_minutes >= _PIECE_MINUTES:
            self._close_piece()
        is_back = self.n > 0 and self.risen_w > max(_REGISTER_W, _MOST_BACK * self.fallen_w)
        return self.flat_minutes < _FLAT_MINUTES and self.minutes <= _MOST_MINUTES and not is_back

    @property
    def net_w(self) -> float:
        return self.fallen_w - self.risen_w

    def whole_w(self) -> float | None:
        """What it decays by in the end, by the line through rate and fall; None where there is no such line."""
        if self.n < _LEAST_PIECES or self.risen_w > _MOST_RISEN * self.fallen_w:
            return None
        across = self.fall2 - self.fall * self.fall / self.n
        up = self.rate2 - self.rate * self.rate / self.n
        both = self.fall_rate - self.fall * self.rate / self.n
        if across <= 0.0 or up <= 0.0 or both / math.sqrt(across * up) > -_LEAST_STRAIGHT:
            return None
        slope = both / across
        if not _TAU_MINUTES[0] <= -1.0 / slope <= _TAU_MINUTES[1]:
            return None
        return (self.rate - slope * self.fall) / self.n / -slope

    def _close_piece(self) -> None:
        rate, middle_w = self.piece_w / self.piece_minutes, self.net_w + 0.5 * self.piece_w
        if self.piece_w > 1.0:
            self.fallen_w += self.piece_w
            self.flat_minutes, self.cut_w = 0.0, 0.0
        else:
            self.risen_w -= min(0.0, self.piece_w)
            self.flat_minutes += self.piece_minutes
        if self.flat_minutes == 0.0 or self.fallen_w == 0.0:
            self.n += 1.0
            self.recent = rate if self.n == 1.0 else self.recent + _RECENT_SHARE * (rate - self.recent)
            self.rate += rate
            self.rate2 += rate * rate
            self.fall += middle_w
            self.fall2 += middle_w * middle_w
            self.fall_rate += middle_w * rate
        self.piece_w = self.piece_minutes = 0.0


TAPER_FIELDS = tuple(field.name for field in fields(Taper))
