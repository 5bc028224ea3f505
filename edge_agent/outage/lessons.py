"""What an outage that is certain teaches about last gasps: how many of its meters were heard, and how late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.outage.delivery import Delivery
from edge_agent.outage.incident import COMM, Incident
from edge_agent.outage.mains import PhaseMains
from edge_agent.outage.ripeness import is_by_mains
from edge_agent.outage.signs import Signs


@dataclass(frozen=True, slots=True)
class Lessons:
    """Each incident teaches once. ``gasping``: shape (n,), who could send a last gasp."""

    delivery: Delivery
    gasping: npt.NDArray[np.bool_]

    def settled(self, incident: Incident, signs: Signs, mains: PhaseMains) -> None:
        """Where the mains tell the moment it teaches the delays as well."""
        dead = self._take(incident)
        if dead.size and is_by_mains(incident, mains):
            heard_ms = signs.gasped_ms[dead][signs.gasped[dead]]
            self.delivery.learn_delays((heard_ms - incident.began_ms) / 1000.0)

    def returned(self, incident: Incident) -> None:
        """One that ended before it was settled, and was more than a suspicion."""
        self._take(incident)

    def _take(self, incident: Incident) -> npt.NDArray[np.intp]:
        dead = np.array([index for index in sorted(incident.members) if self.gasping[index]], np.intp)
        if incident.is_learned or incident.kind == COMM or not dead.size:
            return dead[:0]
        incident.is_learned = True
        self.delivery.learn(dead, np.array([index in incident.gasped for index in dead.tolist()], np.bool_))
        return dead
