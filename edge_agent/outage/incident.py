"""One outage, or one failure of communication, while it lasts: what is remembered of it and how it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from edge_agent.model import Archive, Finding, Outage, Place, Stage
from edge_agent.model.finding import Cause, OutageState, Severity
from edge_agent.outage.hypothesis import Hypothesis, Rival

SUPPLY, PLANNED, COMM = "supply.lost", "supply.planned", "comm.lost"
_SEVERITY: dict[str, Severity] = {"suspected": "warning", "confirmed": "alarm", "localised": "alarm", "partial": "warning"}
_HIGHEST_ODDS = 1e9
_TOLD_BEFORE = ("before a restart",)       # something was, and more is not known: what is told next is a change
_SETS = ("members", "out", "gasped", "shown")


@dataclass(slots=True)
class Incident:
    """``members`` are archive indices: all that it took. ``out`` those of them that have not returned.

    ``is_settled``: place and members are no longer judged anew, and what happens elsewhere is another incident.
    ``evidence``: last gasps, failed polls and so on of its members, as last looked at. ``gasped``: who of them ever sent a last gasp;
    ``shown``: who did, or failed to answer often enough to be believed.
    """

    id: str
    kind: str
    best: Hypothesis
    members: set[int]
    out: set[int]
    began_ms: int
    uncertainty_ms: int
    first_ms: int
    state: OutageState = "suspected"
    is_real: float = 0.0
    odds: float = 1.0
    runner_up: str = ""
    ambiguous: tuple[str, ...] = ()
    disagreeing: tuple[str, ...] = ()
    cause: Cause = "unknown"
    work: str = ""
    parent: str = ""
    is_settled: bool = False
    settle_ms: int = 0
    answering_ms: int | None = None
    restored_ms: int | None = None
    evidence: dict[str, float] = field(default_factory=dict)
    gasped: set[int] = field(default_factory=set)
    shown: set[int] = field(default_factory=set)
    is_learned: bool = False       # what it says about the delivery of last gasps has been taken
    told: tuple[object, ...] = ()  # what was last told of it
    told_ms: int = 0               # and when

    @property
    def is_over(self) -> bool:
        return self.restored_ms is not None

    def save(self) -> dict[str, Any]:
        saved = asdict(self)
        del saved["told"], saved["told_ms"]
        saved["best"] = {**asdict(self.best), "rival": self.best.rival.value}
        return saved | {name: sorted(getattr(self, name)) for name in _SETS}

    @classmethod
    def loaded(cls, saved: dict[str, Any], n_meters: int) -> Incident:
        """Raises ValueError, TypeError or KeyError for what ``save`` did not give for as many meters."""
        best = Hypothesis(**{**saved["best"], "rival": Rival(saved["best"]["rival"])})
        sets = {name: {int(index) for index in saved[name]} for name in _SETS}
        tuples = {name: tuple(str(one) for one in saved[name]) for name in ("ambiguous", "disagreeing")}
        found = cls(**{**saved, **sets, **tuples, "best": best, "told": () if saved["restored_ms"] is not None else _TOLD_BEFORE})
        indices = found.members | found.out | found.gasped | found.shown | ({best.meter} if best.meter >= 0 else set())
        if any(not 0 <= index < n_meters for index in indices):
            raise ValueError("of other meters")
        return found


def place_of(archive: Archive, best: Hypothesis) -> Place:
    """Where a hypothesis is, as findings name places."""
    if best.bus:
        return Place(kind="bus", id=best.bus)
    if best.meter >= 0:
        return Place(kind="meter", id=archive.meters[best.meter].id)
    if best.node:
        return Place(kind="node", id=best.node, phases=best.phases)
    return Place(kind="area", id=archive.area, phases=best.phases)


def in_words(archive: Archive, hypothesis: Hypothesis) -> str:
    """For ``runner_up``: "outage at feeder-1/branch-2 (phase a)", "communication failure behind m0007", "nothing"."""
    if hypothesis.rival is Rival.NOTHING:
        return "nothing"
    place = place_of(archive, hypothesis)
    phase = f" (phase {hypothesis.phases})" if hypothesis.phases else ""
    if hypothesis.rival is Rival.COMM:
        return f"communication failure behind {place.id}"
    return f"outage at {place.id}{phase}"


def finding_of(
    archive: Archive, incident: Incident, stage: Stage, now_ms: int, *, at_ms: int | None = None, state: OutageState | None = None,
    reason: str = "", superseded_by: str = "",
) -> Finding:
    """What is told of an incident now. ``at_ms``: of an end; a begin is dated by the incident. An end names who has returned."""
    named = incident.members - incident.out or incident.members if stage is Stage.END else incident.out
    told: OutageState = state or incident.state
    severity: Severity = "info" if stage is Stage.END or incident.kind == PLANNED else _SEVERITY.get(told, "warning")
    if incident.kind == COMM and severity == "alarm":
        severity = "warning"
    ids = [meter.id for meter in archive.meters]
    at = incident.began_ms if at_ms is None else at_ms
    outage = None if incident.kind == COMM else Outage(
        incident=incident.id, state=told, cause=incident.cause, original=tuple(ids[index] for index in sorted(incident.members)),
        uncertainty_s=incident.uncertainty_ms / 1000.0, runner_up=incident.runner_up, odds=min(incident.odds, _HIGHEST_ODDS),
        ambiguous_with=incident.ambiguous, parent=incident.parent, work=incident.work, reason=reason, disagreeing=incident.disagreeing,
    )
    return Finding(
        kind=incident.kind, stage=stage, place=place_of(archive, incident.best), at_utc_ms=min(at, now_ms),
        evidence_from_utc_ms=min(incident.first_ms, now_ms), evidence_to_utc_ms=now_ms, score=min(incident.odds, _HIGHEST_ODDS),
        confidence=min(1.0, max(0.0, incident.is_real)), severity=severity, meters=tuple(ids[index] for index in sorted(named)),
        evidence=tuple(incident.evidence.items()), alternatives=(incident.runner_up,) if incident.runner_up else (),
        superseded_by=superseded_by, outage=outage,
    )
