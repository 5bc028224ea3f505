"""A power that goes down bit by bit for some minutes, as at the end of a charge, beside loads that switch meanwhile."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields

# of the block, in a minute: a charge that fades in 10 to 60 min loses 1.5 to 10 % a minute, twice that at first
_LEAST_FALL, _MOST_FALL = 0.004, 0.22
_LEAST_FALLS = 5.0         # a straight fade of 10 min has 10, one that is fast at first 7
_FLAT_MINUTES = 3.0        # without a fall: it is over
_MOST_MINUTES = 75.0       # detection.md 6: 10 to 25 min; some cells take an hour


@dataclass(slots=True, kw_only=True)
class Fade:
    """``fallen_w``: the sum of the small changes, falls and rises, since it began; ``cut_w``: falls at one go since the last small one."""

    falls: float = 0.0
    fallen_w: float = 0.0
    fallen_w2: float = 0.0     # the sum of the squares of its falls
    cut_w: float = 0.0
    minutes: float = 0.0
    flat_minutes: float = 0.0
    last_ms: float = -1.0

    def take(self, change_w: float, size_w: float, at_ms: float, minutes: float) -> bool:
        """One more minute beside a block of ``size_w``; False when no fade is on, or it is over now."""
        most_w, least_w = _MOST_FALL * size_w * minutes, _LEAST_FALL * size_w * minutes
        is_fall = -most_w <= change_w <= -least_w
        if not is_fall and self.falls == 0.0:
            return False
        self.minutes += minutes
        if is_fall:
            self.falls += 1.0
            self.fallen_w2 += change_w * change_w
            self.flat_minutes, self.cut_w = 0.0, 0.0
        elif abs(change_w) > most_w:
            self.flat_minutes += 0.5 * minutes       # something else switched: nothing is known of this minute
            self.cut_w += max(0.0, -change_w)
        else:
            self.flat_minutes += minutes
        if abs(change_w) <= most_w:
            self.fallen_w -= change_w
        if is_fall or change_w < -most_w:
            self.last_ms = at_ms
        return self.flat_minutes < _FLAT_MINUTES and self.minutes <= _MOST_MINUTES

    @property
    def is_even(self) -> bool:
        """Whether it took at least so many falls of like size: two heaters that go, each within two minutes, are no fade."""
        return self.fallen_w > 0.0 and self.fallen_w * self.fallen_w >= _LEAST_FALLS * self.fallen_w2

    def row(self) -> tuple[float, ...]:
        return astuple(self)


FADE_FIELDS = tuple(field.name for field in fields(Fade))
