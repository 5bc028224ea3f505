"""Which meters a fault takes: those of its place, without those that the archive puts there wrongly, with those it puts elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.outage.locate_evidence import EvidenceOf
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.locate_tree import THREE_PHASES, UNKNOWN_PHASE, LocateTree
from edge_agent.outage.locate_view import Candidate, Mask, View, Weigher
from edge_agent.outage.observed import PHASE_BITS

_OWN_POLLS = 2                # failed polls at different times that count as evidence of the meter's own (outage.md 1.5, filter 5)
_LIKELY_ODDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extent:
    """Archive order. ``members``: the fault explains them. ``disagreeing``: they contradict the archive."""

    members: Mask
    disagreeing: Mask


class Extents:
    """Finds the extent of candidates for one ``Observed``."""

    def __init__(self, tree: LocateTree, weigher: Weigher, settings: LocateSettings, evidence: EvidenceOf) -> None:
        self._tree, self._weigher, self._settings, self._observed = tree, weigher, settings, evidence.observed

    def of(self, candidate: Candidate, view: View, free: Mask) -> Extent:
        """``free``: archive order, meters that no other fault of the same judgement has."""
        if candidate.relay >= 0 or candidate.bus >= 0:
            return Extent(members=self.behind(candidate) & free, disagreeing=np.zeros(self._tree.n_meters, np.bool_))
        if candidate.place >= 0:
            members = np.zeros(self._tree.n_meters, np.bool_)
            members[self._tree.order[candidate.place]] = True
            return Extent(members=members, disagreeing=np.zeros_like(members))
        return self._of_node(candidate, view, free)

    def behind(self, candidate: Candidate) -> Mask:
        """Meters without an answer and without a last gasp behind a relay or on a bus."""
        observed = self._observed
        if candidate.bus >= 0:
            there = self._tree.bus_of == candidate.bus
        else:
            root = np.zeros(self._tree.n_meters, np.bool_)
            root[candidate.relay] = True
            there = self._weigher.reach(observed.via, root)
        mute: Mask = there & (observed.polls_failed > 0) & ~observed.answered & ~observed.gasped & ~observed.masked
        return mute

    def _of_node(self, candidate: Candidate, view: View, free: Mask) -> Extent:
        tree, observed, column = self._tree, self._observed, candidate.column
        start, stop = int(tree.start[candidate.node]), int(tree.stop[candidate.node])
        gasped, answered = observed.gasped[tree.order], observed.answered[tree.order]
        is_free = free[tree.order]
        inside = np.zeros(len(tree.order), np.bool_)
        inside[start:stop] = True
        tells = (gasped | (observed.polls_failed[tree.order] >= _OWN_POLLS)) & ~answered & is_free & ~observed.masked[tree.order]
        belongs = inside & (tree.phase == column) if column else inside
        members = belongs & ~answered & is_free
        disagreeing = belongs & answered & is_free
        if tells.any():
            joined = tells & ~belongs & (self._join_odds(candidate, view, inside) > _LIKELY_ODDS) & ~self._better_elsewhere(view, inside)
            members |= joined
            disagreeing |= joined & (tree.phase != UNKNOWN_PHASE) if column else joined
        if column:
            bit = PHASE_BITS["abc"[column - 1]]
            disagreeing |= inside & (tree.phase == THREE_PHASES) & ((observed.phase_live[tree.order] & bit) > 0) & is_free
        return Extent(members=self._archive_order(members), disagreeing=self._archive_order(disagreeing))

    def _join_odds(self, candidate: Candidate, view: View, inside: Mask) -> npt.NDArray[np.float64]:
        """Odds that a meter which the archive has elsewhere, or on another phase, belongs to the fault and died with it."""
        tree, column = self._tree, candidate.column
        wrong = self._settings.wrong_place_share
        share = wrong * float(inside.sum()) / max(1, len(inside))
        chance = np.full(len(inside), share / 3.0 if column else share)
        if column:
            chance[inside] = tree.placed[inside, column]
            chance[tree.phase == THREE_PHASES] = 0.0      # it lives on
        return chance * view.mean_ratio / (1.0 - chance)

    def _better_elsewhere(self, view: View, inside: Mask) -> Mask:
        """Meters outside that other faults explain: of other nodes that failed, or a way that is broken because a relay is dead, or by
        itself."""
        tree, observed = self._tree, self._observed
        is_elsewhere = np.zeros(len(tree.order), np.bool_)
        for node in np.flatnonzero(view.choice > 0):
            if not inside[int(tree.start[node])]:
                is_elsewhere[int(tree.start[node]) : int(tree.stop[node])] = True
        dead = np.zeros(tree.n_meters, np.bool_)
        dead[tree.order[inside]] = True
        behind = self._weigher.reach(observed.via, dead)
        top = view.top_comm()
        if top is not None:
            behind |= self.behind(top)
        is_elsewhere |= (behind & ~observed.gasped)[tree.order]
        return is_elsewhere & ~inside

    def _archive_order(self, values: Mask) -> Mask:
        found = np.zeros(self._tree.n_meters, np.bool_)
        found[self._tree.order] = values
        return found

