"""What a profile says: the points of one meter model, how to ask for them and how its bytes become numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from firmware_profiles.dlt645 import DLT645_PROTOCOLS, DataBlock, DataPoint
from firmware_profiles.quantities import NO_PHASE, QUANTITIES, UNITS, column_name, title_of

# type -> (words, name in data sheets and vectors)
TYPES: dict[str, tuple[int, str]] = {
    "u16": (1, "uint16"), "i16": (1, "int16"), "u32": (2, "uint32"), "i32": (2, "int32"), "u64": (4, "uint64"), "i64": (4, "int64"),
    "f32": (2, "float32"), "f64": (4, "float64"),
    "t5": (2, "t5"), "t6": (2, "t6"),      # decimal exponent in the top byte, 24-bit mantissa; t6 is signed (Iskra, Finder)
}
TEXT = "text"
POLLS = ("presence", "full", "never")
# quirks that facts cannot express, by name
PLAIN = "plain"
FOUR_QUADRANT_POWER_FACTOR = "four_quadrant_pf"    # |raw| > 1 is leading, factor 2 - |raw| (Schneider)
CODINGS = (PLAIN, FOUR_QUADRANT_POWER_FACTOR)
MODBUS = "modbus"
PROTOCOLS = (MODBUS, *DLT645_PROTOCOLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of a meter. ``value in unit = raw x scale``; ``no_value`` lists the raw bit patterns that mean "not available"."""

    quantity: str
    place: str = NO_PHASE
    function: int
    address: int                        # zero-based, as on the wire
    type: str
    high_word_first: bool = True
    scale: Fraction = Fraction(1)
    unit: str
    coding: str = PLAIN
    no_value: tuple[int, ...] = ()
    poll: str = "full"
    text_words: int = 0
    own_title: str = ""

    @property
    def word_order(self) -> str:
        return "high" if self.high_word_first else "low"

    @property
    def words(self) -> int:
        """Registers that the value takes."""
        return self.text_words if self.type == TEXT else TYPES[self.type][0]

    @property
    def key(self) -> str:
        """``voltage_v.a``: the name of the point in golden values, whether carried or not."""
        return column_name(self.quantity, self.place)

    @property
    def column(self) -> str | None:
        """Its column of samples and frames; None for what is only decoded and shown."""
        return self.key if QUANTITIES[self.quantity].carried else None

    @property
    def si_factor(self) -> Fraction:
        return UNITS[self.unit][1]

    @property
    def title(self) -> str:
        """The words of a data sheet: ``voltage L1``, ``active power total``, ``active energy import T2``."""
        return self.own_title or title_of(self.quantity, self.place)

    @property
    def resolution(self) -> float | None:
        """The smallest step, in the unit inside; None where there is no fixed one, as of a float register."""
        return None if self.type in ("f32", "f64", "t5", "t6", TEXT) else float(self.scale * self.si_factor)

    @property
    def type_title(self) -> str:
        return TEXT if self.type == TEXT else TYPES[self.type][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """What one request may ask. ``max_gap_words`` > 0 only for meters known to fill holes."""

    max_words: int = 125                # Modbus Application Protocol V1.1b3, 6.3
    max_gap_words: int = 0
    even_only: bool = False             # start and count must be even, else exception 02
    silence_s: float = 0.0              # rest that the meter needs before the next request, beyond the 3.5 characters of RTU
    turnaround_s: float = 0.0           # documented longest time to the reply; 0 = not documented


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialDefaults:
    """How the meter leaves the factory."""

    baud: int = 9600
    format: str = "8N1"
    unit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A read that tells this model from others: ``codes`` are the register bytes expected, any one of them, as a beginning."""

    function: int
    address: int
    words: int
    codes: tuple[bytes, ...]

    def matches(self, data: bytes) -> bool:
        """Whether ``data``, the register bytes of the read, is that of this model."""
        return data.startswith(self.codes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """Bytes from a document or a capture and the values in them, worked out without our code.

    ``request`` and ``response`` are whole RTU frames, or ``words`` are register bytes from ``address``, or ``frame`` is the whole reply
    of a DL/T 645 meter. ``values``: key -> value in the unit of the point; None = the bytes say "not available".
    """

    origin: str
    values: tuple[tuple[str, float | str | None], ...]
    request: bytes = b""
    response: bytes = b""
    words: bytes = b""
    frame: bytes = b""
    function: int = 0
    address: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One meter model. ``firmware`` is a range such as ``>=2.1, <3.0``, empty for any.

    ``points`` are the registers of a Modbus meter; a DL/T 645 meter has ``data_points`` and ``data_blocks`` instead.
    """

    name: str
    maker: str
    meter: str                          # maker and model: "Eastron SDM630 v2"
    models: tuple[str, ...] = ()        # other names that this map covers
    protocol: str = MODBUS
    firmware: str = ""
    source: str
    function: int = 3
    also_functions: tuple[int, ...] = ()    # other functions that read the same registers
    notes: str = ""
    phases: str = "a"
    nominal_voltage_v: float = 230.0    # between phase and neutral
    max_current_a: float | None = None
    limits: ReadLimits = ReadLimits()
    serial: SerialDefaults = SerialDefaults()
    identity: Identity | None = None
    points: tuple[Point, ...] = ()
    data_points: tuple[DataPoint, ...] = ()
    data_blocks: tuple[DataBlock, ...] = ()
    golden: tuple[Golden, ...]

    @property
    def all_points(self) -> tuple[Point | DataPoint, ...]:
        """What the meter gives, whatever its protocol."""
        return (*self.points, *self.data_points)

    def points_at(self, function: int, address: int, words: int) -> tuple[Point, ...]:
        """The points that lie whole within a read of ``words`` registers from ``address`` with ``function``."""
        return tuple(
            point
            for point in self.points
            if (point.function == function or function in self.also_functions)
            and address <= point.address
            and point.address + point.words <= address + words
        )
