"""Findings of outages to revisions: one event for each incident, however its place and its meters change."""

from __future__ import annotations

from edge_agent.contract import EventBody, Precursor, SavedEvent
from edge_agent.contract.envelope import utc_ms_of, utc_text
from edge_agent.events.change import EventChange
from edge_agent.events.incident import is_step_forward, next_state, says_more
from edge_agent.events.kinds import kind_of
from edge_agent.events.ledger import Ledger, incident_identity
from edge_agent.events.precursors import MOST_NAMED
from edge_agent.events.sentences import STILL_ON
from edge_agent.model import Finding, Stage
from edge_agent.model.finding import Outage

MERGED = "merged"         # an event that goes on as part of a larger one
_WORDS = {"closed": "close", "discarded": "discard"}


class OutageEvents:
    """Works on the events of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def apply(self, finding: Finding, outage: Outage, now_utc_ms: int) -> EventChange | None:
        ledger = self._ledger
        known = ledger.events.get(incident_identity(finding.kind, outage.incident))
        if known is not None and _is_older(known.body, finding, now_utc_ms):
            ledger.ignored += 1
            return None
        was = None if known is None else known.body.state
        if known is not None and STILL_ON in known.body.could_be and finding.stage is not Stage.END:
            was = "restored"       # withdrawn, and found to last: it goes on
        state = next_state(was, finding.stage, outage.state)
        if state is None:
            is_repeat = finding.stage is Stage.END and (known is None or outage.state == was)
            ledger.ignored += is_repeat
            ledger.refused += not is_repeat
            return None
        if known is None or finding.stage is not Stage.END:
            ledger.refused += state != outage.state
            return self._revise(known, finding, outage, state=state, now_utc_ms=now_utc_ms)
        return self._end(known, finding, outage, state="closed" if finding.superseded_by else state, now_utc_ms=now_utc_ms)

    def due(self, now_utc_ms: int) -> list[EventChange]:
        """Revisions that had to wait, and need not any longer."""
        return [
            self._ledger.send(saved, saved.body, "change", now_utc_ms)
            for saved in list(self._ledger.events.values())
            if saved.is_unsent and saved.end_utc_ms is None and not self._must_wait(saved, now_utc_ms)
        ]

    def _revise(self, known: SavedEvent | None, finding: Finding, outage: Outage, *, state: str, now_utc_ms: int) -> EventChange | None:
        body, begin_ms = self._body(known, finding, outage, state=state, now_utc_ms=now_utc_ms)
        if known is None or known.end_utc_ms is not None:
            if known is not None:
                back_ms = min(max(finding.at_utc_ms, known.end_utc_ms or 0), utc_ms_of(body.published))
                body = body.revised(reopened=body.reopened + 1, reopened_at=utc_text(back_ms))
            event = SavedEvent(severity=finding.severity, begin_utc_ms=begin_ms, end_utc_ms=None, body=body)
            return self._ledger.send(event, body, "start", now_utc_ms)
        if not known.is_unsent and not says_more(known, finding.severity, body):
            self._ledger.ignored += 1
            return None
        sent_state = known.sent_state or known.body.state
        event = known.revised(severity=finding.severity, begin_utc_ms=begin_ms)
        must_not_wait = is_step_forward(sent_state, state) or body.kind != known.body.kind
        if must_not_wait or not self._must_wait(known, now_utc_ms):
            return self._ledger.send(event, body, "change", now_utc_ms)
        waiting = body.revised(published=known.body.published)
        self._ledger.keep(event.revised(body=waiting, is_unsent=True, sent_state=sent_state))
        return None

    def _end(self, known: SavedEvent, finding: Finding, outage: Outage, *, state: str, now_utc_ms: int) -> EventChange:
        body, begin_ms = self._body(known, finding, outage, state=state, now_utc_ms=now_utc_ms)
        end_ms = known.end_utc_ms
        if end_ms is None:
            end_ms = max(begin_ms, min(finding.at_utc_ms, utc_ms_of(body.published)))
        duration_s, kind = (end_ms - begin_ms) / 1000, kind_of(finding.kind)
        is_timed = kind.is_supply and not finding.superseded_by and state != "discarded"
        body = body.revised(
            end=utc_text(end_ms), duration_s=duration_s,
            momentary=duration_s <= self._ledger.settings.momentary_max_s if is_timed else None, **self._ledger.superseded(finding),
        )
        word = MERGED if finding.superseded_by else _WORDS.get(state, kind.end_word)
        return self._ledger.send(known.revised(begin_utc_ms=begin_ms, end_utc_ms=end_ms), body, word, now_utc_ms)

    def _body(self, known: SavedEvent | None, finding: Finding, outage: Outage, *, state: str, now_utc_ms: int) -> tuple[EventBody, int]:
        """What the next revision says, but for its number and its words; and when the outage began."""
        ledger, before = self._ledger, None if known is None else known.body
        event_id = ledger.new_id(now_utc_ms) if before is None else before.event_id
        left_behind = [saved for saved in ledger.events.values() if saved.body.parent_id == event_id]
        said = ledger.writer.said_of_outage(
            finding, outage, kind_of(finding.kind), before, state=state, now_utc_ms=now_utc_ms,
            left_behind={meter: child.end_utc_ms is None for child in left_behind for meter in child.body.meters},
        )
        begin_ms, uncertainty_s = min(finding.at_utc_ms, utc_ms_of(said["published"])), max(0.0, outage.uncertainty_s)
        if known is not None and before is not None:
            is_surer = begin_ms < known.begin_utc_ms or (
                finding.stage is Stage.BEGIN and uncertainty_s < (before.begin_uncertainty_s or 0.0)
            )
            if known.end_utc_ms is not None or finding.stage is Stage.END or not is_surer:
                begin_ms, uncertainty_s = known.begin_utc_ms, before.begin_uncertainty_s or 0.0
        parent = ledger.of_incident(outage.parent)
        kept = {} if before is None else {
            "revision": before.revision, "reopened": before.reopened, "reopened_at": before.reopened_at, "dispatch": before.dispatch,
        }
        body = EventBody(**{
            "revision": 1, **kept, "event_id": event_id, "begin": utc_text(begin_ms), "begin_uncertainty_s": uncertainty_s,
            "parent_id": parent.event_id if parent is not None else "" if before is None else before.parent_id,
            "children": sorted({*(child.body.event_id for child in left_behind), *([] if before is None else before.children)}),
            "supersedes": sorted({*ledger.superseded_ids(event_id, finding, begin_ms), *([] if before is None else before.supersedes)}),
            "precursors": self._precursors(before, finding, begin_ms, now_utc_ms), **said,
        })
        return body, begin_ms

    def _precursors(self, before: EventBody | None, finding: Finding, begin_ms: int, now_utc_ms: int) -> list[Precursor]:
        """Those named before, and those of a place that is told anew."""
        known = [] if before is None else before.precursors
        if finding.stage is Stage.END:
            return known
        names = {one.event_id for one in known}
        return [*known, *(one for one in self._ledger.past.of(finding, now_utc_ms, begin_ms) if one.event_id not in names)][:MOST_NAMED]

    def _must_wait(self, known: SavedEvent, now_utc_ms: int) -> bool:
        return 0 <= now_utc_ms - known.sent_utc_ms < 1000 * self._ledger.settings.change_every_s


def _is_older(body: EventBody, finding: Finding, now_utc_ms: int) -> bool:
    """Whether a finding knows less than what is known; after the clock was set back nobody can say."""
    if now_utc_ms < utc_ms_of(body.published):
        return False
    told_ms, known_ms = min(finding.evidence_to_utc_ms, now_utc_ms), utc_ms_of(body.evidence_to)
    begins_anew = body.end is not None and finding.stage is not Stage.END
    return told_ms <= known_ms if begins_anew else told_ms < known_ms
