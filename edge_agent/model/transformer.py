"""The nameplate of the area's transformer and what its thermal model needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """``rated_kva`` at three phases, ``nominal_voltage_v`` phase to neutral on the low-voltage side."""

    rated_kva: float
    nominal_voltage_v: float = 220.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.rated_kva <= 10_000.0:
            raise ValueError(f"rated_kva = {self.rated_kva}: a distribution transformer has 1 to 10000 kVA")
        if not 50.0 <= self.nominal_voltage_v <= 500.0:
            raise ValueError(f"nominal_voltage_v = {self.nominal_voltage_v}: phase to neutral, 50 to 500 V")

    @property
    def rated_current_a(self) -> float:
        """Of one phase on the low-voltage side."""
        return self.rated_kva * 1000.0 / (3.0 * self.nominal_voltage_v)
