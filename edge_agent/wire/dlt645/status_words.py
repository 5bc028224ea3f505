"""The bits of the meter's status words 1 to 7 (identifiers 04000501..04000507). Source: DL/T 645-2007 annex C."""

from __future__ import annotations

_PHASE_BITS = {
    0: "voltage loss", 1: "under-voltage", 2: "over-voltage", 3: "current loss", 4: "over-current", 5: "over-load", 6: "power reversed",
    7: "phase missing", 8: "current cut",
}
STATUS_WORD_BITS: dict[int, dict[int, str]] = {
    1: {2: "clock battery low", 3: "outage battery low", 4: "active power reversed", 5: "reactive power reversed"},
    2: {},                        # directions per phase: not in the sheet that this is built from
    3: {0: "second period table active", 3: "programming enabled", 4: "relay open"},
    4: _PHASE_BITS,
    5: _PHASE_BITS,
    6: _PHASE_BITS,
    7: {
        0: "voltage sequence", 1: "current sequence", 2: "voltage unbalance", 3: "current unbalance", 4: "auxiliary supply lost",
        5: "power down", 6: "over-demand",
    },
}
RELAY_OPEN_BIT = 1 << 4           # of status word 3
_SUPPLIES = {0: "main supply", 1: "auxiliary supply", 2: "battery supply", 3: "supply 3"}
_SUPPLY_SHIFT, _SUPPLY_MASK = 1, 0b11


def status_names(number: int, word: int) -> list[str]:
    """What status word ``number`` (1..7) says: the bits that are set in rising order, "bit 9" where none is named.

    Word 3 also says how the meter is supplied, unless it is the main supply.
    """
    bits = STATUS_WORD_BITS[number]
    names = []
    if number == 3:
        supply = word >> _SUPPLY_SHIFT & _SUPPLY_MASK
        names = [_SUPPLIES[supply]] if supply else []
        word &= ~(_SUPPLY_MASK << _SUPPLY_SHIFT)
    return [*(bits.get(bit, f"bit {bit}") for bit in range(16) if word >> bit & 1), *names]
