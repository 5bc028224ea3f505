"""Whether a case of a judgement is worth telling, or only the tail of what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.model import AreaFrame
from edge_agent.outage.cases import Case
from edge_agent.outage.incident import COMM, Incident
from edge_agent.outage.settings import OutageSettings
from edge_agent.outage.signs import Signs

_FEWEST_DEAF = 3              # meters with enough failed polls that make a broken way of theirs worth telling


@dataclass(frozen=True, slots=True)
class Worth:
    """Judges cases against the incidents that are remembered."""

    settings: OutageSettings

    def is_worth_telling(self, case: Case, incidents: Sequence[Incident], frame: AreaFrame, signs: Signs) -> bool:
        """One that is told already always is; a broken way with enough deaf meters; an outage that is likelier than everything else."""
        if any(one.members & case.members and not one.is_over and (one.kind == COMM) == (case.kind == COMM) for one in incidents):
            return True
        if case.kind == COMM:
            return self._is_broken_way(case, frame, signs)
        is_living = case.located.best.meter >= 0 and bool(case.located.best.phases)     # what it last showed may be of before
        if is_living and any(one.is_over for one in incidents):
            return False
        return case.located.is_real >= self.settings.suspect_from and not self._are_slow(case, incidents, frame, signs)

    def may_rejoin(self, incident: Incident, now_ms: int) -> bool:
        """Whether those of it that have not returned may still be starting up."""
        return incident.answering_ms is not None and now_ms - incident.answering_ms < round(1000 * self.settings.rejoin_s)

    def _is_broken_way(self, case: Case, frame: AreaFrame, signs: Signs) -> bool:
        if len(case.members) < 2:
            return False               # one meter alone is told as silent
        members = sorted(case.members)
        deaf = signs.polls_failed(frame)[members] >= self.settings.confirm_polls
        first_ms = int(signs.first_failed_ms(frame)[members][deaf].min(initial=frame.now_utc_ms))
        lasted = frame.now_utc_ms - first_ms >= round(1000 * self.settings.silent_s)
        is_seen = int(deaf.sum()) >= min(_FEWEST_DEAF, len(members))
        return is_seen and lasted and case.located.probability >= self.settings.suspect_from

    def _are_slow(self, case: Case, incidents: Sequence[Incident], frame: AreaFrame, signs: Signs) -> bool:
        """Whether they may just be the last to return from something that was told already."""
        members = np.array(sorted(case.members), np.intp)
        gasped = signs.gasped[members]
        has_gasped = bool(gasped.any())
        showing = set(members[gasped | (signs.polls_failed(frame)[members] > 0)].tolist()) or case.members
        for one in incidents:
            if not self.may_rejoin(one, frame.now_utc_ms):
                continue
            # not all may have been asked before, nor since; who shows no sign proves nothing
            is_mostly = 2 * len(showing & one.out) >= len(showing)
            if is_mostly and (one.is_over if one.kind != COMM else not has_gasped):
                return True
        return False
