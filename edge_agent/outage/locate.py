"""Where it is: the posterior over what may have failed, several faults at once.

Source of the method: outage.md 1.4 (maximum a posteriori on the radial tree). Beside it: the chance of a last gasp is common to a box and
itself uncertain, and each meter may stand in the archive wrongly.
"""

from __future__ import annotations

import numpy as np

from cython_ext.outage_posterior import Trust
from edge_agent.model import Archive
from edge_agent.outage.hypothesis import Judgement
from edge_agent.outage.locate_evidence import EvidenceOf, Tries, trust
from edge_agent.outage.locate_search import Search
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.locate_tree import LocateTree
from edge_agent.outage.locate_view import Weigher
from edge_agent.outage.observed import Observed

_DEFAULT = LocateSettings()


class Locator:
    """Of one archive; keeps nothing between judgements."""

    def __init__(self, archive: Archive, settings: LocateSettings = _DEFAULT) -> None:
        self._settings = settings
        self._tree = LocateTree(archive, settings)
        self._weigher = Weigher(self._tree, settings)
        self._tries = Tries(len(self._tree.order), settings)
        self._concentration, self._trust = np.inf, self._trusted(np.inf)

    def judge(self, observed: Observed, *, concentration: float) -> Judgement:
        """What the evidence makes of every hypothesis.

        Failures of communication that it needs to explain silence are among the faults (``best.rival``); one behind a relay that is a
        member of an outage is its consequence. Meters that are ``masked`` are members where they are below, but weigh nothing.

        Args:
            concentration: of the Beta distribution from which each box has its delivery; inf = the same everywhere.
        Raises:
            ValueError: arrays that do not fit the archive, relays that are no meters of it, a concentration not above 0.
        """
        self._check(observed, concentration)
        if concentration != self._concentration:
            self._concentration, self._trust = concentration, self._trusted(concentration)
        evidence = EvidenceOf(self._tree, self._tries, self._settings, observed)
        return Search(self._tree, self._weigher, self._settings, evidence, self._trust).judgement()

    def _trusted(self, concentration: float) -> Trust:
        return trust(len(self._tree.order), len(self._tree.buses), concentration, self._settings)

    def _check(self, observed: Observed, concentration: float) -> None:
        n = self._tree.n_meters
        for name in ("gasped", "gasp_chance", "polls_failed", "answered", "masked", "via", "phase_lost", "phase_live"):
            if getattr(observed, name).shape != (n,):
                raise ValueError(f"{name} must have the {n} meters of the archive")
        if n and (int(observed.via.max()) >= n or not (observed.gasp_chance >= 0).all()):
            raise ValueError(f"via must be below {n}, gasp_chance at least 0")
        if not concentration > 0:
            raise ValueError(f"concentration must be above 0, is {concentration}")
