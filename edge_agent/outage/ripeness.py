"""How firmly an incident may be told: what evidence of its members there is, and for how long it has lasted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.model import AreaFrame
from edge_agent.model.finding import OutageState
from edge_agent.outage.hypothesis import AREA
from edge_agent.outage.incident import Incident
from edge_agent.outage.mains import OUT, PhaseMains
from edge_agent.outage.settings import OutageSettings
from edge_agent.outage.signs import NEVER, Signs

_RANK: dict[OutageState, int] = {"suspected": 0, "confirmed": 1, "localised": 2}
_FEWEST_DEAF = 2         # meters with enough failed polls, where nobody could send a last gasp


@dataclass(frozen=True, slots=True)
class Ripeness:
    """``gasping``: shape (n,), who could send a last gasp."""

    settings: OutageSettings
    gasping: npt.NDArray[np.bool_]

    def look(self, incident: Incident, frame: AreaFrame, signs: Signs, mains: PhaseMains) -> None:
        """Bring counts, state and ``is_settled`` up to date; a state never goes back by itself."""
        settings = self.settings
        members = np.array(sorted(incident.out), np.intp)
        failed, gasped = signs.polls_failed(frame)[members], signs.gasped[members]
        incident.gasped.update(members[gasped].tolist())
        incident.evidence = {
            "last_gasps": float(gasped.sum()), "polls_failed": float(failed.sum()), "meters_polled": float((failed > 0).sum()),
            "meters_silent": float((failed >= settings.confirm_polls).sum()),
            "meters_answering": float(len(incident.members) - len(incident.out)),
        } | {f"supply_{phase}_v": volts for phase, volts in zip("abc", frame.supply_v.tolist(), strict=True) if volts == volts}
        by_mains = is_by_mains(incident, mains)
        deaf = failed >= settings.confirm_polls
        incident.shown.update(members[deaf | gasped].tolist())
        is_enough = (
            by_mains or int(gasped.sum()) >= settings.confirm_gasps or bool((gasped & deaf).any()) or int(deaf.sum()) >= _FEWEST_DEAF
        )
        hold_s = settings.hold_s if self.gasping[members].any() else settings.hold_polled_s
        has_lasted = by_mains or frame.now_utc_ms - incident.began_ms >= round(1000 * hold_s)
        # one customer alone: the sheet's rule is one last gasp and two polls, whatever the odds come to
        is_said = len(incident.members) == 1 and bool((gasped & deaf).any()) and incident.is_real >= settings.confirm_single_from
        is_sure = incident.is_real >= settings.confirm_from or is_said
        if incident.state in _RANK and is_sure and is_enough and has_lasted:
            ripe: OutageState = "localised" if incident.odds >= settings.localise_odds else "confirmed"
            if _RANK[ripe] > _RANK[incident.state]:
                incident.state = ripe
        all_told = bool((deaf | gasped).all()) and incident.state == "localised"
        waited = frame.now_utc_ms - incident.settle_ms >= round(1000 * settings.settle_s)
        longest_gasp = frame.now_utc_ms - incident.began_ms >= round(1000 * settings.gasp_within_s)
        if incident.state in ("confirmed", "localised") and (waited or (all_told and (longest_gasp or not self.gasping[members].any()))):
            incident.is_settled = True

    def begin_of(self, members: Collection[int], frame: AreaFrame, signs: Signs) -> tuple[int, int]:
        """When these meters lost supply together: middle of what is possible, and half the width of it, ms.

        It was after the last proof of life of any of them and before the first sign; a last gasp was sent a known time before its report.
        """
        indices = np.array(sorted(members), np.intp)
        failed = signs.polls_failed(frame)[indices] > 0
        latest = [int(signs.first_failed_ms(frame)[indices][failed].min())] if failed.any() else []
        earliest = []
        gasped_ms = signs.gasped_ms[indices][signs.gasped[indices]]
        if gasped_ms.size:
            latest.append(int(gasped_ms.min()) - round(1000 * self.settings.gasp_after_s))
            earliest.append(int(gasped_ms.min()) - round(1000 * self.settings.gasp_within_s))
        high = min(latest, default=frame.now_utc_ms)
        answered = frame.answered_utc_ms[indices]
        answered = answered[(answered != NEVER) & (answered <= high)]
        if answered.size:
            earliest.append(int(answered.max()))
        low = min(max(earliest), high) if earliest else high
        return (low + high) // 2, (high - low + 1) // 2


def is_by_mains(incident: Incident, mains: PhaseMains) -> bool:
    """Whether the concentrator's own supply proves it."""
    best = incident.best
    if best.meter >= 0 or best.node != AREA:
        return False
    return all(mains.now["abc".index(phase)] == OUT for phase in best.phases) if best.phases else mains.is_out
