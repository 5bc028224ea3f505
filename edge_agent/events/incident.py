"""The states of an outage: which may follow which. A finding that asks for another step is refused, never an error.

suspected -> confirmed -> localised -> partial -> restored -> closed; any step before "restored" may be left out. What is on may be
discarded. A place may become unclear again (localised -> confirmed) and a customer be lost again (partial -> localised); what was
confirmed is not suspected again. What was restored begins again or is closed; "closed" and "discarded" are the end.
"""

from __future__ import annotations

from typing import Literal

from edge_agent.contract import EventBody, SavedEvent
from edge_agent.model import Stage
from edge_agent.model.finding import OutageState

State = Literal["suspected", "confirmed", "localised", "partial", "open", "unknown", "restored", "closed", "discarded"]
FINAL = frozenset({"closed", "discarded"})
PROVEN = frozenset({"confirmed", "localised", "partial"})
_FORWARD = ("suspected", "confirmed", "localised", "partial")      # each on its own is told at once
_CLASSES = (0.5, 0.8, 0.95, 0.99)      # of probability: a doubt, a hint, enough for a crew (outage.md 1.4), certain


def next_state(now: str | None, stage: Stage, told: OutageState) -> OutageState | None:
    """The state after a finding, from ``now`` (None = unknown yet); None where nothing may follow it.

    An end that is told as something else than "discarded" is a restoration first: an event never closes that was not restored.
    """
    if now in FINAL:
        return None
    if stage is Stage.END:
        if now is None:
            return None
        if now == "restored":
            return "closed" if told == "closed" else None
        return "discarded" if told == "discarded" else "restored"
    if told not in _FORWARD:
        return None
    if told == "suspected" and now in PROVEN:
        return now  # type: ignore[return-value]
    return told


def is_step_forward(now: str, then: str) -> bool:
    """Whether a change of state is news that must not wait: the same state, and a step back, may."""
    return now not in _FORWARD or then not in _FORWARD or _FORWARD.index(then) > _FORWARD.index(now)


def says_more(known: SavedEvent, severity: str, body: EventBody) -> bool:
    """Whether a reader would act on the difference: not every digit of the odds."""
    return known.severity != severity or _gist(known.body) != _gist(body)


def _gist(body: EventBody) -> tuple[object, ...]:
    return (
        body.kind, body.state, body.scope, body.node_id, body.phases, frozenset(body.meters), body.original_meters_affected,
        body.cause_kind, body.work, sum(body.confidence >= bound for bound in _CLASSES), frozenset(body.disagreeing),
        tuple(body.scope_ambiguous_with), body.parent_id, frozenset(body.children), frozenset(body.supersedes), len(body.precursors),
    )
