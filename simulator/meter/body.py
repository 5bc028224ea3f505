"""What a meter is besides its measuring: a clock that drifts, a capacitor that ages, and a memory of what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["power_down", "power_up", "cover_open", "cover_closed", "relay_open", "relay_closed", "clock_set"]

_DRIFT_PPM = 6.0              # one standard deviation; GB/T 17215 allows 0.5 s a day, 5.8 ppm (recalled)
_SET_OFF_S = 20.0             # how far off clocks in the field are (unverified)
_HOLD_S = (60.0, 180.0)       # of a new capacitor (unverified; outage.md 1.1 has what last gasps need)
_WORN_OUT, _WORN = 0.03, 0.15     # shares of capacitors that hold nothing, or half as long (unverified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """``at_s``: by the meter's own clock, in seconds since the scenario began."""

    kind: Kind
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterBody:
    """``hold_s``: how long the capacitor keeps the meter's module alive after its supply is gone; 0 = it holds nothing."""

    clock_off_s: float = 0.0
    clock_ppm: float = 0.0
    hold_s: float = 90.0

    @classmethod
    def drawn(cls, chance: np.random.Generator) -> MeterBody:
        """One as it may hang in the field."""
        share = chance.random()
        worn = 0.0 if share < _WORN_OUT else 0.5 if share < _WORN_OUT + _WORN else 1.0
        return cls(
            clock_off_s=float(chance.normal(0.0, _SET_OFF_S)), clock_ppm=float(chance.normal(0.0, _DRIFT_PPM)),
            hold_s=worn * float(chance.uniform(*_HOLD_S)),
        )

    def clock_s(self, at_s: float, set_s: Sequence[float] = ()) -> float:
        """What its clock shows at a true time; ``set_s``: when somebody set it right."""
        since_s = max((when_s for when_s in set_s if when_s <= at_s), default=None)
        if since_s is None:
            return at_s + self.clock_off_s + self.clock_ppm * 1e-6 * at_s
        return at_s + self.clock_ppm * 1e-6 * (at_s - since_s)

    def is_alive(self, dark_since_s: float | None, now_s: float) -> bool:
        """Whether its module can still speak: it has supply, or the capacitor holds."""
        return dark_since_s is None or now_s - dark_since_s < self.hold_s


def power_records(is_dark: npt.NDArray[np.bool_], step_s: float, body: MeterBody, set_s: Sequence[float] = ()) -> list[Record]:
    """Power down and up, from whether the meter was dark at each step since the beginning (it begins lit)."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], is_dark]).astype(np.int8)))
    return [
        Record(kind="power_down" if is_dark[step] else "power_up", at_s=body.clock_s(float(step) * step_s, set_s))
        for step in changes.tolist()
    ]
