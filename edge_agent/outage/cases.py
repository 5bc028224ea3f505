"""Faults of a judgement as they are told: what was announced is taken out of them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from edge_agent.model import Archive, PlannedWork, WorkBook
from edge_agent.outage.announced import split
from edge_agent.outage.hypothesis import Hypothesis, Judgement, Located, Rival
from edge_agent.outage.incident import COMM, PLANNED, SUPPLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault with the meters (archive indices) that it is told with. ``work``: id of the planned work."""

    kind: str
    located: Located
    members: frozenset[int]
    work: str = ""


def cases_of(judgement: Judgement, book: WorkBook, archive: Archive, now_utc_ms: int, *, unclaimed: Set[int]) -> list[Case]:
    """What is planned in time and zone is a case of its own; what of a fault lies outside stays a fault.

    ``unclaimed``: meters of which nothing is known, or that something else explains.
    """
    found = []
    nodes, ids = [meter.node for meter in archive.meters], [meter.id for meter in archive.meters]
    for located in judgement.faults:
        members = frozenset(located.members) - unclaimed
        if located.best.rival is Rival.NOTHING or not members:
            continue
        if located.best.rival is Rival.COMM:
            found.append(Case(kind=COMM, located=located, members=members))
            continue
        parts = split(book, nodes, ids, sorted(members), now_utc_ms)
        for announced in parts.planned:
            assert isinstance(announced.what, PlannedWork)
            inside = frozenset(announced.meters)
            found.append(Case(kind=PLANNED, located=_at(located, announced.what, inside, members), members=inside, work=announced.what.id))
        if parts.unexplained:
            found.append(Case(kind=SUPPLY, located=located, members=frozenset(parts.unexplained)))
    return found


def _at(located: Located, work: PlannedWork, inside: frozenset[int], members: frozenset[int]) -> Located:
    """The place of planned work: where the fault was found to be if all of it is planned, else the announced zone."""
    if inside == members or len(work.nodes) != 1:
        return located
    return Located(
        best=Hypothesis(rival=Rival.OUTAGE, node=work.nodes[0]), members=tuple(sorted(inside)), probability=located.probability,
        is_real=located.is_real, runner_up=located.runner_up, odds=located.odds,
    )
