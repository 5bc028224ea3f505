"""What no source says about last gasps in the field, one value a line. Marks: [M] recalled, not verified; [I] chosen by us."""

from __future__ import annotations

# Purchase requirement of a single-phase module, with which the drawn hold times of meter bodies begin. [M]
REQUIRED_HOLD_S = 60.0
# Boxes that were fitted before modules had capacitors. [I]
OLD_BOX_SHARE = 0.1
