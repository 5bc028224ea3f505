"""One explanation against all others of the same meters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cython_ext.outage_posterior import COLUMNS, Chances
from edge_agent.outage.hypothesis import Hypothesis, Located, Rival
from edge_agent.outage.locate_evidence import EvidenceOf
from edge_agent.outage.locate_members import Extent
from edge_agent.outage.locate_tree import LocateTree
from edge_agent.outage.locate_view import Candidate, Mask, View, Weigher

_NOTHING = Hypothesis(rival=Rival.NOTHING)


class Rivals:
    """Of one ``Observed``."""

    def __init__(self, tree: LocateTree, weigher: Weigher, evidence: EvidenceOf) -> None:
        self._tree, self._weigher, self._evidence = tree, weigher, evidence
        observed = evidence.observed
        self._by_chance_log = evidence.by_chance_log()
        self._is_mute = (self._by_chance_log < np.log(0.5)) & ~observed.gasped

    def exactly(self, candidate: Candidate, view: View) -> Candidate:
        """The lowest place that takes the same meters; the area itself where mains or area meter tell it from its only feeder."""
        if candidate.node < 0:
            return candidate
        column = candidate.column
        node = int(self._tree.lowest[candidate.node, column])
        if candidate.node == 0 and view.node_log[0, column] > view.node_log[node, column] and self._evidence.area_log[column] > 0.0:
            return candidate
        place = int(self._tree.alone[node, column])
        if place >= 0:
            return Candidate(log=float(view.meter_log[place]), place=place)
        return Candidate(log=float(view.node_log[node, column]), node=node, column=column)

    def located(self, view: View, candidate: Candidate, extent: Extent) -> tuple[Located, npt.NDArray[np.float64]]:
        """``view``: what it and its rivals explain, everything else left out."""
        core = extent.members & ~extent.disagreeing
        chances = self._weigher.chances(view, self._evidence.observed.via, core if core.any() else extent.members)
        own, same = self._take_out(chances, candidate)
        runner_up, next_chance = self._heaviest(chances, extent.members)
        probability = own + sum(chance for _, chance in same)
        odds = probability / max(next_chance, 1e-300)
        if same:
            twin, twin_chance = max(same, key=lambda one: one[1])
            if twin_chance > next_chance:
                runner_up, odds = self._weigher.hypothesis(twin), own / max(twin_chance, 1e-300)
        is_real = _outage(chances) + (probability if candidate.is_outage else 0.0)
        told = Located(
            best=self._weigher.hypothesis(candidate), members=_indices(extent.members), probability=min(1.0, probability),
            is_real=min(1.0, is_real), runner_up=runner_up, odds=odds, disagreeing=_indices(extent.disagreeing),
        )
        return told, chances.dead

    def is_mute(self, meters: Mask) -> bool:
        """Whether each of them fails to answer too often for chance, and none sent a last gasp."""
        return bool(self._is_mute[meters].all())

    def mute_modules(self, is_open: Mask, dead: npt.NDArray[np.float64]) -> list[Located]:
        """Meters of ``is_open`` that fail to answer too often for chance."""
        silent = is_open & self._is_mute & (dead < 0.5)
        found = []
        for meter in np.flatnonzero(silent):
            real = float(dead[meter])
            probability = -float(np.expm1(self._by_chance_log[meter])) * (1.0 - real)
            chance = 1.0 - real - probability
            runner_up = _NOTHING if chance > real else Hypothesis(rival=Rival.OUTAGE, meter=int(meter))
            found.append(Located(
                best=Hypothesis(rival=Rival.COMM, meter=int(meter)), members=(int(meter),), probability=probability, is_real=real,
                runner_up=runner_up, odds=probability / max(chance, real, 1e-300),
            ))
        return found

    def _take_out(self, chances: Chances, candidate: Candidate) -> tuple[float, list[tuple[Candidate, float]]]:
        """Its own chance and those of other places with the same meters; they are 0 in ``chances`` afterwards."""
        tree, column, same = self._tree, candidate.column, list[tuple[Candidate, float]]()
        if candidate.relay >= 0 or candidate.bus >= 0:
            part, number = (chances.bus, candidate.bus) if candidate.bus >= 0 else (chances.relay, candidate.relay)
            own = float(part[number])
            part[number] = 0.0
            return own, same
        if candidate.place >= 0 and column:
            own = float(chances.phase[candidate.place, column - 1])
            chances.phase[candidate.place, column - 1] = 0.0
            return own, same
        if candidate.place >= 0:
            own = float(chances.meter[candidate.place])
            chances.meter[candidate.place] = 0.0
            is_same = tree.alone == candidate.place
        else:
            own = float(chances.node[candidate.node, column])
            chances.node[candidate.node, column] = 0.0
            is_same = np.zeros((len(tree.nodes), COLUMNS), np.bool_)
            is_same[:, column] = tree.lowest[:, column] == candidate.node
            is_same[candidate.node, column] = False
        for node, of_column in zip(*np.nonzero(is_same), strict=True):
            chance = float(chances.node[node, of_column])
            same.append((Candidate(log=0.0, node=int(node), column=int(of_column)), chance))
            chances.node[node, of_column] = 0.0
        return own, same

    def _heaviest(self, chances: Chances, members: Mask) -> tuple[Hypothesis, float]:
        """Of what is left in ``chances``."""
        options: list[tuple[float, Candidate | None]] = [(chances.alive, None)]
        node, column = divmod(int(np.argmax(chances.node)), COLUMNS)
        options.append((float(chances.node[node, column]), Candidate(log=0.0, node=node, column=column)))
        if chances.meter.size:
            place = int(np.argmax(chances.meter))
            options.append((float(chances.meter[place]), Candidate(log=0.0, place=place)))
            place, column = divmod(int(np.argmax(chances.phase)), COLUMNS - 1)
            options.append((float(chances.phase[place, column]), Candidate(log=0.0, place=place, column=1 + column)))
        relay, bus = int(np.argmax(chances.relay)), int(np.argmax(chances.bus))
        options.append((float(chances.relay[relay]), Candidate(log=0.0, relay=relay)))
        options.append((float(chances.bus[bus]), Candidate(log=0.0, bus=bus)))
        chance, best = max(options, key=lambda one: one[0])
        return (self._alive(members) if best is None else self._weigher.hypothesis(best)), chance

    def _alive(self, members: Mask) -> Hypothesis:
        """How the meters can all have supply: by chance, or with modules that are mute."""
        log = np.where(members, self._by_chance_log, 0.0)
        if float(log.sum()) > np.log(0.5):
            return _NOTHING
        return Hypothesis(rival=Rival.COMM, meter=int(np.argmin(log)))


def _indices(mask: Mask) -> tuple[int, ...]:
    return tuple(int(index) for index in np.flatnonzero(mask))


def _outage(chances: Chances) -> float:
    return float(chances.node.sum() + chances.meter.sum() + chances.phase.sum())
