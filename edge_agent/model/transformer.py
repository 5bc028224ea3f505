"""The nameplate of the area's transformer and what its thermal model needs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

Cooling = Literal["distribution", "onan", "onaf", "of", "od"]

# what a value may be: wider than any unit built, narrow enough to catch a wrong unit or a swapped field
_RANGES = {
    "top_oil_rise_k": (10.0, 100.0, "GB 1094.2 allows 60 K, an enclosure adds some 10 to 30"),
    "hot_spot_rise_k": (5.0, 60.0, "winding over top oil at rated load"),
    "loss_ratio": (1.0, 20.0, "load loss over no-load loss, distribution units 5 to 12"),
    "oil_exponent": (0.5, 1.0, "IEC 60076-7: 0.8 to 1.0"),
    "winding_exponent": (1.0, 2.0, "IEC 60076-7: 1.3 to 2.0"),
    "tau_oil_min": (30.0, 600.0, "minutes"),
    "tau_winding_min": (1.0, 30.0, "minutes"),
    "k11": (0.3, 1.0, "IEC 60076-7: 0.5 to 1.0"),
    "k21": (1.0, 3.0, "IEC 60076-7: 1.0 to 3.0"),
    "k22": (1.0, 2.0, "IEC 60076-7: 1.0 to 2.0"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalConstants:
    """Of IEC 60076-7:2018. ``hot_spot_rise_k`` is H times the gradient g_r; ``loss_ratio`` is R; exponents x of the oil, y of the winding.

    Defaults: the standard's distribution set, 78 K over the ambient at rated load, so normal ageing at 20 degC.
    """

    top_oil_rise_k: float = 55.0
    hot_spot_rise_k: float = 23.0
    loss_ratio: float = 5.0
    oil_exponent: float = 0.8
    winding_exponent: float = 1.6
    tau_oil_min: float = 180.0
    tau_winding_min: float = 4.0
    k11: float = 1.0
    k21: float = 1.0
    k22: float = 2.0

    def __post_init__(self) -> None:
        for name, (low, high, reason) in _RANGES.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise ValueError(f"{name} = {value}: expected {low:g} to {high:g} ({reason})")


# exponents and time constants: IEC 60076-7 table of constants; rises and R of the larger units: IEC 60354:1991 table 2, from memory,
# to be checked against the paid text (each pair of rises gives the same 78 K)
COOLING: dict[Cooling, ThermalConstants] = {
    "distribution": ThermalConstants(),
    "onan": ThermalConstants(
        top_oil_rise_k=52.0, hot_spot_rise_k=26.0, loss_ratio=6.0, winding_exponent=1.3, tau_oil_min=210.0, tau_winding_min=10.0,
        k11=0.5, k21=2.0,
    ),
    "onaf": ThermalConstants(
        top_oil_rise_k=52.0, hot_spot_rise_k=26.0, loss_ratio=6.0, winding_exponent=1.3, tau_oil_min=150.0, tau_winding_min=7.0,
        k11=0.5, k21=2.0,
    ),
    "of": ThermalConstants(
        top_oil_rise_k=56.0, hot_spot_rise_k=22.0, loss_ratio=6.0, oil_exponent=1.0, winding_exponent=1.3, tau_oil_min=90.0,
        tau_winding_min=7.0, k21=1.3, k22=1.0,
    ),
    "od": ThermalConstants(
        top_oil_rise_k=49.0, hot_spot_rise_k=29.0, loss_ratio=6.0, oil_exponent=1.0, winding_exponent=2.0, tau_oil_min=90.0,
        tau_winding_min=7.0, k22=1.0,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """``rated_kva`` at three phases, ``nominal_voltage_v`` phase to neutral on the low-voltage side.

    ``cooling`` names a set of thermal constants; what the nameplate or a heat-run test gives replaces the one of the set.
    """

    rated_kva: float
    nominal_voltage_v: float = 220.0
    cooling: Cooling = "distribution"
    top_oil_rise_k: float | None = None
    hot_spot_rise_k: float | None = None
    loss_ratio: float | None = None
    oil_exponent: float | None = None
    winding_exponent: float | None = None
    tau_oil_min: float | None = None
    tau_winding_min: float | None = None
    k11: float | None = None
    k21: float | None = None
    k22: float | None = None

    def __post_init__(self) -> None:
        if not 1.0 <= self.rated_kva <= 10_000.0:
            raise ValueError(f"rated_kva = {self.rated_kva}: a distribution transformer has 1 to 10000 kVA")
        if not 50.0 <= self.nominal_voltage_v <= 500.0:
            raise ValueError(f"nominal_voltage_v = {self.nominal_voltage_v}: phase to neutral, 50 to 500 V")
        if self.cooling not in COOLING:
            raise ValueError(f"cooling = {self.cooling!r}: expected one of {', '.join(COOLING)}")
        _ = self.thermal  # refuses what is outside physics

    @property
    def rated_current_a(self) -> float:
        """Of one phase on the low-voltage side."""
        return self.rated_kva * 1000.0 / (3.0 * self.nominal_voltage_v)

    @property
    def thermal(self) -> ThermalConstants:
        """Of the cooling, with what is given here in place of it."""
        usual = COOLING[self.cooling]
        given = {field.name: getattr(self, field.name) for field in fields(usual)}
        return ThermalConstants(**{name: getattr(usual, name) if value is None else value for name, value in given.items()})
