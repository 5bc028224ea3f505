"""Everything of DL/T 645 that no text at hand confirms, in one place: recalled, to be checked against a meter before it is relied on.

- Functions 03H (security) and 1CH (relay) are in the State Grid filing document (Q/GDW 1365 and its successors), not in DL/T 645-2007;
  their layouts and codes are from memory. The vectors mark the one frame they have as unverified.
- Residual current 029001xx is in the filing document only: no format is known, and many meters answer "no such data".
- Energies of one phase: DI2 and the order of the quantities. The vectors' 00440000 (C, quadrant 4) is "meter-specific" to its source.
- The 1997 identifiers B6xx and C0xx, and 0400010C of some 2013 meters: metering practice.
"""

from __future__ import annotations

FILING_FUNCTIONS = {0x03: "security", 0x1C: "relay control"}
RELAY_ACTIONS = {
    0x1A: "trip", 0x1B: "permit closing", 0x1C: "close", 0x2A: "alarm", 0x2B: "end alarm", 0x3A: "keep supplied", 0x3B: "end keep supplied",
}
RELAY_DATA_BYTES = 16         # PA, P0..P2, C0..C3, N1 (action), N2 (reserved), N3..N8 (valid until: ss mm hh DD MM YY)

RESIDUAL_CURRENT_PREFIX, RESIDUAL_CURRENT_NAME = "029001", "residual current"
# DI2 of the energies of one phase; the phases are 14H apart
PHASE_ENERGY_KINDS = {
    0x00: ("forward active energy", "kWh", False), 0x01: ("reverse active energy", "kWh", False),
    0x02: ("combined reactive energy 1", "kvarh", True), 0x03: ("combined reactive energy 2", "kvarh", True),
    0x04: ("reactive energy quadrant 1", "kvarh", False), 0x05: ("reactive energy quadrant 2", "kvarh", False),
    0x06: ("reactive energy quadrant 3", "kvarh", False), 0x07: ("reactive energy quadrant 4", "kvarh", False),
}
PHASE_ENERGY_BASES = {"A": 0x15, "B": 0x29, "C": 0x3D}
DATE_AND_TIME_DI = "0400010C"
