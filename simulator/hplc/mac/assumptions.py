"""What the standard's text leaves open about channel access, one value a line, each with the reason for it.

Marks: [I] inferred, [X] worked out from a published air capture. Nothing here was measured on silicon.
"""

from __future__ import annotations

from simulator.hplc.phy import RIFS_MOST_S

# The back-off adds PE slots, "set from the frame's priority"; the text gives no values. [I]
PRIORITY_EXTRA_SLOTS = 0
# More failed transmissions than this give the frame up; the text names maxNB without a value. [I]
MAX_FAILURES = 8
# A preamble is noticed after four short symbols: the shortest slot (priority 3) is as long, so that slots separate stations. [I]
DETECTION_SYMBOLS = 4
# A frame is read over another one that its receiver also hears when it is this much stronger. [I]
CAPTURE_DB = 10.0
# RIFS may be 400..2300 us: we take the longest.
# A published capture (band 2, unicast 3.52 ms longer than broadcast) leaves 1.9 to 2.3 ms for it. [X]
SACK_GAP_S = RIFS_MOST_S
# A sender without SACK knows as little of the medium as one that could not read the frame control: both wait EIFS after it. [I]
# A timer that ends too late for its frame to fit is drawn again without counting as a failure, or all would start with the next slice. [I]
# Whoever notices a preamble can read the frame control behind it: it is coded far stronger than any payload. [I]
