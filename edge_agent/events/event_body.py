"""From a finding to what is published about it: the fields that the finding gives, and those that the archive knows of its place."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from edge_agent.contract import EventBody
from edge_agent.contract.envelope import utc_ms_of, utc_text
from edge_agent.events.incident import PROVEN
from edge_agent.events.kinds import EventKind
from edge_agent.events.places import Places
from edge_agent.events.sentences import words_of
from edge_agent.model import Archive, Finding, Stage
from edge_agent.model.finding import Outage

_MOST_ODDS = 1e9       # JSON has no infinity


class BodyWriter:
    """Fills the fields of a body. It knows no other event: identity, revision and links are the book's."""

    def __init__(self, archive: Archive | None, utc_offset_h: float) -> None:
        self._places, self._utc_offset_h = Places(archive), utc_offset_h

    def said(self, finding: Finding, kind: EventKind, now_utc_ms: int) -> dict[str, Any]:
        """What comes from any finding."""
        is_over = finding.stage is Stage.END and kind.is_supply and not finding.superseded_by
        return {
            **self._place(finding, finding.meters, () if is_over else finding.meters),
            "published": utc_text(now_utc_ms), "evidence_from": utc_text(finding.evidence_from_utc_ms),
            "evidence_to": utc_text(finding.evidence_to_utc_ms), "score": finding.score, "confidence": finding.confidence,
            "observed": finding.observed, "threshold": finding.threshold, "unit": finding.unit, "evidence": dict(finding.evidence),
            "could_be": list(finding.alternatives or kind.could_be), "meters": list(finding.meters),
            "meters_affected": 0 if is_over else len(finding.meters),
            "scope_ambiguous_with": ["upstream"] if kind.is_supply and finding.place.kind == "area" else [],
            "suggested_action": kind.action, "cause_kind": kind.cause,
        }

    def said_of_outage(
        self, finding: Finding, outage: Outage, kind: EventKind, known: EventBody | None, *, state: str,
        left_behind: Mapping[str, bool], now_utc_ms: int,
    ) -> dict[str, Any]:
        """What comes from a finding that tells an outage. ``left_behind``: meters that went on in events of their own -> still out.

        Times go forward from revision to revision, whatever the clock did: nothing is published before its evidence.
        """
        took = sorted({*outage.original, *finding.meters})
        out = _still_out(finding, took, state, left_behind)
        published_ms, evidence_to_ms = now_utc_ms, min(finding.evidence_to_utc_ms, now_utc_ms)
        if known is not None:
            published_ms = max(published_ms, utc_ms_of(known.published))
            evidence_to_ms = max(evidence_to_ms, utc_ms_of(known.evidence_to))
        evidence_from_ms = min(finding.evidence_from_utc_ms, evidence_to_ms)
        was_verified = known is not None and bool(known.verified)
        return {
            **self.said(finding, kind, now_utc_ms), **self._place(finding, took, out),
            "published": utc_text(published_ms), "evidence_to": utc_text(evidence_to_ms), "evidence_from": utc_text(evidence_from_ms),
            "first_evidence": utc_text(evidence_from_ms) if known is None else known.first_evidence,
            "state": state, "incident": outage.incident, "verified": was_verified or state in PROVEN,
            "cause_kind": outage.cause or kind.cause, "work": outage.work, "reason": outage.reason,
            "retroactive": outage.is_retroactive, "scope_ambiguous_with": list(outage.ambiguous_with),
            "meters": took if finding.stage is Stage.END else list(finding.meters), "meters_affected": len(out),
            "original_meters_affected": len(took), "customers_restored": None if state == "discarded" else len(took) - len(out),
            "runner_up": outage.runner_up, "odds": _odds(outage.odds), "disagreeing": list(outage.disagreeing),
        }

    def worded(self, body: EventBody) -> EventBody:
        """With the action and the sentences that its other fields call for."""
        words = words_of(body, utc_offset_h=self._utc_offset_h)
        return body.revised(
            suggested_action=words.action.en, suggested_action_zh=words.action.zh, sentence_en=words.sentence.en,
            sentence_zh=words.sentence.zh,
        )

    def _place(self, finding: Finding, meters: Collection[str], out: Collection[str]) -> dict[str, Any]:
        place, priority = finding.place, self._places.priority_meters(meters, out)
        return {
            "kind": finding.kind, "scope": place.kind, "node_id": place.id, "phases": place.phases,
            "device": self._places.device(place), "node_path": self._places.path(place), "location": self._places.location(place),
            "customers_served": self._places.customers_served(place), "priority_meters": priority,
            "priority": priority[0].tag if priority else "",
        }


def _still_out(finding: Finding, took: list[str], state: str, left_behind: Mapping[str, bool]) -> set[str]:
    """While it lasts the finding names them; an end names those who are back."""
    if state == "discarded":
        return set()
    if finding.stage is not Stage.END or finding.superseded_by:
        return set(finding.meters)
    return {name for name in set(took).difference(finding.meters) if left_behind.get(name, True)}


def _odds(odds: float | None) -> float | None:
    return None if odds is None or math.isnan(odds) else min(max(odds, 0.0), _MOST_ODDS)
