"""Who is where: the meters of the area and the tree of nodes that feeds them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge_agent.model.site import Sites
from edge_agent.model.transformer import Transformer


class Role(enum.Enum):
    CUSTOMER = "customer"
    AREA = "area"            # at the transformer: sums the whole area


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """One meter. ``node`` is the path of the place that feeds it, root first: ``feeder-1/branch-2/box-3``."""

    id: str
    index: int
    profile: str
    bus: str
    role: Role = Role.CUSTOMER
    node: str = ""
    phases: str = "a"                    # "a" for a single-phase meter (whatever grid phase feeds it), "abc"
    nominal_voltage_v: float = 220.0
    rated_current_a: float | None = None
    grid_phases: str = ""                # which of the transformer's phases feed it, in the order of ``phases``; "" = not known
    tags: tuple[str, ...] = ()           # of PRIORITY_TAGS


@dataclass(frozen=True, slots=True)
class Archive:
    """All meters in index order; node lookups are derived from their paths."""

    area: str
    meters: Sequence[Meter]
    version: int = 1
    transformer: Transformer | None = None
    sites: Sites = field(default_factory=Sites)
    _members: dict[str, tuple[int, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        members: dict[str, list[int]] = {}
        for meter in self.meters:
            for node in node_and_parents(meter.node):
                members.setdefault(node, []).append(meter.index)
        object.__setattr__(self, "_members", {node: tuple(indices) for node, indices in members.items()})

    @property
    def nodes(self) -> tuple[str, ...]:
        """Every node path, parents before children."""
        return tuple(sorted(self._members, key=lambda node: (node.count("/"), node)))

    def members(self, node: str) -> tuple[int, ...]:
        """Indices of all meters at or below ``node``; the empty path is the whole area."""
        return self._members[node] if node else tuple(meter.index for meter in self.meters)


def node_and_parents(node: str) -> tuple[str, ...]:
    """``feeder-1/branch-2`` -> (``feeder-1``, ``feeder-1/branch-2``); nothing for the empty path."""
    parts = node.split("/") if node else []
    return tuple("/".join(parts[: depth + 1]) for depth in range(len(parts)))
