"""What a low-voltage network is: a source, a transformer with its star point, branches of 1 to 4 conductors, electrodes, loads.

One node for each bus and conductor ("A", "B", "C", "N"); earth is the reference and is reached only through ``Shunt``s. Line capacitance
and the transformer's core branch are left out. Model: the README of the four-wire fault cases (tests/data/lv_faults).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

PHASES = ("A", "B", "C")
CONDUCTORS = (*PHASES, "N")
EARTH = "E"                      # as a load's return: solidly earthed, as where the neutral is folded into the zero sequence
SQRT3 = 3.0**0.5

Matrix = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The medium-voltage grid: ``kv`` line to line times ``pu``, behind sequence impedances in ohm."""

    kv: float
    pu: float = 1.0
    angle_deg: float = 0.0
    z1_ohm: complex
    z0_ohm: complex
    link_ohm: complex = 0.0      # of each conductor between the source and the transformer


@dataclass(frozen=True, slots=True, kw_only=True)
class Transformer:
    """Three single-phase units with the low-voltage star point brought out. ``r_percent`` and ``x_percent`` are totals on ``kva``.

    ``vector_group``: "Dyn11" (low voltage leads by 30 degrees), "Dyn1" (lags), "Yyn0" (in phase; the high-voltage star point floats).
    ``x0_percent`` matters to Yyn0 only, where nothing but the flux outside the three-limbed core lets a neutral current flow; the default
    is recalled from short-circuit tables (0.15 ohm at 315 kVA, about eight times the positive-sequence reactance) and unverified.
    """

    kva: float
    kv_hv: float
    kv_lv: float
    r_percent: float
    x_percent: float
    vector_group: Literal["Dyn11", "Dyn1", "Yyn0"]
    lv_bus: str
    x0_percent: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A line or cable: ``z_ohm`` is the primitive series matrix of the whole branch, conductors in the order of ``conductors``.

    ``opened``: conductors that are cut, at the ``from_bus`` end.
    """

    id: str
    from_bus: str
    to_bus: str
    conductors: tuple[str, ...]
    z_ohm: Matrix
    length_m: float = 0.0
    type: str = ""
    opened: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shunt:
    """An earth electrode or a leakage: ``ohm`` from a conductor to earth; 0 = solidly earthed."""

    id: str
    bus: str
    conductor: str
    ohm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Between its phase and the neutral (or EARTH). ``zip``: the shares of constant impedance, current and power at ``v_nom``.

    ``unmetered``: taken ahead of every meter. ``meter_gain``: what its meter registers of what flows. ``cuts_out``: what it gives back ends
    at over-voltage, as of panels (see ``load_law``).
    """

    id: str
    bus: str
    phase: str
    p_kw: float
    q_kvar: float
    v_nom: float = 220.0
    zip: tuple[float, float, float] = (0.0, 0.0, 1.0)
    to: str = "N"
    unmetered: bool = False
    meter_gain: float = 1.0
    cuts_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network as it stands; an edit makes a new one. ``hv_opened``: phases open between source and transformer."""

    name: str
    source: Source
    transformer: Transformer
    branches: tuple[Branch, ...]
    shunts: tuple[Shunt, ...]
    loads: tuple[Load, ...]
    f_hz: float = 50.0
    hv_opened: frozenset[str] = frozenset()
    _buses: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        conductors: dict[str, set[str]] = {self.transformer.lv_bus: set(CONDUCTORS)}
        for branch in self.branches:
            for bus in (branch.from_bus, branch.to_bus):
                conductors.setdefault(bus, set()).update(branch.conductors)
        ordered = {bus: tuple(conductor for conductor in CONDUCTORS if conductor in found) for bus, found in conductors.items()}
        object.__setattr__(self, "_buses", ordered)

    @property
    def buses(self) -> dict[str, tuple[str, ...]]:
        """Bus -> its conductors, in the order in which branches name them."""
        return self._buses
