"""What a profile says of a DL/T 645 meter: values by data identifier, and the blocks in which it gives several at once."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from firmware_profiles.quantities import NO_PHASE, QUANTITIES, UNITS, column_name, title_of

DLT645_2007, DLT645_1997 = "dlt645-2007", "dlt645-1997"
DLT645_PROTOCOLS = (DLT645_2007, DLT645_1997)
IDENTIFIER_DIGITS = {DLT645_2007: 8, DLT645_1997: 4}

BCD = "bcd_le"                     # two digits in a byte, low byte first
BCD_WITH_TIME = "bcd_le_time"      # the same, and the time YYMMDDhhmm at which it was so behind it
BITS = "bits_le"                   # a status word, low byte first
TEXT_LE = "ascii_le"               # text, last character first
CODINGS_645 = (BCD, BCD_WITH_TIME, BITS, TEXT_LE)
TIME_BYTES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPoint:
    """One value of a meter. ``value in unit = digits x scale``; all bytes FF mean "not available".

    ``identifier``: digits as the standard prints them, ``02010100``. ``is_signed``: the top bit of the highest byte is the sign.
    """

    quantity: str
    place: str = NO_PHASE
    identifier: str
    coding: str = BCD
    byte_count: int                 # of the number or text alone
    scale: Fraction = Fraction(1)
    is_signed: bool = False
    unit: str
    poll: str = "full"
    own_title: str = ""

    @property
    def size(self) -> int:
        """Bytes that the value takes in a reply."""
        return self.byte_count + (TIME_BYTES if self.coding == BCD_WITH_TIME else 0)

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
        """The words of a data sheet: ``voltage L1``."""
        return self.own_title or title_of(self.quantity, self.place)

    @property
    def resolution(self) -> float | None:
        """The smallest step, in the unit inside; None of words and texts."""
        return float(self.scale * self.si_factor) if self.coding in (BCD, BCD_WITH_TIME) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataBlock:
    """An identifier that gives several points in one reply, in the order of ``members`` and without anything between them."""

    identifier: str
    members: tuple[DataPoint, ...]

    def split_payload(self, payload: bytes) -> list[tuple[DataPoint, bytes]]:
        """Each member with its bytes. A meter may have fewer members (of four tariffs only two) or more than are named.

        Meters of the 1997 standard end a block with AA; source: the published frame of block 901F.

        Raises:
            ValueError: the reply ends within a member, or has none.
        """
        found, at = [], 0
        for member in self.members:
            if len(payload) - at < member.size:
                break
            found.append((member, payload[at : at + member.size]))
            at += member.size
        beyond = payload[at:].removesuffix(b"\xaa") if len(self.identifier) == IDENTIFIER_DIGITS[DLT645_1997] else payload[at:]
        if not found or len(beyond) % self.members[-1].size:
            raise ValueError(f"block {self.identifier}: {len(payload)} bytes end within a member")
        return found
