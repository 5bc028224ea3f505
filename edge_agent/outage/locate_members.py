"""Which meters a fault takes: those of its place, without those that the archive puts there wrongly, with those it puts elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.outage_posterior import INNER, WHOLE
from edge_agent.outage.locate_evidence import EvidenceOf
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.locate_tree import THREE_PHASES, UNKNOWN_PHASE, LocateTree
from edge_agent.outage.locate_view import Candidate, Mask, View, Weigher
from edge_agent.outage.observed import PHASE_BITS

_OWN_POLLS = 2                # failed polls at different times that count as evidence of the meter's own (outage.md 1.5, filter 5)
_LIKELY_ODDS = 1.0
_FEW = 0.1                    # of a phase; twice the share of wrong phases in an archive (outage.md 9.3)
_MOST_CHANCE = 0.999


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extent:
    """Archive order. ``members``: the fault explains them. ``disagreeing``: they contradict the archive. ``joined``: probability that a
    meter elsewhere in the archive died with it; None = there is none to ask about."""

    members: Mask
    disagreeing: Mask
    joined: npt.NDArray[np.float64] | None = None


class Extents:
    """Finds the extent of candidates for one ``Observed``."""

    def __init__(self, tree: LocateTree, weigher: Weigher, settings: LocateSettings, evidence: EvidenceOf) -> None:
        self._tree, self._weigher, self._settings, self._evidence = tree, weigher, settings, evidence
        self._observed = evidence.observed

    def of(self, candidate: Candidate, free: Mask) -> Extent:
        """Those of its place in the archive. ``free``: archive order, meters that no other outage of the same judgement has."""
        if candidate.relay >= 0 or candidate.bus >= 0:
            return Extent(members=self.behind(candidate), disagreeing=np.zeros(self._tree.n_meters, np.bool_))
        if candidate.place >= 0:
            members = np.zeros(self._tree.n_meters, np.bool_)
            members[self._tree.order[candidate.place]] = True
            return Extent(members=members, disagreeing=np.zeros_like(members))
        tree, observed, column = self._tree, self._observed, candidate.column
        inside = self._inside(candidate)
        answered, is_free = observed.answered[tree.order], free[tree.order]
        belongs = inside & (tree.phase == column) if column else inside
        disagreeing = belongs & answered & is_free & ~observed.masked[tree.order]
        if column:
            bit = PHASE_BITS["abc"[column - 1]]
            disagreeing |= inside & (tree.phase == THREE_PHASES) & ((observed.phase_live[tree.order] & bit) > 0) & is_free
        return Extent(members=self._archive_order(belongs & ~answered & is_free), disagreeing=self._archive_order(disagreeing))

    def tells(self, free: Mask) -> Mask:
        """Meters whose own evidence says that they are dead; archive order."""
        observed = self._observed
        found: Mask = (observed.gasped | (observed.polls_failed >= _OWN_POLLS)) & ~observed.answered & ~observed.masked & free
        return found

    def two_phases(self, candidate: Candidate, free: Mask) -> tuple[int, ...]:
        """The columns of two phases that alone may be meant by a candidate of a whole node; none where all three tell, or only one."""
        if candidate.node < 0 or candidate.column:
            return ()
        inside, tells = self._inside(candidate), self.tells(free)[self._tree.order]
        counts = [int((tells & inside & (self._tree.phase == column)).sum()) for column in (1, 2, 3)]
        least = int(np.argmin(counts))
        of_least = int((inside & (self._tree.phase == 1 + least)).sum())
        pair = tuple(column for column in (1, 2, 3) if column != 1 + least)
        is_meant = of_least > 0 and counts[least] <= _FEW * of_least and min(counts[column - 1] for column in pair) > 0
        return pair if is_meant else ()

    def of_phase(self, candidate: Candidate, column: int) -> Mask:
        """Archive order; single-phase meters of a node."""
        return self._archive_order(self._inside(candidate) & (self._tree.phase == column))

    def with_joined(self, candidate: Candidate, core: Extent, view: View, free: Mask) -> Extent:
        """``core`` and the meters elsewhere that died with it and that nothing else explains better.

        ``view``: with ``core`` left out, so that what is found in it is a fault beside this one.
        """
        tree = self._tree
        inside = self._inside(candidate)
        tells = (self.tells(free) & ~core.members)[tree.order]
        odds = self._join_odds(candidate, view, inside)
        behind = self._behind_dead(candidate, inside)
        if behind.any():
            odds = np.where(behind, odds * np.exp(self._evidence.excused_log())[tree.order], odds)
        joined = tells & (odds > _LIKELY_ODDS)
        elsewhere = self._better_elsewhere(view, np.where(joined, np.log(np.maximum(odds, 1.0)), 0.0))
        joined &= ~elsewhere
        chance = np.zeros(tree.n_meters)
        chance[tree.order] = np.where(tells & ~elsewhere, odds / (1.0 + odds), 0.0)
        members = self._archive_order(joined)
        said = joined & (tree.phase != UNKNOWN_PHASE) if candidate.column else joined     # where no phase was said, none is wrong
        said |= joined & ~inside
        return Extent(members=core.members | members, disagreeing=core.disagreeing | self._archive_order(said), joined=chance)

    def behind(self, candidate: Candidate) -> Mask:
        """Meters without an answer behind a relay or on a bus; also those with a last gasp, which may be dead behind a broken way."""
        observed = self._observed
        if candidate.bus >= 0:
            there = self._tree.bus_of == candidate.bus
        else:
            root = np.zeros(self._tree.n_meters, np.bool_)
            root[candidate.relay] = True
            there = self._weigher.reach(observed.via, root)
        mute: Mask = there & (observed.polls_failed > 0) & ~observed.answered & ~observed.masked
        return mute

    def at_or_below(self, candidate: Candidate) -> Mask:
        """Archive order; of a fault at a node what the archive has there, of others everything."""
        if candidate.node < 0:
            return np.ones(self._tree.n_meters, np.bool_)
        return self._archive_order(self._inside(candidate))

    def _inside(self, candidate: Candidate) -> Mask:
        inside = np.zeros(len(self._tree.order), np.bool_)
        inside[int(self._tree.start[candidate.node]) : int(self._tree.stop[candidate.node])] = True
        return inside

    def _join_odds(self, candidate: Candidate, view: View, inside: Mask) -> npt.NDArray[np.float64]:
        """Odds that a meter which the archive has elsewhere, or on another phase, belongs to the fault and died with it."""
        tree, column = self._tree, candidate.column
        wrong = self._settings.wrong_place_share
        share = wrong * float(inside.sum()) / max(1, len(inside))
        chance = np.full(len(inside), share / 3.0 if column else share)
        if column:
            chance[inside] = tree.placed[inside, column]
            chance[tree.phase == THREE_PHASES] = 0.0      # it lives on
        chance = np.minimum(chance, _MOST_CHANCE)
        odds: npt.NDArray[np.float64] = chance * view.mean_ratio / (1.0 - chance)
        return odds

    def _better_elsewhere(self, view: View, join_log: npt.NDArray[np.float64]) -> Mask:
        """Meters that a second fault explains better: another node, or a way that is broken by itself."""
        tree, observed = self._tree, self._observed
        elsewhere = np.zeros(len(tree.order), np.bool_)
        for node in np.flatnonzero(view.choice > INNER):
            run = slice(int(tree.start[node]), int(tree.stop[node]))
            log = view.node_log[node, 0] if view.choice[node] == WHOLE else view.node_log[node, 1:].max()
            elsewhere[run] |= bool(log > join_log[run].sum())
        top = view.top_comm()
        if top is not None:
            elsewhere |= (self.behind(top) & ~observed.gasped)[tree.order]
        return elsewhere

    def _behind_dead(self, candidate: Candidate, inside: Mask) -> Mask:
        """Tree order; meters whose way leads through a meter that the fault takes."""
        tree = self._tree
        dead = np.zeros(tree.n_meters, np.bool_)
        dead[tree.order[inside & (tree.phase == candidate.column) if candidate.column else inside]] = True
        behind: Mask = (self._weigher.reach(self._observed.via, dead) & ~dead)[tree.order]
        return behind

    def _archive_order(self, values: Mask) -> Mask:
        found = np.zeros(self._tree.n_meters, np.bool_)
        found[self._tree.order] = values
        return found

