"""Where a place of the tree is in the world, and what is planned or done there: what a crew needs beside the electrical tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# most urgent first: a customer on medical equipment before one whose shop is dark
PRIORITY_TAGS = ("medical", "cold_chain", "aquaculture", "elderly", "school", "tobacco")
TicketKind = Literal["swap", "transfer", "disconnect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Of a node, of a meter, or of the area; what is not known is empty or None."""

    latitude: float | None = None
    longitude: float | None = None
    address: str = ""          # in words
    pole: str = ""             # number of pole or box, as painted on it
    hv_line: str = ""          # id of the 10 kV line: by it a back end merges areas
    grid: str = ""             # key of the responsible grid (manager, station)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWork:
    """Announced: everything at or below ``nodes`` (the empty path is the whole area) may be without supply in this time."""

    id: str
    nodes: tuple[str, ...]
    from_utc_ms: int
    until_utc_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Of one meter: it is being replaced (swap), moved to another area (transfer) or cut off for arrears (disconnect) in this time."""

    id: str
    kind: TicketKind
    meter: str
    from_utc_ms: int
    until_utc_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkBook:
    """What the utility has announced; replaced as a whole when it changes."""

    planned: tuple[PlannedWork, ...] = ()
    tickets: tuple[Ticket, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """``nodes`` by path ("" = the area), ``meters`` by id."""

    nodes: Mapping[str, Site] = field(default_factory=dict)
    meters: Mapping[str, Site] = field(default_factory=dict)

    def of_node(self, path: str) -> Site:
        """What is known of a place; what is not is taken from the next place above it."""
        found = Site()
        while True:
            found = _filled(found, self.nodes.get(path, Site()))
            if not path:
                return found
            path = path.rpartition("/")[0]

    def of_meter(self, meter: str, node: str) -> Site:
        return _filled(self.meters.get(meter, Site()), self.of_node(node))


def _filled(site: Site, above: Site) -> Site:
    """Coordinates go together: half of one place and half of another is nowhere."""
    has_point = site.latitude is not None and site.longitude is not None
    return Site(
        latitude=site.latitude if has_point else above.latitude, longitude=site.longitude if has_point else above.longitude,
        address=site.address or above.address, pole=site.pole or above.pole, hv_line=site.hv_line or above.hv_line,
        grid=site.grid or above.grid,
    )
