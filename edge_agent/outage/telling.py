"""When a change of an incident is news: not more messages than a reader would act on."""

from __future__ import annotations

from edge_agent.model import Archive, AreaFrame, Finding, Stage
from edge_agent.model.finding import OutageState
from edge_agent.outage.incident import COMM, Incident, finding_of, place_of

_REVISED_EVERY_MS = 1000
_STEPS = 10


class Telling:
    """``sure_from``: probability from which an incident is told as sure; passing it is news."""

    def __init__(self, archive: Archive, *, sure_from: float) -> None:
        self._archive, self._sure_from = archive, sure_from

    def tell(self, one: Incident, frame: AreaFrame, stage: Stage) -> list[Finding]:
        """Nothing where nothing has changed that a reader would act on."""
        # while customers return group by group one message for each tenth of them is enough
        out: object = frozenset(one.out) if one.state != "partial" else _STEPS * len(one.out) // len(one.members)
        if one.kind == COMM:
            out = len(one.out).bit_length()       # found out meter by meter
        now = (
            one.kind, one.state, place_of(self._archive, one.best), out, one.is_real >= self._sure_from, one.ambiguous, one.disagreeing,
            one.work,
        )
        if one.told == now:
            return []
        is_first = not one.told
        # last gasps come in one by one: where nothing is settled yet one look a second is told
        is_soon = 0 <= frame.now_utc_ms - one.told_ms < _REVISED_EVERY_MS
        if not is_first and is_soon and not one.is_settled and stage is not Stage.BEGIN and one.told[:2] == now[:2]:
            return []
        one.told, one.told_ms = now, frame.now_utc_ms
        return [finding_of(self._archive, one, Stage.BEGIN if is_first else stage, frame.now_utc_ms)]

    def end(self, one: Incident, frame: AreaFrame, state: OutageState) -> list[Finding]:
        """Restored or closed: always news."""
        one.told = ()
        at_ms = one.restored_ms if one.restored_ms is not None else frame.now_utc_ms
        return [finding_of(self._archive, one, Stage.END, frame.now_utc_ms, at_ms=at_ms, state=state)]
