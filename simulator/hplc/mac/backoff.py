"""The back-off rule: windows, slots by priority, what a failed transmission changes.

Source: Q/GDW 12087.42-2020, 5.2.4.2.7 and annex B; open values in ``assumptions``.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.hplc.mac.assumptions import MAX_FAILURES, PRIORITY_EXTRA_SLOTS

MIN_EXPONENT, MAX_EXPONENT = 2, 8
SLOT_SYMBOLS = (10, 8, 6, 4)       # by priority, 0 the lowest; a service link (4 and more) is at least as urgent as 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffRule:
    """``exponents``: of the window, by the number of failed transmissions of the frame; its length is the number of tries."""

    slot_s: tuple[float, ...]
    exponents: tuple[int, ...]
    extra_slots: int

    def slots(self, failures: int, uniform: float) -> int:
        """Slots of quiet to wait for; ``uniform`` in [0, 1) is the draw."""
        return int(uniform * 2 ** self.exponents[failures]) + self.extra_slots

    def slot_of(self, link_id: int) -> float:
        return self.slot_s[min(link_id, len(self.slot_s) - 1)]


def backoff_rule(symbol_s: float) -> BackoffRule:
    return BackoffRule(
        slot_s=tuple(symbols * symbol_s for symbols in SLOT_SYMBOLS),
        exponents=tuple(min(MIN_EXPONENT + failures, MAX_EXPONENT) for failures in range(MAX_FAILURES + 1)),
        extra_slots=PRIORITY_EXTRA_SLOTS,
    )
