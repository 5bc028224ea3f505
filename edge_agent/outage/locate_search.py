"""The set of faults that explains the evidence best: outages searched exactly on the tree, broken ways set against them one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.outage_posterior import Trust
from edge_agent.outage.hypothesis import Judgement, Located
from edge_agent.outage.locate_evidence import EvidenceOf
from edge_agent.outage.locate_members import Extent, Extents
from edge_agent.outage.locate_rivals import Rivals
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.locate_tree import LocateTree
from edge_agent.outage.locate_view import Candidate, View, Weigher

_DEAD_RELAY = float(np.log(0.5))          # that what is behind a relay without supply cannot be reached; it may have found another way


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fault:
    candidate: Candidate
    extent: Extent


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """``beside``: what is left when the fault is left out, where that is known already."""

    fault: _Fault
    beside: View | None = None


class Search:
    """One judgement."""

    def __init__(
        self, tree: LocateTree, weigher: Weigher, settings: LocateSettings, evidence: EvidenceOf, trusted: Trust
    ) -> None:
        self._tree, self._weigher, self._settings = tree, weigher, settings
        self._evidence, self._trust = evidence, trusted
        self._extents = Extents(tree, weigher, settings, evidence)
        self._rivals = Rivals(tree, weigher, evidence)
        self._has_load = bool(np.isfinite(evidence.observed.load_drop_a).any())
        self._fixed = evidence.observed.masked.copy()
        self._fixed[tree.area_meters] = True

    def judgement(self) -> Judgement:
        first = view = self._view([])
        faults: list[_Fault] = []
        while len(faults) < self._settings.max_faults:
            found = self._next(view, faults)
            if found is None:
                break
            faults.append(found.fault)
            view = found.beside or self._view(faults)
        faults = self._without_dead(faults)
        everywhere = np.ones(self._tree.n_meters, dtype=np.bool_)
        dead = self._weigher.chances(view, self._evidence.observed.via, everywhere).dead
        located: list[Located] = []
        for number, fault in enumerate(faults):
            joined = fault.extent.members & ~self._extents.at_or_below(fault.candidate)
            is_only = len(faults) == 1 and not joined.any()
            alone = first if is_only else self._view(faults[:number] + faults[number + 1 :], joined)
            told, dead_of_it = self._rivals.located(alone, fault.candidate, fault.extent)
            dead = 1.0 - (1.0 - dead) * (1.0 - dead_of_it)
            if fault.extent.joined is not None:
                dead = np.maximum(dead, told.is_real * fault.extent.joined)
            if self._is_told(fault, told):
                located.append(told)
        located += self._mute_modules(located, dead)
        return Judgement(faults=tuple(located), dead=dead)

    def _without_dead(self, faults: list[_Fault]) -> list[_Fault]:
        """Meters behind a broken way that an outage takes are of the outage."""
        dead = np.zeros_like(self._fixed)
        for fault in faults:
            if fault.candidate.is_outage:
                dead |= fault.extent.members
        found = []
        for fault in faults:
            if not fault.candidate.is_outage:
                extent = Extent(members=fault.extent.members & ~dead, disagreeing=fault.extent.disagreeing)
                fault = _Fault(candidate=fault.candidate, extent=extent)
            if fault.extent.members.any():
                found.append(fault)
        return found

    def _view(self, faults: list[_Fault], joined: npt.NDArray[np.bool_] | None = None) -> View:
        """With what these faults explain left out, and the meters of ``joined``."""
        masked, muted, explained_a = self._fixed.copy(), np.zeros_like(self._fixed), np.zeros(3)
        for fault in faults:
            if fault.candidate.is_outage:
                masked |= fault.extent.members | fault.extent.disagreeing
                if self._has_load:
                    explained_a += self._current_a(fault)
            else:
                muted |= fault.extent.members
        if joined is not None:
            masked |= joined
        return self._weigher.view(self._evidence, self._trust, masked=masked, muted=muted, explained_a=explained_a)

    def _next(self, view: View, faults: list[_Fault]) -> _Found | None:
        free = np.ones(self._tree.n_meters, dtype=np.bool_)
        for fault in faults:
            if fault.candidate.is_outage:
                free &= ~(fault.extent.members | fault.extent.disagreeing)
        comm = self._broken_way(view, faults, free)
        if comm is not None:
            return _Found(fault=comm)
        top = view.top_outage(self._tree)
        if top is None:
            if faults:
                return None
            top = view.likeliest_outage()
        top = self._rivals.exactly(self._phase_of_two(top, view, faults, free), view)
        fault = _Fault(candidate=top, extent=self._extents.of(top, free))
        if top.node < 0 or not (self._extents.tells(free) & ~fault.extent.members).any():
            return _Found(fault=fault)
        beside = self._view([*faults, fault])
        extent = self._extents.with_joined(top, fault.extent, beside, free)
        has_joined = bool((extent.members & ~fault.extent.members).any())
        return _Found(fault=_Fault(candidate=top, extent=extent), beside=None if has_joined else beside)

    def _phase_of_two(
        self, top: Candidate, view: View, faults: list[_Fault], free: npt.NDArray[np.bool_]
    ) -> Candidate:
        """One of two phases of a node, where both lost explain more than the whole node: nearly nobody of the third tells anything."""
        pair = self._extents.two_phases(top, free)
        if not pair:
            return top
        others = [self._extents.of_phase(top, column) for column in reversed(pair)]
        logs = [
            float(self._view(faults, other).node_log[top.node, column]) for column, other in zip(pair, others, strict=True)
        ]
        return Candidate(log=logs[0], node=top.node, column=pair[0]) if sum(logs) > view.node_log[top.node, 0] else top

    def _broken_way(self, view: View, faults: list[_Fault], free: npt.NDArray[np.bool_]) -> _Fault | None:
        """The way whose failure explains more than outages alone would, if there is one: by itself, or because its relay is dead."""
        top = view.top_comm()
        if top is None:
            return None
        members = self._extents.behind(top)
        if not (members & free).any():
            return None
        none = np.zeros_like(members)
        by_itself = _Fault(candidate=top, extent=Extent(members=members, disagreeing=none))
        gain = top.log + self._view([*faults, by_itself]).total
        best = by_itself if gain > view.total else None
        if top.relay < 0:
            return best
        members = members.copy()
        members[top.relay] = False
        behind_dead = _Fault(candidate=top, extent=Extent(members=members, disagreeing=none))
        without = self._view([*faults, behind_dead])
        if members.any() and self._is_dead(top.relay, without, faults):
            of_itself = self._evidence.way_log(top.relay)
            dead_gain = top.log - self._weigher.relay_prior(view) - of_itself + _DEAD_RELAY + without.total
            if dead_gain > max(gain, view.total):
                return behind_dead
        return best

    def _is_dead(self, meter: int, view: View, faults: list[_Fault]) -> bool:
        """Whether an outage takes this meter: one that was found, or the strongest that is left."""
        if any(fault.candidate.is_outage and fault.extent.members[meter] for fault in faults):
            return True
        top = view.top_outage(self._tree)
        return top is not None and bool(self._extents.of(top, np.ones_like(self._fixed)).members[meter])

    def _current_a(self, fault: _Fault) -> npt.NDArray[np.float64]:
        """shape (3,), what its members drew last."""
        current_a = np.nan_to_num(self._evidence.observed.last_current_a[fault.extent.members])
        if fault.candidate.column:
            current_a[:, np.arange(3) != fault.candidate.column - 1] = 0.0
        lost_a: npt.NDArray[np.float64] = current_a.sum(axis=0)
        return lost_a

    def _is_told(self, fault: _Fault, told: Located) -> bool:
        if not fault.candidate.is_outage:
            return told.probability > 0.5
        is_rather_mute = told.is_real < 0.5 and fault.candidate.place >= 0 and self._rivals.is_mute(fault.extent.members)
        return told.is_real >= self._settings.least_real and not is_rather_mute

    def _mute_modules(self, located: list[Located], dead: npt.NDArray[np.float64]) -> list[Located]:
        """Silent meters that nothing else explains."""
        explained = self._fixed.copy()
        for told in located:
            explained[list(told.members)] = True
        return self._rivals.mute_modules(~explained, dead)
