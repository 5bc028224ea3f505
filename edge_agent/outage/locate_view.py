"""One weighing of all hypotheses: what each explains, and which set of faults explains most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.outage_posterior import COLUMNS, INNER, PHASE, WHOLE, ChanceOf, Chances, OutagePosterior, Trust
from edge_agent.outage.hypothesis import Hypothesis, Rival
from edge_agent.outage.locate_evidence import EvidenceOf
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.locate_tree import PHASES as PHASE_NAMES
from edge_agent.outage.locate_tree import LocateTree

Mask = npt.NDArray[np.bool_]
_MOST_HOPS = 15       # levels of a power-line network (GB/T 31983.31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A hypothesis by its numbers: a node and column, a place in the order of the tree (and column), a relay or a bus; -1 = it is not."""

    log: float
    node: int = -1
    place: int = -1
    column: int = 0
    relay: int = -1
    bus: int = -1

    @property
    def is_outage(self) -> bool:
        return self.node >= 0 or self.place >= 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """Logs are relative to "every meter has supply, and a silent one may have a mute module of its own".

    The attributes of OutagePosterior; ``total``: log of the best set of outages.
    """

    node_log: npt.NDArray[np.float64]
    meter_log: npt.NDArray[np.float64]
    phase_log: npt.NDArray[np.float64]
    relay_log: npt.NDArray[np.float64]
    bus_log: npt.NDArray[np.float64]
    choice: npt.NDArray[np.int8]
    mean_ratio: npt.NDArray[np.float64]
    has_bits: bool
    total: float

    def top_outage(self, tree: LocateTree) -> Candidate | None:
        """The strongest of the best set of outages; None when nothing is better than no outage."""
        found: list[Candidate] = []
        whole = np.flatnonzero(self.choice == WHOLE)
        found += [Candidate(log=float(self.node_log[node, 0]), node=int(node)) for node in whole]
        for node in np.flatnonzero(self.choice == PHASE):
            column = 1 + int(np.argmax(self.node_log[node, 1:]))
            found.append(Candidate(log=float(self.node_log[node, column]), node=int(node), column=column))
        is_open = self.choice[tree.group] == INNER
        if is_open.any():
            alone = np.where(is_open, self.meter_log, -np.inf)
            place = int(np.argmax(alone))
            found.append(Candidate(log=float(alone[place]), place=place))
            if self.has_bits:
                found.append(self._top_phase(is_open))
        best = max(found, key=lambda one: one.log, default=None)
        return best if best is not None and best.log > 0.0 else None

    def likeliest_outage(self) -> Candidate:
        """The heaviest single one, also when no outage is likelier still."""
        node, column = divmod(int(np.argmax(self.node_log)), COLUMNS)
        found = [Candidate(log=float(self.node_log[node, column]), node=node, column=column)]
        if len(self.meter_log):
            place = int(np.argmax(self.meter_log))
            found.append(Candidate(log=float(self.meter_log[place]), place=place))
            if self.has_bits:
                found.append(self._top_phase(np.ones(len(self.meter_log), dtype=np.bool_)))
        return max(found, key=lambda one: one.log)

    def top_comm(self) -> Candidate | None:
        """The relay or bus whose failure explains most; None when none explains anything."""
        found: list[Candidate] = []
        if len(self.relay_log):
            relay, bus = int(np.argmax(self.relay_log)), int(np.argmax(self.bus_log))
            found.append(Candidate(log=float(self.relay_log[relay]), relay=relay))
            found.append(Candidate(log=float(self.bus_log[bus]), bus=bus))
        best = max(found, key=lambda one: one.log, default=None)
        return best if best is not None and best.log > 0.0 else None

    def _top_phase(self, is_open: Mask) -> Candidate:
        logs = np.where(is_open[:, None], self.phase_log, -np.inf)
        place, column = divmod(int(np.argmax(logs)), COLUMNS - 1)
        return Candidate(log=float(logs[place, column]), place=place, column=1 + column)


class Weigher:
    """Makes views of one archive."""

    def __init__(self, tree: LocateTree, settings: LocateSettings) -> None:
        self._tree, self._settings = tree, settings
        self._posterior, self._chance_of = OutagePosterior(tree.arrays), ChanceOf(tree.arrays)

    def view(
        self, evidence: EvidenceOf, trust: Trust, *, masked: Mask, muted: Mask, explained_a: npt.NDArray[np.float64]
    ) -> View:
        """``masked``, ``muted``: archive order. ``explained_a``: what settled faults explain of the drop at the area meter."""
        tree, observed, posterior = self._tree, evidence.observed, self._posterior
        prior = tree.node_prior.copy()
        prior[0] += evidence.area_log
        if np.isfinite(observed.load_drop_a).any():
            prior += evidence.load_log(~(masked | observed.answered)[tree.order], explained_a)
        phase_ratio, phase_log = evidence.phase_ratio, evidence.phase_log
        if evidence.has_bits:
            is_out = masked[tree.order]
            phase_ratio, phase_log = phase_ratio.copy(), phase_log.copy()
            phase_ratio[is_out], phase_log[is_out] = 1.0, tree.no_phase_log[is_out]
        posterior.weigh(
            trust, gasped=observed.gasped, gasp_chance=observed.gasp_chance, polls_failed=observed.polls_failed,
            answered=observed.answered, masked=masked, muted=muted, via=observed.via, phase_ratio=phase_ratio, phase_log=phase_log,
            node_prior=prior,
        )
        return View(
            node_log=posterior.node_log.copy(), meter_log=posterior.meter_log.copy(), phase_log=phase_log,
            relay_log=posterior.relay_log.copy(), bus_log=posterior.bus_log.copy(), choice=posterior.choice.copy(),
            mean_ratio=posterior.mean_ratio.copy(), has_bits=evidence.has_bits, total=float(posterior.best[0]),
        )

    def chances(self, view: View, via: npt.NDArray[np.int32], concerned: Mask) -> Chances:
        """Of the hypotheses that concern some of these meters (archive order)."""
        return self._chance_of.hypotheses(
            concerned, via, mean_ratio=view.mean_ratio, node_log=view.node_log, meter_log=view.meter_log, phase_log=view.phase_log,
            relay_log=view.relay_log, bus_log=view.bus_log,
        )

    def reach(self, observed_via: npt.NDArray[np.int32], meters: Mask) -> npt.NDArray[np.bool_]:
        """Which meters are among ``meters`` or behind one of them; archive order."""
        found, via = meters.copy(), np.maximum(observed_via, 0)
        for _ in range(_MOST_HOPS):
            further = found | (found[via] & (observed_via >= 0))
            if (further == found).all():
                break
            found = further
        return found

    def relay_prior(self, view: View) -> float:
        """log, of each relay by itself."""
        n_relays = int((view.relay_log > -np.inf).sum())
        return float(np.log(self._settings.comm_chance * self._settings.relay_share / n_relays))

    def hypothesis(self, candidate: Candidate) -> Hypothesis:
        tree = self._tree
        if candidate.node >= 0:
            return Hypothesis(rival=Rival.OUTAGE, node=tree.nodes[candidate.node], phases=PHASE_NAMES[candidate.column])
        if candidate.place >= 0:
            return Hypothesis(rival=Rival.OUTAGE, phases=PHASE_NAMES[candidate.column], meter=int(tree.order[candidate.place]))
        if candidate.bus >= 0:
            return Hypothesis(rival=Rival.COMM, bus=self._tree.buses[candidate.bus])
        return Hypothesis(rival=Rival.COMM, meter=candidate.relay)
