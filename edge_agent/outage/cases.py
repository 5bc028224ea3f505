"""Faults of a judgement as they are told: what was announced is taken out of them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from edge_agent.model import Archive, PlannedWork, WorkBook
from edge_agent.outage.announced import split
from edge_agent.outage.hypothesis import AREA, Hypothesis, Judgement, Located, Rival
from edge_agent.outage.incident import COMM, PLANNED, SUPPLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A fault with the meters (archive indices) that it is told with. ``work``: id of the planned work."""

    kind: str
    located: Located
    members: frozenset[int]
    work: str = ""


def cases_of(
    judgement: Judgement, book: WorkBook, archive: Archive, now_utc_ms: int, *, unclaimed: Set[int], lost_phases: str = "",
    without_answer: Sequence[int] = (), showing: Set[int] = frozenset(),
) -> list[Case]:
    """What is planned in time and zone is a case of its own; what of a fault lies outside stays a fault.

    ``unclaimed``: meters of which nothing is known, or that something else explains. ``lost_phases``: that the concentrator's own mains
    have lost at the transformer, ``without_answer``: customers that have not answered since, ``showing``: who sent a last gasp or failed to
    answer.
    """
    found: list[Case] = []
    nodes, ids = [meter.node for meter in archive.meters], [meter.id for meter in archive.meters]
    faults = judgement.faults
    if lost_phases:
        faults = tuple(_at_the_transformer(judgement.faults, archive, lost_phases, without_answer, showing))
    for located in _phases_together(faults):
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


def _at_the_transformer(
    faults: Sequence[Located], archive: Archive, lost_phases: str, without_answer: Sequence[int], showing: Set[int]
) -> list[Located]:
    """Losses at places below of which only meters on these phases show a sign are part of the loss that the mains show."""

    def is_on_them(index: int) -> bool:
        return set(archive.meters[index].grid_phases or "?") <= set(lost_phases)

    def is_part(fault: Located) -> bool:
        if fault.best.rival is not Rival.OUTAGE:
            return False
        if fault.best.phases:
            return set(fault.best.phases) <= set(lost_phases)
        signs = [index for index in fault.members if index in showing]
        return bool(signs) and all(map(is_on_them, signs))

    part = [fault for fault in faults if is_part(fault)]
    if not part:
        return list(faults)
    silent = [index for index in without_answer if is_on_them(index)]
    strongest = max(part, key=lambda fault: fault.is_real)
    whole = Located(
        best=Hypothesis(rival=Rival.OUTAGE, node=AREA, phases=lost_phases),
        members=tuple(sorted({*silent, *(index for fault in part for index in fault.members if index in showing)})),
        probability=strongest.probability, is_real=strongest.is_real, runner_up=strongest.runner_up, odds=strongest.odds,
        disagreeing=tuple(sorted({index for fault in part for index in fault.disagreeing})),
    )
    return [whole, *(fault for fault in faults if fault not in part)]


def _phases_together(faults: Sequence[Located]) -> list[Located]:
    """Two phases lost at one place are one fault, as when a fuse on the high-voltage side blows."""
    by_node: dict[str, list[Located]] = {}
    for fault in faults:
        if fault.best.rival is Rival.OUTAGE and fault.best.meter < 0 and fault.best.phases:
            by_node.setdefault(fault.best.node, []).append(fault)
    found: list[Located] = []
    for fault in faults:
        parts = by_node.get(fault.best.node, []) if fault.best.phases and fault.best.meter < 0 else []
        if len(parts) < 2:
            found.append(fault)
        elif fault is parts[0]:
            found.append(Located(
                best=Hypothesis(rival=Rival.OUTAGE, node=fault.best.node, phases="".join(sorted(part.best.phases for part in parts))),
                members=tuple(sorted({index for part in parts for index in part.members})),
                probability=min(part.probability for part in parts), is_real=min(part.is_real for part in parts),
                runner_up=fault.runner_up, odds=min(part.odds for part in parts),
                disagreeing=tuple(sorted({index for part in parts for index in part.disagreeing})),
            ))
    return found


def _at(located: Located, work: PlannedWork, inside: frozenset[int], members: frozenset[int]) -> Located:
    """The place of planned work: where the fault was found to be if all of it is planned, else the announced zone."""
    if inside == members or len(work.nodes) != 1:
        return located
    return Located(
        best=Hypothesis(rival=Rival.OUTAGE, node=work.nodes[0]), members=tuple(sorted(inside)), probability=located.probability,
        is_real=located.is_real, runner_up=located.runner_up, odds=located.odds,
    )
