"""What the archive knows of the place of an event: which device it is, where it stands, whom it serves, who must not wait."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from edge_agent.contract import Location, PriorityMeter
from edge_agent.model import Archive, Place, Role, Site
from edge_agent.model.site import PRIORITY_TAGS

Device = Literal["", "meter", "box", "branch", "feeder", "area", "bus"]


class Places:
    """Lookups in one archive; without one (None) only the path of the place itself is known."""

    def __init__(self, archive: Archive | None) -> None:
        self._archive = archive
        self._meters = {} if archive is None else {meter.id: meter for meter in archive.meters}
        nodes = () if archive is None else archive.nodes
        self._nodes = frozenset(nodes)
        self._with_nodes_below = frozenset(node.rpartition("/")[0] for node in nodes)

    def device(self, place: Place) -> Device:
        """Which piece of equipment a crew looks for. What leaves the transformer is a feeder, what has no node below it a box."""
        if place.kind != "node":
            return place.kind if place.kind in ("meter", "area", "bus") else ""  # type: ignore[return-value]
        depth = place.id.count("/") + 1
        if depth == 1:
            return "feeder"
        is_box = place.id not in self._with_nodes_below if place.id in self._nodes else depth > 2
        return "box" if is_box else "branch"

    def path(self, place: Place) -> list[str]:
        """The area, then one name for each level; of an area or a bus its own name at the end."""
        top = [self._archive.area] if self._archive is not None else []
        if place.kind == "area":
            return top or [place.id]
        node = self._node_of(place)
        return [*top, *(node.split("/") if node else []), *([place.id] if place.kind != "node" else [])]

    def location(self, place: Place) -> Location | None:
        """None where the archive has no site of it."""
        if self._archive is None:
            return None
        sites, node = self._archive.sites, self._node_of(place)
        site = sites.of_meter(place.id, node) if place.kind == "meter" else sites.of_node(node)
        if site == Site():
            return None
        return Location(
            lat=site.latitude, lon=site.longitude, address=site.address, pole=site.pole, hv_line=site.hv_line, grid=site.grid
        )

    def customers_served(self, place: Place) -> int | None:
        """At and below the place, on its phases as far as the archive knows them. None where it does not know the place."""
        if self._archive is None or place.kind == "bus":
            return None
        if place.kind == "meter":
            return 1 if place.id in self._meters else None
        node = self._node_of(place)
        if node and node not in self._nodes:
            return None
        meters = [self._archive.meters[index] for index in self._archive.members(node)]
        return sum(
            meter.role is Role.CUSTOMER
            and (not place.phases or not meter.grid_phases or not set(place.phases).isdisjoint(meter.grid_phases))
            for meter in meters
        )

    def priority_meters(self, meters: Collection[str], out: Collection[str]) -> list[PriorityMeter]:
        """Those of ``meters`` with a tag, by its rank and then by id. ``out``: who has no supply now."""
        found = [
            (min(ranks), name)
            for name in meters
            if name in self._meters and (ranks := [PRIORITY_TAGS.index(tag) for tag in self._meters[name].tags if tag in PRIORITY_TAGS])
        ]
        return [PriorityMeter(id=name, tag=PRIORITY_TAGS[rank], back=name not in out) for rank, name in sorted(found)]

    def _node_of(self, place: Place) -> str:
        if place.kind == "node":
            return place.id
        return self._meters[place.id].node if place.kind == "meter" and place.id in self._meters else ""
