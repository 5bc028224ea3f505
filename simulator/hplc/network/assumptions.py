"""What the standard's text leaves open about the network layer, one value a line, each with the reason for it.

Marks: [I] inferred or chosen by us. Nothing here was measured on silicon.
"""

from __future__ import annotations

# Path success is a product of link rates; of two ways the shorter wins unless one more hop buys this much. [I]
HOP_FACTOR = 0.9
# A station asks at once when its best link is this good in both directions, else it listens on for PATIENCE_PERIODS beacon periods. [I]
GOOD_LINK = 0.8
PATIENCE_PERIODS = 3
# Links worse than this in both directions are no links to join by: a frame would need its twelve sends. [I]
WORST_LINK = 0.01
# Another proxy must promise this much more than the present one, or counts of ten lists would make stations change for nothing. [I]
CHANGE_GAIN = 1.2
CHANGE_SPREAD_S = 60.0
# A smoothed link rate below this counts as no link. [I]
FORGOTTEN_LINK = 0.02
# A station keeps to the last schedule it heard for so many periods: allocations change slowly. [I]
SCHEDULE_PERIODS = 4
# No station joined for this long: the network counts as formed and the beacon period grows. [I]
FORMED_AFTER_S = 60.0
# Beacon slots may take this part of a period. [I]
BEACON_SHARE = 0.4
# The longest route period: 20..420 s allowed; upkeep of large networks fills the medium with anything shorter. [I]
ROUTE_PERIOD_S = 420.0
# Zero crossings seen by a station scatter by this much, four ninths of the accuracy of 1.2 ms that the standard asks for. [I]
ZERO_CROSS_SCATTER_MS = 0.5
# The modes in which beacons and broadcasts go out, most wanted first.
# TMI 4 is what a published capture shows; seven copies where there is room. [I]
BROADCAST_MODES = (4, 14, 12, 9, 8, 6, 11, 0, 10, 1)
BEACON_MODES = (4, 12, 9, 8, 0, 10, 1)
# The first two keep seven copies of every bit: stations at the edge hear nothing less sturdy. A CCO that has up to this many times as many
# beacons to hand out as fit into them lets stations take turns over several periods; beyond it takes the long block and loses the edge. [I]
STURDY_BEACON_MODES = (4, 12)
MOST_TURNS = 2.2
MANAGEMENT_MODE = 4
