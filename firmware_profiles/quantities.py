"""Every quantity that the system knows: name, unit, sign rule, OBIS codes, what a plausible value is.

A **column** is one quantity at one place of a meter: ``voltage_v.a`` (phase a), ``active_power_w`` (whole meter),
``active_energy_import_wh.t2`` (tariff 2). Columns are the keys of samples, frames, profiles' golden values and payloads.
Units inside are SI (W, Wh, V, A); profiles may print kW or kWh and are converted by :data:`UNITS`.

OBIS codes: IEC 62056-6-1 (A-B:C.D.E.F with A=1 electricity, B=0). Plausible ranges are ours: wide enough for any
low-voltage meter of up to 10 kA behind current transformers, narrow enough to catch a wrong word order.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

NO_PHASE = ""
PHASES = ("a", "b", "c")
LINES = ("ab", "bc", "ca")
TARIFFS = ("t1", "t2", "t3", "t4")
QUADRANTS = ("q1", "q2", "q3", "q4")    # of the plane of active and reactive power
STATUS_WORDS = ("w1", "w2", "w3", "w4", "w5", "w6", "w7")    # of a DL/T 645-2007 meter


class Kind(enum.Enum):
    """How a number behaves over time; decides what a detector may do with it."""

    GAUGE = "gauge"        # an instantaneous value
    COUNTER = "counter"    # only rises, until reset or wrap
    WORD = "word"          # a code or a bit field: never published as a measurement
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One physical quantity. ``low`` and ``high`` bound a plausible value in ``unit``; None is unbounded."""

    name: str
    title: str              # the words of a data sheet: "voltage", "active energy import"
    unit: str               # "V", "W", "Wh", ..., "1"
    kind: Kind = Kind.GAUGE
    places: tuple[str, ...] = (NO_PHASE,)
    obis: tuple[tuple[str, str], ...] = ()    # (place, code)
    low: float | None = None
    high: float | None = None
    carried: bool = True    # False: decoded and shown, but no column of samples and frames


def _obis(whole: str | None, a: str | None = None, b: str | None = None, c: str | None = None) -> tuple[tuple[str, str], ...]:
    given = zip((NO_PHASE, *PHASES), (whole, a, b, c), strict=True)
    return tuple((place, f"1.0.{code}.255") for place, code in given if code)


def _energy_obis(group: int, per_phase: tuple[int, int, int] | None) -> tuple[tuple[str, str], ...]:
    codes = [(NO_PHASE, f"1.0.{group}.8.0.255")]
    codes += [(tariff, f"1.0.{group}.8.{number}.255") for number, tariff in enumerate(TARIFFS, start=1)]
    if per_phase:
        codes += [(phase, f"1.0.{code}.8.0.255") for phase, code in zip(PHASES, per_phase, strict=True)]
    return tuple(codes)


_WHOLE_AND_PHASES = (NO_PHASE, *PHASES)
_ENERGY_PLACES = (NO_PHASE, *PHASES, *TARIFFS)
_MAX_A = 10_000.0
_MAX_W = 10_000.0 * 480.0 * 3
_MAX_WH = 1e13

_ALL = (
    Quantity(name="voltage_v", title="voltage", unit="V", places=(NO_PHASE, *PHASES, *LINES), low=0.0, high=1000.0,
             obis=_obis("12.7.0", "32.7.0", "52.7.0", "72.7.0")),
    Quantity(name="current_a", title="current", unit="A", places=(NO_PHASE, *PHASES, "n"), low=-_MAX_A, high=_MAX_A,
             obis=(*_obis("11.7.0", "31.7.0", "51.7.0", "71.7.0"), ("n", "1.0.91.7.0.255"))),
    Quantity(name="active_power_w", title="active power", unit="W", places=_WHOLE_AND_PHASES, low=-_MAX_W, high=_MAX_W,
             obis=_obis("16.7.0", "36.7.0", "56.7.0", "76.7.0")),
    Quantity(name="reactive_power_var", title="reactive power", unit="var", places=_WHOLE_AND_PHASES, low=-_MAX_W, high=_MAX_W,
             obis=_obis("3.7.0", "23.7.0", "43.7.0", "63.7.0")),
    Quantity(name="apparent_power_va", title="apparent power", unit="VA", places=_WHOLE_AND_PHASES, low=-_MAX_W, high=_MAX_W,
             obis=_obis("9.7.0", "29.7.0", "49.7.0", "69.7.0")),
    Quantity(name="power_factor", title="power factor", unit="1", places=_WHOLE_AND_PHASES, low=-1.001, high=1.001,
             obis=_obis("13.7.0", "33.7.0", "53.7.0", "73.7.0")),
    Quantity(name="frequency_hz", title="frequency", unit="Hz", low=40.0, high=70.0, obis=_obis("14.7.0")),
    Quantity(name="phase_angle_deg", title="phase angle", unit="deg", places=_WHOLE_AND_PHASES, low=-360.0, high=360.0),
    Quantity(name="temperature_cel", title="temperature", unit="Cel", low=-60.0, high=200.0, obis=(("", "0.0.96.9.0.255"),)),
    Quantity(name="active_power_demand_w", title="active power demand", unit="W", low=-_MAX_W, high=_MAX_W, obis=_obis("1.4.0")),
    Quantity(name="active_energy_import_wh", title="active energy import", unit="Wh", kind=Kind.COUNTER,
             places=_ENERGY_PLACES, low=0.0, high=_MAX_WH, obis=_energy_obis(1, (21, 41, 61))),
    Quantity(name="active_energy_export_wh", title="active energy export", unit="Wh", kind=Kind.COUNTER,
             places=_ENERGY_PLACES, low=0.0, high=_MAX_WH, obis=_energy_obis(2, (22, 42, 62))),
    Quantity(name="active_energy_total_wh", title="active energy total", unit="Wh", kind=Kind.COUNTER,
             places=_ENERGY_PLACES, low=0.0, high=_MAX_WH, obis=_energy_obis(15, (35, 55, 75))),
    Quantity(name="reactive_energy_import_varh", title="reactive energy import", unit="varh", kind=Kind.COUNTER,
             places=_ENERGY_PLACES, low=0.0, high=_MAX_WH, obis=_energy_obis(3, (23, 43, 63))),
    Quantity(name="reactive_energy_export_varh", title="reactive energy export", unit="varh", kind=Kind.COUNTER,
             places=_ENERGY_PLACES, low=0.0, high=_MAX_WH, obis=_energy_obis(4, (24, 44, 64))),
    Quantity(name="reactive_energy_total_varh", title="reactive energy total", unit="varh", kind=Kind.COUNTER,
             places=_ENERGY_PLACES, low=0.0, high=_MAX_WH),
    Quantity(name="apparent_energy_import_vah", title="apparent energy import", unit="VAh", kind=Kind.COUNTER,
             low=0.0, high=_MAX_WH, obis=_obis("9.8.0")),
    Quantity(name="apparent_energy_export_vah", title="apparent energy export", unit="VAh", kind=Kind.COUNTER,
             low=0.0, high=_MAX_WH, obis=_obis("10.8.0")),
    Quantity(name="current_residual_a", title="residual current", unit="A", low=0.0, high=_MAX_A),
    Quantity(name="terminal_temperature_cel", title="terminal temperature", unit="Cel", places=(*PHASES, "n"), low=-60.0, high=300.0),
    Quantity(name="ambient_temperature_cel", title="ambient temperature", unit="Cel", low=-60.0, high=80.0),
    # decoded and shown, never a measurement
    Quantity(name="tan_phi", title="tangent phi", unit="1", carried=False),
    Quantity(name="voltage_line_v", title="voltage L-L average", unit="V", carried=False, low=0.0, high=1000.0),
    Quantity(name="voltage_unbalance_percent", title="voltage unbalance", unit="%", carried=False, low=0.0, high=100.0),
    Quantity(name="current_unbalance_percent", title="current unbalance", unit="%", carried=False, low=0.0, high=1000.0),
    Quantity(name="current_sum_a", title="current sum", unit="A", carried=False, low=-3 * _MAX_A, high=3 * _MAX_A),
    Quantity(name="current_ground_a", title="current ground", unit="A", carried=False, low=-_MAX_A, high=_MAX_A),
    Quantity(name="current_demand_a", title="current demand", unit="A", places=_WHOLE_AND_PHASES, carried=False, low=-_MAX_A, high=_MAX_A),
    Quantity(name="current_demand_max_a", title="current demand maximum", unit="A", places=_WHOLE_AND_PHASES, carried=False,
             low=-_MAX_A, high=_MAX_A),
    Quantity(name="active_power_import_w", title="active power import", unit="W", carried=False, low=0.0, high=_MAX_W),
    Quantity(name="active_power_export_w", title="active power export", unit="W", carried=False, low=0.0, high=_MAX_W),
    Quantity(name="active_power_demand_max_w", title="active power demand maximum", unit="W", carried=False, low=-_MAX_W, high=_MAX_W),
    Quantity(name="active_power_import_demand_w", title="active power import demand", unit="W", carried=False, low=0.0, high=_MAX_W),
    Quantity(name="active_power_import_demand_max_w", title="active power import demand maximum", unit="W", carried=False,
             low=0.0, high=_MAX_W),
    Quantity(name="active_power_export_demand_w", title="active power export demand", unit="W", carried=False, low=-_MAX_W, high=_MAX_W),
    Quantity(name="active_power_export_demand_max_w", title="active power export demand maximum", unit="W", carried=False,
             low=-_MAX_W, high=_MAX_W),
    Quantity(name="active_energy_net_wh", title="active energy net", unit="Wh", carried=False, low=-_MAX_WH, high=_MAX_WH),
    Quantity(name="reactive_energy_net_varh", title="reactive energy net", unit="varh", carried=False, low=-_MAX_WH, high=_MAX_WH),
    Quantity(name="apparent_energy_net_vah", title="apparent energy net", unit="VAh", carried=False, low=-_MAX_WH, high=_MAX_WH),
    Quantity(name="apparent_energy_total_vah", title="apparent energy total", unit="VAh", kind=Kind.COUNTER, carried=False,
             low=0.0, high=_MAX_WH),
    # partial counters are set back by hand: no measure of what was ever used
    Quantity(name="active_energy_partial_wh", title="active energy partial", unit="Wh", kind=Kind.COUNTER, carried=False,
             low=0.0, high=_MAX_WH),
    Quantity(name="active_energy_partial_import_wh", title="active energy partial import", unit="Wh", kind=Kind.COUNTER, carried=False,
             low=0.0, high=_MAX_WH),
    Quantity(name="active_energy_partial_export_wh", title="active energy partial export", unit="Wh", kind=Kind.COUNTER, carried=False,
             low=0.0, high=_MAX_WH),
    Quantity(name="reactive_energy_partial_varh", title="reactive energy partial", unit="varh", kind=Kind.COUNTER, carried=False,
             low=0.0, high=_MAX_WH),
    Quantity(name="reactive_energy_quadrant_varh", title="reactive energy", unit="varh", kind=Kind.COUNTER, places=QUADRANTS, carried=False,
             low=0.0, high=_MAX_WH),
    Quantity(name="charge_ah", title="charge", unit="Ah", kind=Kind.COUNTER, carried=False, low=0.0, high=_MAX_WH),
    Quantity(name="operating_time_h", title="operating time", unit="h", kind=Kind.COUNTER, carried=False, low=0.0, high=1e6),
    Quantity(name="voltage_ratio", title="voltage transformer ratio", unit="1", carried=False, low=0.0, high=1e5),
    Quantity(name="current_ratio", title="current transformer ratio", unit="1", carried=False, low=0.0, high=1e5),
    Quantity(name="voltage_three_phase_v", title="voltage three-phase", unit="V", carried=False, low=0.0, high=1000.0),
    Quantity(name="active_power_mean_w", title="active power mean of a minute", unit="W", carried=False, low=-_MAX_W, high=_MAX_W),
    Quantity(name="battery_voltage_v", title="clock battery voltage", unit="V", carried=False, low=0.0, high=20.0),
    Quantity(name="supply_interruptions", title="supply interruptions", unit="1", kind=Kind.COUNTER, carried=False, low=0.0, high=1e6),
    Quantity(name="serial_number", title="serial number", unit="", kind=Kind.TEXT, carried=False),
    Quantity(name="model", title="model", unit="", kind=Kind.TEXT, carried=False),
    Quantity(name="firmware", title="firmware", unit="", kind=Kind.TEXT, carried=False),
    Quantity(name="product_id", title="product id", unit="", kind=Kind.WORD, carried=False),
    Quantity(name="status_word", title="status word", unit="", kind=Kind.WORD, carried=False, places=(NO_PHASE, *STATUS_WORDS)),
    Quantity(name="alarm_word", title="alarm word", unit="", kind=Kind.WORD, carried=False),
    Quantity(name="phase_sequence", title="phase sequence", unit="", kind=Kind.WORD, carried=False),
)

QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in _ALL}


def column_name(quantity: str, place: str = NO_PHASE) -> str:
    """``voltage_v`` and ``a`` -> ``voltage_v.a``; a quantity of the whole meter is its own column."""
    return f"{quantity}.{place}" if place else quantity


_PLACE_TITLES = {
    "a": "L1", "b": "L2", "c": "L3", "ab": "L1-L2", "bc": "L2-L3", "ca": "L3-L1", "n": "neutral",
    "t1": "T1", "t2": "T2", "t3": "T3", "t4": "T4", "q1": "Q1", "q2": "Q2", "q3": "Q3", "q4": "Q4",
    **{word: word[1:] for word in STATUS_WORDS},
}
_NO_TOTAL = ("active_energy", "reactive_energy", "apparent_energy", "current_demand")    # "active energy import", not "... import total"
_WHOLE_TITLES = {"voltage_v": "average", "current_a": "average", "tan_phi": "total"}


def title_of(quantity: str, place: str) -> str:
    """The words of a data sheet: ``voltage L1``, ``active power total``, ``active energy import T2``."""
    known = QUANTITIES[quantity]
    where = _PLACE_TITLES.get(place, "")
    if not where and (quantity in _WHOLE_TITLES or "a" in known.places) and not quantity.startswith(_NO_TOTAL):
        where = _WHOLE_TITLES.get(quantity, "total")
    return f"{known.title} {where}".strip()


COLUMNS: tuple[str, ...] = tuple(
    column_name(quantity.name, place) for quantity in _ALL if quantity.carried for place in quantity.places
)
COLUMN_INDEX: dict[str, int] = {name: index for index, name in enumerate(COLUMNS)}

# unit of a profile -> (unit inside, exact factor)
UNITS: dict[str, tuple[str, Fraction]] = {
    "V": ("V", Fraction(1)), "mV": ("V", Fraction(1, 1000)), "kV": ("V", Fraction(1000)),
    "A": ("A", Fraction(1)), "mA": ("A", Fraction(1, 1000)), "kA": ("A", Fraction(1000)),
    "W": ("W", Fraction(1)), "kW": ("W", Fraction(1000)), "MW": ("W", Fraction(10**6)),
    "var": ("var", Fraction(1)), "kvar": ("var", Fraction(1000)), "Mvar": ("var", Fraction(10**6)),
    "VA": ("VA", Fraction(1)), "kVA": ("VA", Fraction(1000)), "MVA": ("VA", Fraction(10**6)),
    "Wh": ("Wh", Fraction(1)), "kWh": ("Wh", Fraction(1000)), "MWh": ("Wh", Fraction(10**6)),
    "varh": ("varh", Fraction(1)), "kvarh": ("varh", Fraction(1000)), "Mvarh": ("varh", Fraction(10**6)),
    "VAh": ("VAh", Fraction(1)), "kVAh": ("VAh", Fraction(1000)), "MVAh": ("VAh", Fraction(10**6)),
    "Ah": ("Ah", Fraction(1)), "h": ("h", Fraction(1)), "min": ("h", Fraction(1, 60)), "%": ("%", Fraction(1)),
    "Hz": ("Hz", Fraction(1)), "deg": ("deg", Fraction(1)), "Cel": ("Cel", Fraction(1)), "1": ("1", Fraction(1)), "": ("", Fraction(1)),
}
