"""What the standard's text leaves open about channel access: values and their reasons are in ``assumptions.toml``."""

from __future__ import annotations

from simulator.hplc.assumptions import assumed
from simulator.hplc.phy import RIFS_MOST_S

PRIORITY_EXTRA_SLOTS = int(assumed("mac.extra_slots"))
MAX_FAILURES = int(assumed("mac.max_failures"))
DETECTION_SYMBOLS = int(assumed("mac.detection_symbols"))
CAPTURE_DB = assumed("mac.capture_db")
# RIFS may be 400..2300 us: we take the longest.
# A published capture (band 2, unicast 3.52 ms longer than broadcast) leaves 1.9 to 2.3 ms for it. [X]
SACK_GAP_S = RIFS_MOST_S
# Rules without a number that are ours [I]:
# A sender without SACK knows as little of the medium as one that could not read the frame control: both wait EIFS after it.
# A timer that ends too late for its frame to fit is drawn again without counting as a failure, or all would start with the next slice.
# Whoever notices a preamble can read the frame control behind it: it is coded far stronger than any payload.
