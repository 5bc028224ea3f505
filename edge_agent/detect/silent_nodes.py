"""The nodes of an area as the silence detector sees them: who is below, who is above, and what a tick says about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame
from edge_agent.model.archive import node_and_parents

AREA = ""  # the node path of the whole area


class NodeTree:
    """Nodes with at least ``min_members`` meters, and always the area.

    ``members``: node -> indices of its meters. ``above``: for each meter its nodes, the lowest first. ``larger``: node -> the nodes above
    it that have more meters.
    """

    def __init__(self, archive: Archive, *, min_members: int) -> None:
        members = {node: np.array(archive.members(node), dtype=np.intp) for node in (AREA, *archive.nodes)}
        self.min_members = min_members
        self.members = {node: found for node, found in members.items() if node == AREA or len(found) >= min_members}
        self._rank = {node: rank for rank, node in enumerate(self.members)}
        self.above = [
            [node for node in (*reversed(node_and_parents(meter.node)), AREA) if node in self.members] for meter in archive.meters
        ]
        self.larger = {
            node: [
                other
                for other in (AREA, *node_and_parents(node))
                if other in self.members and len(self.members[other]) > len(self.members[node])
            ]
            for node in self.members
        }

    def parents_first(self, nodes: Iterable[str]) -> list[str]:
        """A node before those below it."""
        return sorted(nodes, key=self._rank.__getitem__)


@dataclass(slots=True, frozen=True)
class _NodeNow:
    asked: npt.NDArray[np.intp]  # meters whose bus is up
    last_answer_ms: int
    is_all_silent: bool


class TickView:
    """What one tick says about nodes; each node is worked out at most once.

    ``first_ms``: shape (n,), the first unanswered poll of each silent meter, earlier where ``begins_ms`` knows that it was silent before.
    """

    def __init__(
        self, frame: AreaFrame, silent: npt.NDArray[np.int8], tree: NodeTree, begins_ms: dict[int, int]
    ) -> None:
        self._frame, self._silent, self._tree = frame, silent, tree
        self.first_ms = frame.first_failed_utc_ms.copy()
        for index, begun_ms in begins_ms.items():
            self.first_ms[index] = min(int(self.first_ms[index]), begun_ms)
        self._nodes: dict[str, _NodeNow] = {}

    def fallen_together(self, node: str, together_ms: int) -> npt.NDArray[np.intp]:
        """The meters of a silent node that did not fall silent while others of it still answered; none where one answers."""
        now = self._now(node)
        if not now.is_all_silent:
            return now.asked[:0]
        return now.asked[self.first_ms[now.asked] >= now.last_answer_ms - together_ms]

    def may_be_whole(self, node: str, first_ms: int) -> bool:
        """Whether some meters of ``node`` are not silent yet, but none has answered since ``first_ms``."""
        now = self._now(node)
        enough = len(now.asked) >= self._tree.min_members
        return enough and not now.is_all_silent and now.last_answer_ms <= first_ms

    def _now(self, node: str) -> _NodeNow:
        found = self._nodes.get(node)
        if found is None:
            members = self._tree.members[node]
            asked = members[self._frame.reachable[members]]
            found = self._nodes[node] = _NodeNow(
                asked,
                int(self._frame.answered_utc_ms[asked].max(initial=-1)),
                bool(self._silent[asked].all()),
            )
        return found
