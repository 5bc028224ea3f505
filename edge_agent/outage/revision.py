"""What a newer judgement changes of an incident that is on: place, meters, odds, when it began."""

from __future__ import annotations

from edge_agent.model import Archive, AreaFrame
from edge_agent.outage.cases import Case
from edge_agent.outage.hypothesis import AREA, Rival
from edge_agent.outage.incident import COMM, PLANNED, Incident, in_words
from edge_agent.outage.mains import PhaseMains
from edge_agent.outage.ripeness import Ripeness, is_by_mains
from edge_agent.outage.signs import Signs

_NEIGHBOUR_MS = 120_000       # hint and own loss of supply belong together within this time


class Revision:
    """``neighbour_ms``: when another area of the same 10 kV line was last said to have lost its supply."""

    def __init__(self, archive: Archive, ripeness: Ripeness) -> None:
        self._archive, self._ripeness = archive, ripeness
        self.neighbour_ms: int | None = None

    def revise(
        self, one: Incident, case: Case, others: frozenset[int], frame: AreaFrame, signs: Signs, mains: PhaseMains
    ) -> None:
        """In place. ``others``: members of the other outages of the same judgement; nobody is part of two."""
        located = case.located
        if one.is_over:
            one.restored_ms = one.answering_ms = None
            one.state, one.is_settled = "confirmed", False
        if case.kind == COMM:
            one.is_real = located.probability
        else:
            one.is_real = located.is_real
        if case.kind != COMM or not one.told:
            one.best = located.best           # what is told of a way that is broken keeps its place
        one.kind, one.work, one.cause = case.kind, case.work, "planned" if case.kind == PLANNED else "fault"
        # who has never failed to answer was only not asked yet, and is no member any more
        kept = one.members if one.kind == COMM else one.members & one.shown - others
        one.out = set(case.members) | (one.out & kept)
        one.members = set(case.members) | kept
        one.odds, one.runner_up = located.odds, in_words(self._archive, located.runner_up)
        one.disagreeing = tuple(self._archive.meters[index].id for index in located.disagreeing)
        if not one.parent and not one.is_settled:
            began_ms, uncertainty_ms = self._ripeness.begin_of(one.members, frame, signs)
            if is_by_mains(one, mains) and not one.best.phases:
                began_ms, uncertainty_ms = mains.out_since_ms(), 0
            one.began_ms, one.uncertainty_ms = min(one.began_ms, began_ms), uncertainty_ms
            one.first_ms = min(one.first_ms, one.began_ms)
        is_area = one.best.rival is Rival.OUTAGE and one.best.meter < 0 and one.best.node == AREA
        hinted = self.neighbour_ms is not None and abs(self.neighbour_ms - one.began_ms) <= _NEIGHBOUR_MS
        one.ambiguous = ("upstream",) if is_area and not hinted else ()
        if is_area and hinted:
            one.runner_up = "outage of the transformer alone"
