"""An area as signals see it: a tree of buses below the transformer, with the coordinator at its root and a module at each meter."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.grid.areas import Area
from simulator.grid.network import PHASES, Branch, Network

Ints = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Bus 0 is the transformer's; buses follow by distance. What feeds a bus, its edge, has the number of the bus; the root has none.

    Attributes:
        parent: (buses,), -1 for the root.
        edges: (buses,), the branch of each edge, None for the root.
        ancestors: (buses, depths), the bus on the way from the root at each depth, itself last, then -1.
        has_phase: (buses, 3), conductors of the edge.
    """

    buses: tuple[str, ...]
    parent: Ints
    edges: tuple[Branch | None, ...]
    ancestors: Ints
    has_phase: npt.NDArray[np.bool_]

    @property
    def depth(self) -> Ints:
        """(buses,): edges up to the root."""
        depth: Ints = (self.ancestors >= 0).sum(axis=1) - 1
        return depth

    @property
    def is_leaf(self) -> npt.NDArray[np.bool_]:
        """(buses,): nothing hangs behind it."""
        leaf = np.ones(len(self.buses), dtype=np.bool_)
        leaf[self.parent[1:]] = False
        return leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """Where modules hang; module 0 is the coordinator, module i the i-th meter of the area.

    Attributes:
        bus: (modules,), number in the tree.
        phase_power: (modules, 3), how the power of a module is shared among the phases; 1/3 each where it sits on all three.
        box: (modules,), the bus above the service; the root for the coordinator.
    """

    names: tuple[str, ...]
    bus: Ints
    phase_power: Real
    box: Ints


def make_tree(network: Network) -> Tree:
    """Breadth first from the transformer, whether conductors are open or not; of parallel branches the first one counts."""
    beside: dict[str, list[tuple[str, Branch]]] = {}
    for branch in network.branches:
        beside.setdefault(branch.from_bus, []).append((branch.to_bus, branch))
        beside.setdefault(branch.to_bus, []).append((branch.from_bus, branch))
    root = network.transformer.lv_bus
    number = {root: 0}
    parent, ways, todo = [-1], [[0]], deque([root])
    found: list[Branch | None] = [None]
    while todo:
        bus = todo.popleft()
        for other, branch in beside.get(bus, ()):
            if other not in number:
                number[other] = len(number)
                parent.append(number[bus])
                found.append(branch)
                ways.append([*ways[number[bus]], number[other]])
                todo.append(other)
    ancestors = np.full((len(ways), max(map(len, ways))), -1, dtype=np.int64)
    for row, way in enumerate(ways):
        ancestors[row, :len(way)] = way
    has_phase = np.array([[branch is not None and phase in branch.conductors for phase in PHASES] for branch in found])
    return Tree(
        buses=tuple(number), parent=np.array(parent, dtype=np.int64), edges=tuple(found), ancestors=ancestors, has_phase=has_phase,
    )


def place_modules(area: Area, tree: Tree) -> Modules:
    """The coordinator at the transformer, on all phases, and a module at each meter, on its phases."""
    number = {bus: row for row, bus in enumerate(tree.buses)}
    bus = np.array([0, *(number[meter.bus] for meter in area.meters)], dtype=np.int64)
    phase_power = np.array([[1 / 3] * 3, *([(p in m.phases) / len(m.phases) for p in "abc"] for m in area.meters)], dtype=np.float64)
    box = np.maximum(tree.parent[bus], 0)
    return Modules(names=("cco", *(meter.id for meter in area.meters)), bus=bus, phase_power=phase_power, box=box)


def common_depth(tree: Tree, bus: Ints) -> Ints:
    """Depth at which the ways of two buses from the root part, for all pairs of ``bus``: shape (n, n)."""
    ways = tree.ancestors[bus]
    depth = np.full((len(bus), len(bus)), -1, dtype=np.int64)
    for at in range(ways.shape[1]):
        depth += (ways[:, None, at] == ways[None, :, at]) & (ways[:, None, at] >= 0)
    return depth
