"""What the concentrator's own mains say about the supply of the area, phase by phase."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

OUT, IN, UNKNOWN = 0, 1, -1


@dataclass(slots=True)
class PhaseMains:
    """The terminal's power-down rule on each phase: out when low for ``out_delay_ms``, in when high, else as before.

    ``now`` holds OUT, IN or UNKNOWN for a, b, c; ``since_ms`` when that began. A phase that is not measured says nothing. All measured
    phases out is the standard's rule for the area; one out while others are in is the loss of a phase.
    Source: DL/T 698.45 object 3106, defaults 60 % and 80 % of nominal (outage.md 1.2).
    """

    out_v: float
    in_v: float
    out_delay_ms: int
    now: npt.NDArray[np.int8] = field(default_factory=lambda: np.full(3, UNKNOWN, np.int8))
    since_ms: list[int] = field(default_factory=lambda: [0, 0, 0])
    _low_since_ms: list[int | None] = field(default_factory=lambda: [None, None, None])

    def judge(self, supply_v: npt.NDArray[np.float64], now_ms: int) -> None:
        """Take the volts of the phases, NaN = not measured."""
        for phase, volts in enumerate(supply_v.tolist()):
            self.since_ms[phase] = min(self.since_ms[phase], now_ms)      # the clock may have been set back
            low_since_ms = self._low_since_ms[phase]
            if volts != volts:
                self._become(phase, UNKNOWN, now_ms)
            elif volts >= self.in_v:
                self._become(phase, IN, now_ms)
            elif volts < self.out_v and self.now[phase] != OUT:
                low_since_ms = now_ms if low_since_ms is None else min(low_since_ms, now_ms)
                self._low_since_ms[phase] = low_since_ms
                if now_ms - low_since_ms >= self.out_delay_ms:
                    self._become(phase, OUT, low_since_ms)

    @property
    def is_out(self) -> bool:
        """Every measured phase is out."""
        known = self.now[self.now != UNKNOWN]
        return bool(known.size) and not known.any()

    @property
    def has_out(self) -> bool:
        """Some phase is out."""
        return OUT in self.now.tolist()

    @property
    def is_in(self) -> bool:
        """Some phase is in and none is out."""
        return bool((self.now == IN).any()) and not bool((self.now == OUT).any())

    def lost_phases(self) -> str:
        """Letters of the phases that are out while another is in: the loss of phases, not of the area."""
        return "".join(
            phase for phase, now in zip("abc", self.now.tolist(), strict=True) if now == OUT
        ) if (self.now == IN).any() else ""

    def out_since_ms(self) -> int:
        """When the last phase went out; meaningful while ``is_out``."""
        return max((since for since, now in zip(self.since_ms, self.now.tolist(), strict=True) if now == OUT), default=0)

    def in_since_ms(self) -> int:
        """When the last phase came in; meaningful while ``is_in``."""
        return max((since for since, now in zip(self.since_ms, self.now.tolist(), strict=True) if now == IN), default=0)

    def save(self) -> list[Any]:
        return [self.now.tolist(), list(self.since_ms), list(self._low_since_ms)]

    def load(self, saved: list[Any]) -> None:
        """Raises ValueError or TypeError for what ``save`` did not give; nothing is changed then."""
        now, since_ms, low_ms = ([*map(int, saved[0])], [*map(int, saved[1])], [None if one is None else int(one) for one in saved[2]])
        if {len(now), len(since_ms), len(low_ms)} != {3} or not set(now) <= {OUT, IN, UNKNOWN}:
            raise ValueError("not three phases")
        self.now[:], self.since_ms, self._low_since_ms = now, since_ms, low_ms

    def _become(self, phase: int, state: int, since_ms: int) -> None:
        self._low_since_ms[phase] = None
        if self.now[phase] != state:
            self.now[phase], self.since_ms[phase] = state, since_ms
