"""What was known before: an event of loss of supply names the events of fire, overload and voltage that went before it at that place.

"At that place" is below or above it in the tree as well: the two have meters in common, one lies on the path of the other, or one of them
is about the whole area. What an outage itself drags along does not count: a precursor began at least ``_LEAD_MS`` before it.
"""

from __future__ import annotations

from edge_agent.contract import PastEvent, Precursor, SavedEvent, decode_past_events, encode
from edge_agent.contract.envelope import utc_text
from edge_agent.events.kinds import kind_of
from edge_agent.model import Finding

LOSSES = frozenset({"supply.lost", "meter.silent"})      # one home alone without supply is told as a silent meter
_CLASSES = frozenset({"fire", "overload", "voltage"})
_LEAD_MS = 60_000        # the voltage that collapses with the supply is the outage, not its precursor
_MOST_KEPT = 500         # ended ones, about 200 bytes each: they are saved with the book of events
MOST_NAMED = 20
_DAY_MS = 86_400_000
_WEIGHT = {"info": 0, "warning": 1, "alarm": 2}
_Identity = tuple[str, str, str, str]


class PastEvents:
    """The last event of each kind and place that may turn out to be a precursor, on or ended, with the worst severity that it had."""

    def __init__(self, keep_days: float) -> None:
        self._keep_ms = round(keep_days * _DAY_MS)
        self._past: dict[_Identity, PastEvent] = {}

    def note(self, event: SavedEvent) -> None:
        """An event as it is after a revision."""
        body = event.body
        if not self._keep_ms or kind_of(body.kind).event_class not in _CLASSES:
            return
        identity, severity = (body.kind, body.scope, body.node_id, body.phases), event.severity
        before = self._past.get(identity)
        if before is not None and before.event_id == body.event_id and _WEIGHT[before.severity] > _WEIGHT[severity]:
            severity = before.severity
        self._past[identity] = PastEvent(
            event_id=body.event_id, kind=body.kind, severity=severity, scope=body.scope, node_id=body.node_id, phases=body.phases,
            begin_utc_ms=event.begin_utc_ms, end_utc_ms=event.end_utc_ms, meters=list(body.meters),
        )

    def forget_old(self, now_utc_ms: int) -> None:
        """Drop what ended too long ago, and the least grave and oldest of what has ended where there is too much."""
        ended = [(identity, past, past.end_utc_ms) for identity, past in self._past.items() if past.end_utc_ms is not None]
        ended.sort(key=lambda entry: (now_utc_ms - entry[2] <= self._keep_ms, _WEIGHT[entry[1].severity], entry[2]))
        for number, (identity, _, end_utc_ms) in enumerate(ended):
            if now_utc_ms - end_utc_ms > self._keep_ms or number < len(ended) - _MOST_KEPT:
                del self._past[identity]

    def of(self, finding: Finding, now_utc_ms: int, begin_utc_ms: int | None = None) -> list[Precursor]:
        """The precursors of a loss of supply: levels of fire risk first, then the gravest and latest. None of anything else.

        ``begin_utc_ms``: when the loss began, where the finding tells a later change of it.
        """
        if finding.kind not in LOSSES:
            return []
        begin_utc_ms = finding.at_utc_ms if begin_utc_ms is None else begin_utc_ms
        found = [
            (past.kind == "fire.risk", _WEIGHT[past.severity], past.end_utc_ms or now_utc_ms, past)
            for past in self._past.values()
            if past.begin_utc_ms <= begin_utc_ms - _LEAD_MS
            and now_utc_ms - (past.end_utc_ms or now_utc_ms) <= self._keep_ms
            and _is_at(past, finding)
        ]
        found.sort(key=lambda entry: entry[:3], reverse=True)
        return [
            Precursor(
                event_id=past.event_id, kind=past.kind, severity=past.severity, scope=past.scope, node_id=past.node_id,
                begin=utc_text(past.begin_utc_ms),
            )
            for *_, past in found[:MOST_NAMED]
        ]

    def __len__(self) -> int:
        return len(self._past)

    def save(self) -> bytes:
        return encode(list(self._past.values()))

    def load(self, data: bytes) -> None:
        """Raises ValueError for what ``save`` did not write; nothing is changed then."""
        self._past = {(past.kind, past.scope, past.node_id, past.phases): past for past in decode_past_events(data)}


def _is_at(past: PastEvent, finding: Finding) -> bool:
    if "area" in (past.scope, finding.place.kind) or not set(past.meters).isdisjoint(finding.meters):
        return True
    if past.scope == finding.place.kind == "node":
        one, other = past.node_id + "/", finding.place.id + "/"
        return one.startswith(other) or other.startswith(one)
    return False
