"""Facts about supply and reachability that are no measurements."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class EvidenceKind(enum.Enum):
    POLL_FAILED = "poll_failed"          # asked, not answered: the meter or the way to it is dead
    BUS_DOWN = "bus_down"                # port gone or gateway refused: says nothing about the meters behind it
    BUS_UP = "bus_up"
    LAST_GASP = "last_gasp"              # a dying module said so, or others for it; one alone is no outage, none proves no supply
    POWER_BACK = "power_back"            # a module said that its supply is back
    NODE_REFUSED = "node_refused"        # wanted to join the power-line network and is not in the archive
    AREA_MISMATCH = "area_mismatch"      # hangs on another transformer than the archive says
    ROUTING_CHANGED = "routing_changed"  # reaches the coordinator through another node than before
    ROUTES_KNOWN = "routes_known"        # as the one before, of all meters, when their ways are first told
    RELAY_OPENED = "relay_opened"        # the customer was cut off by command
    RELAY_CLOSED = "relay_closed"
    UNPLUGGED = "unplugged"              # the module was pulled out of its meter: its silence is no outage
    POWER_RECORD = "power_record"        # the meter's own memory: without supply from ``at_utc_ms`` until ``until_utc_ms``
    NEIGHBOUR_OUT = "neighbour_out"      # the back end: another area of the same 10 kV line has lost its supply


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """``meters`` are archive indices.

    ``addresses`` are network addresses of 12 digits: the nodes (NODE_REFUSED, no meters of the archive); otherwise one for each of
    ``meters``, "" = not known: the main node of the owning area (AREA_MISMATCH), the new proxy (ROUTING_CHANGED).
    ``relays`` are the archive indices of the new proxies, one for each of ``meters``, -1 = the coordinator itself or not known.
    """

    kind: EvidenceKind
    at_utc_ms: int
    meters: tuple[int, ...] = ()
    bus: str = ""
    addresses: tuple[str, ...] = ()
    relays: tuple[int, ...] = ()
    until_utc_ms: int = 0
