"""Whether what was lost is back: who of an incident has returned, and what that makes of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from edge_agent.model import Archive, AreaFrame
from edge_agent.outage.hypothesis import AREA
from edge_agent.outage.incident import COMM, Incident
from edge_agent.outage.mains import PhaseMains
from edge_agent.outage.ripeness import is_by_mains
from edge_agent.outage.settings import OutageSettings
from edge_agent.outage.signs import Signs


class Return(enum.Enum):
    """What a look at an incident brought."""

    NOTHING = "nothing"
    PARTIAL = "partial"          # some have returned
    RESTORED = "restored"        # enough have
    LEFT_BEHIND = "left behind"  # some have, long ago; the rest has a fault of its own


@dataclass(frozen=True, slots=True)
class Restoration:
    """Judges incidents; ``priority`` are archive indices of customers that are waited for, whatever the share."""

    archive: Archive
    settings: OutageSettings
    priority: frozenset[int]

    def look(self, incident: Incident, frame: AreaFrame, signs: Signs, mains: PhaseMains) -> Return:
        """Bring ``incident.out`` and its ``answering_ms`` up to date."""
        members = np.array(sorted(incident.members), np.intp)
        if incident.kind != COMM and is_by_mains(incident, mains):
            incident.out, incident.answering_ms = set(incident.members), None
            return Return.NOTHING
        failed = signs.polls_failed(frame)[members]
        lives = (frame.answered_utc_ms[members] > incident.began_ms) & (failed == 0) & ~signs.gasped[members]
        if incident.kind != COMM:
            lives |= (signs.back_ms[members] > incident.began_ms) & signs.is_back(frame)[members]
        is_whole = self._is_of_the_area(incident) and mains.is_in and incident.state != "partial"
        if is_whole and not failed.any() and not signs.gasped[members].any():
            lives[:] = True          # the mains are back before anybody missed a poll
        back = set(members[lives].tolist())
        if not incident.is_settled and incident.kind != COMM and not is_whole:
            never = back - incident.shown        # only not asked before: it was not out at all
            incident.members -= never
            back -= never
        incident.out = incident.members - back
        returned = len(back)
        if not returned:
            incident.answering_ms = None
            is_lit = self._is_of_the_area(incident) and mains.is_in and incident.is_settled
            is_late = frame.now_utc_ms - mains.in_since_ms() >= round(1000 * self.settings.rejoin_s)
            return Return.LEFT_BEHIND if is_lit and is_late else Return.NOTHING
        if incident.answering_ms is None:
            incident.answering_ms = frame.now_utc_ms
        is_enough = returned >= self.settings.restored_share * len(incident.members) and not incident.out & self.priority
        if is_enough:
            return Return.RESTORED
        if frame.now_utc_ms - incident.answering_ms >= round(1000 * self.settings.rejoin_s):
            return Return.LEFT_BEHIND
        return Return.PARTIAL

    @staticmethod
    def _is_of_the_area(incident: Incident) -> bool:
        return incident.kind != COMM and incident.best.meter < 0 and incident.best.node == AREA and not incident.best.phases
