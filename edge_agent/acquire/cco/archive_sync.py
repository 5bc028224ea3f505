"""The archive of the module against the configured meters: what to delete and to add, and the scripts that do it. Pure."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.acquire.cco.talk import Answer, Pause
from edge_agent.wire.gdw10376_2 import units
from edge_agent.wire.gdw10376_2.units import NodeProtocol, Unit, commands, nodes

PAGE_NODES = 32           # entries of 7 or 8 bytes: 256 bytes fit the frames of every module
_MOST_NODES = 2048        # of a dual-mode network (F20 allows 2000); a module that claims more is not followed
_FIRST = 1                # archive numbers begin at 1; a module that counts from 0 shows by one missing node


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveDiff:
    """What makes the archive of the module that of the configuration. A node of the wrong protocol is in both."""

    delete: tuple[str, ...] = ()
    add: tuple[NodeProtocol, ...] = ()

    @property
    def size(self) -> int:
        return len(self.delete) + len(self.add)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """``is_same``: the module is known to have what it ought to. ``problem`` in words where it is not."""

    is_same: bool
    deleted: int = 0
    added: int = 0
    problem: str = ""


def diff(wanted: Mapping[str, int], held: Mapping[str, int]) -> ArchiveDiff:
    """Both are address -> protocol; the order of ``wanted`` is kept."""
    delete = tuple(address for address, protocol in held.items() if wanted.get(address) != protocol)
    add = tuple(NodeProtocol(address=address, protocol=protocol) for address, protocol in wanted.items() if held.get(address) != protocol)
    return ArchiveDiff(delete=delete, add=add)


def count_nodes() -> Generator[Unit | Pause, Answer, int | None]:
    """How many nodes the module holds; None when it does not say."""
    answer = yield units.Command(code=commands.QUERY_NODE_COUNT)
    return answer.unit.total if isinstance(answer.unit, units.NodeCount) else None


def sync_archive(wanted: Mapping[str, int]) -> Generator[Unit | Pause, Answer, SyncResult]:
    """Read the archive, compare, delete, add, count again."""
    held = yield from _read_archive()
    if held is None:
        return SyncResult(is_same=False, problem="its archive cannot be read")
    change = diff(wanted, held)
    deleted = yield from _send_pages([units.DeleteNodes(addresses=page) for page in _pages(change.delete)])
    added = yield from _send_pages([units.AddNodes(nodes=page) for page in _pages(change.add)])
    if not change.size:
        return SyncResult(is_same=True)
    total = yield from count_nodes()
    problem = "" if total == len(wanted) else f"it holds {'an unknown number of' if total is None else total} meters, not {len(wanted)}"
    return SyncResult(is_same=not problem, deleted=deleted, added=added, problem=problem)


def _read_archive() -> Generator[Unit | Pause, Answer, dict[str, int] | None]:
    """Address -> protocol of all nodes that the module holds; None when it cannot be read whole."""
    total = yield from count_nodes()
    if total is None:
        return None
    held: dict[str, int] = {}
    start = _FIRST
    while len(held) < total <= _MOST_NODES:
        left = total if start == 0 else total - start + _FIRST
        page = yield units.PageQuery(code=nodes.NODE_LIST, start=start, count=max(1, min(PAGE_NODES, left)))
        found = page.unit.nodes if isinstance(page.unit, units.NodeList) else ()
        if page.is_silence or (not found and start == _FIRST):
            return None
        known = len(held)
        held |= {node.address: node.protocol for node in found}
        if len(held) > known:
            start += len(found)
        elif start == 0:
            break                          # counted wrongly: what it lists is what it has
        else:
            start = 0                      # nothing more, or a deny behind the end: it may have counted from 0
    return held if total <= _MOST_NODES else None


def _pages(entries: Sequence[NodeProtocol] | Sequence[str]) -> Iterable[tuple]:  # type: ignore[type-arg]
    return (tuple(entries[at : at + PAGE_NODES]) for at in range(0, len(entries), PAGE_NODES))


def _send_pages(pages: Sequence[units.AddNodes] | Sequence[units.DeleteNodes]) -> Generator[Unit | Pause, Answer, int]:
    """How many entries were confirmed. A page that the module denies is left out: the count afterwards shows it."""
    done = 0
    for page in pages:
        answer = yield page
        if answer.is_silence:
            break
        if answer.is_confirmed:
            done += len(page.nodes if isinstance(page, units.AddNodes) else page.addresses)
    return done
