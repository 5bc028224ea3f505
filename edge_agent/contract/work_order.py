"""What a dispatcher needs of an outage event, from its payload alone: no archive, no second question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SUPPLY_KINDS = ("supply.lost", "supply.planned", "supply.disconnected")
_NEEDED = ("event_id", "revision", "device", "node_id", "node_path", "meters_affected", "original_meters_affected", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """``device`` is its id in the archive, ``path`` leads there from the area."""

    event_id: str
    revision: int
    device_class: str
    device: str
    phases: str
    path: tuple[str, ...]
    customers_out: int
    customers_took: int
    state: str
    priority: tuple[str, ...]        # ids, most urgent first
    latitude: float | None = None
    longitude: float | None = None
    address: str = ""
    pole: str = ""
    may_be_upstream: bool = False
    action: str = ""


def work_order_of(message: Mapping[str, Any]) -> WorkOrder:
    """From a decoded event message.

    Raises:
        ValueError: it is no event about supply, or does not say where, what or how many.
    """
    body = message.get("data", {})
    if body.get("kind") not in _SUPPLY_KINDS:
        raise ValueError(f"{body.get('kind')!r} is no event about supply")
    if missing := [name for name in _NEEDED if name not in body]:
        raise ValueError(f"event without {', '.join(missing)}")
    if body["meters_affected"] != len(body.get("meters", ())) and "end" not in body:
        raise ValueError(f"event about {body['meters_affected']} meters names {len(body.get('meters', ()))}")
    location = body.get("location", {})
    return WorkOrder(
        event_id=body["event_id"], revision=body["revision"], device_class=body["device"], device=body["node_id"],
        phases=body.get("phases", ""), path=tuple(body["node_path"]), customers_out=body["meters_affected"],
        customers_took=body["original_meters_affected"], state=body["state"],
        priority=tuple(one["id"] for one in body.get("priority_meters", ())), latitude=location.get("lat"), longitude=location.get("lon"),
        address=location.get("address", ""), pole=location.get("pole", ""),
        may_be_upstream="upstream" in body.get("scope_ambiguous_with", ()), action=body.get("suggested_action", ""),
    )
