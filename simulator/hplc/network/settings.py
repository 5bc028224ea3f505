"""What is set in a CCO: band, periods, limits. Source: Q/GDW 12087.42-2020; choices within its ranges are marked."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.hplc.network.assumptions import ROUTE_PERIOD_S

FIRST_TEI, LAST_TEI, CCO_TEI = 2, 1015, 1
LAST_LEVEL = 15
LISTEN_S = 10.0                        # a CCO listens this long for neighbours before it starts
LISTS_PER_ROUTE_PERIOD = 10            # at least
BEACONS_PER_170_S = 2                  # of each station, at least
HEARTBEATS_PER_ROUTE_PERIOD = 8
HEARTBEAT_CYCLE_ROUTE_PERIODS = 2
OFFLINE_CYCLES, REMOVED_CYCLES = 1, 4  # silent heartbeat cycles
REPORT_ROUTE_PERIODS = 4               # between two success-rate reports
CONFLICT_BACKOFF_S = (0.01, 10.0)      # NID conflict: random in this range


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """Of one CCO. ``forming_period_s`` until the network is formed, ``period_s`` after it (beacon periods last 1..15 s).

    ``white_list``: MAC addresses that may join, None when the list is off. ``max_stations``: TEIs end at 1015.
    """

    forming_period_s: float = 3.0
    period_s: float = 10.0
    route_period_s: float = ROUTE_PERIOD_S
    csma_phases: int = 3
    csma_slice_s: float = 0.2
    tdma_owners: tuple[int, ...] = ()
    tdma_slot_s: float = 0.1
    bound_s: float = 0.0
    white_list: frozenset[int] | None = None
    black_list: frozenset[int] = frozenset()
    max_stations: int = LAST_TEI - FIRST_TEI + 1
    max_proxies: int = LAST_TEI - FIRST_TEI + 1    # [I] those that find no beacon slot in a period take turns
    max_children: int = 250            # [I]
    last_level: int = LAST_LEVEL
