"""One round of questions about the network: topology, phases, neighbours, chips. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TypeVar

from edge_agent.acquire.cco.network_view import NetworkView, make_view
from edge_agent.acquire.cco.talk import Answer, Pause, Script
from edge_agent.wire.gdw10376_2 import Code, units
from edge_agent.wire.gdw10376_2.units import ChipList, ChipNode, PhaseList, PhaseNode, Topology, TopologyNode, Unit, commands, nodes

_MOST_NODES = 2048              # F20 allows 2000; a module that claims more is asked for so many
_FIRST = 1                      # every round begins at the main node
_MOST_FRAME_BYTES = 60          # head, addresses and page head of a page, rounded up
_CHIP_BYTES = 33                # of one entry of F112, the largest

Entry = TypeVar("Entry", TopologyNode, PhaseNode, ChipNode)


def survey(
    *, is_dual: bool, max_frame_bytes: int, meters: Mapping[str, int], utc_ms: Callable[[], int],
    done: Callable[[NetworkView | None], None],
) -> Script:
    """``done`` is given the view, or None where the topology could not be read whole: half a tree is none."""
    codes = (nodes.DUAL_TOPOLOGY, nodes.TOPOLOGY) if is_dual else (nodes.TOPOLOGY, nodes.DUAL_TOPOLOGY)
    topology: dict[str, TopologyNode] | None = None
    for code in codes:
        topology = yield from _pages(code, TopologyNode, nodes.MAX_PAGE_NODES)
        if topology is not None:
            break
    if topology is None:
        done(None)
        return
    phases = yield from _pages(nodes.PHASES, PhaseNode, nodes.MAX_PAGE_NODES)
    answer = yield units.Command(code=commands.QUERY_NETWORK)
    info = answer.unit if isinstance(answer.unit, units.NetworkInfo) else None
    chips_at_once = max(1, min(nodes.MAX_PAGE_NODES, (max_frame_bytes - _MOST_FRAME_BYTES) // _CHIP_BYTES))
    chips = yield from _pages(nodes.CHIPS, ChipNode, chips_at_once)
    done(
        make_view(topology=topology, phases=phases or {}, chips=chips or {}, info=info, meters=meters, taken_utc_ms=utc_ms())
    )


def _pages(code: Code, kind: type[Entry], at_once: int) -> Generator[Unit | Pause, Answer, dict[str, Entry] | None]:
    """All entries by address; None where a page is denied, missing, of another place, or empty before the end."""
    found: dict[str, Entry] = {}
    start, total = _FIRST, _FIRST
    while start <= total and start <= _MOST_NODES:
        answer = yield units.PageQuery(code=code, start=start, count=at_once)
        page = answer.unit
        if not isinstance(page, Topology | PhaseList | ChipList) or page.start != start:
            return None
        if not page.nodes:
            return found if page.total < start else None
        found |= {node.address: node for node in page.nodes if isinstance(node, kind)}
        start, total = start + len(page.nodes), page.total
    return found
