"""One fire-risk level for each meter, box and branch, made of the findings that are on there.

Not a detector: it looks at findings, not at meters. A meter has the level of its own findings (all its phases together). A node has that
of its own findings, or the level that at least two of its parts reach: meters that hang on it directly, or child nodes with all that is
in them. So a single meter never raises its box, and what lies in one box never raises the branch.

What is on is known to the book of events; after a restart ``adopt`` takes it from there, so that both cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge_agent.detect.base import Condition
from edge_agent.detect.fire_rules import LEVEL_OF, RULES, SEVERITY_OF, RiskLevel, combined_level
from edge_agent.model import Archive, Finding, Place, Stage
from edge_agent.model.archive import node_and_parents
from edge_agent.model.finding import Severity

KIND = "fire.risk"
_MAX_ALTERNATIVES = 6
_RANK: dict[str, int] = {"info": 0, "warning": 1, "alarm": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveFinding:
    """What counts of a finding that is on."""

    kind: str
    place: Place
    severity: Severity
    score: float
    confidence: float
    evidence_from_utc_ms: int
    observed: float | None = None
    unit: str = ""
    alternatives: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()


@dataclass(slots=True)
class _Held:
    """The findings that are on at one place, by kind and phases, and the level told of the place."""

    place: Place
    on: dict[tuple[str, str], ActiveFinding] = field(default_factory=dict)
    told: RiskLevel = RiskLevel.NONE

    def own_level(self) -> RiskLevel:
        worst: dict[str, Severity] = {}
        for (kind, _), finding in self.on.items():
            if kind not in worst or _RANK[finding.severity] > _RANK[worst[kind]]:
                worst[kind] = finding.severity
        return combined_level(worst)


@dataclass(frozen=True, slots=True)
class _Part:
    """A meter with a level, and by what name the node counts it: the meter itself, or the child node that it lies in."""

    name: str
    level: RiskLevel
    held: _Held


class FireRisk:
    """Feed it the findings of each tick; it gives findings ``fire.risk`` where a level begins, changes or ends."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._node_of = {meter.id: meter.node for meter in archive.meters}
        self._held: dict[Place, _Held] = {}

    def update(self, findings: Sequence[Finding], now_utc_ms: int) -> list[Finding]:
        changed = [place for finding in findings if (place := self._take(finding)) is not None]
        return self._tell(changed, now_utc_ms) if changed else []

    def conditions(self) -> set[Condition]:
        """What was told as begun and not as ended."""
        return {(KIND, held.place) for held in self._held.values() if held.told}

    def adopt(self, active: Iterable[ActiveFinding], now_utc_ms: int) -> list[Finding]:
        """After a restart: everything that is on, the levels told among it. Gives what these levels have to become."""
        self._held.clear()
        for finding in active:
            if finding.kind == KIND:
                self._at(finding.place).told = LEVEL_OF[finding.severity]
            elif finding.kind in RULES:
                self._at(_without_phases(finding.place)).on[finding.kind, finding.place.phases] = finding
        return self._tell(list(self._held), now_utc_ms)

    def _at(self, place: Place) -> _Held:
        return self._held.setdefault(place, _Held(place))

    def _take(self, finding: Finding) -> Place | None:
        """Note what a finding turns on or off; the place where it did, or None."""
        if finding.kind not in RULES:
            return None
        place, identity = _without_phases(finding.place), (finding.kind, finding.place.phases)
        if finding.stage is not Stage.END:
            self._at(place).on[identity] = _active(finding)
        elif place in self._held:
            self._held[place].on.pop(identity, None)
        return place

    def _tell(self, changed: Sequence[Place], now_utc_ms: int) -> list[Finding]:
        affected = dict.fromkeys(changed)
        for place in changed:
            node = self._node_of.get(place.id, "") if place.kind == "meter" else place.id if place.kind == "node" else ""
            affected |= dict.fromkeys(Place(kind="node", id=path) for path in node_and_parents(node))
        parts = self._parts_of({place.id for place in affected if place.kind == "node"})
        told = [finding for place in affected if (finding := self._judge(place, parts.get(place.id, []), now_utc_ms)) is not None]
        for place in affected:
            if place in self._held and not self._held[place].on and not self._held[place].told:
                del self._held[place]
        return told

    def _parts_of(self, nodes: set[str]) -> dict[str, list[_Part]]:
        """The meters with a level in each of these nodes."""
        found: dict[str, list[_Part]] = {node: [] for node in nodes}
        for held in self._held.values():
            path = self._node_of.get(held.place.id, "") if held.place.kind == "meter" else ""
            if not path or not held.on or not (level := held.own_level()):
                continue
            for node in node_and_parents(path):
                if node in nodes:
                    name = "meter " + held.place.id if node == path else path.removeprefix(node + "/").split("/")[0]
                    found[node].append(_Part(name, level, held))
        return found

    def _judge(self, place: Place, parts: list[_Part], now_utc_ms: int) -> Finding | None:
        held = self._held.get(place)
        level, members = (held.own_level() if held else RiskLevel.NONE), list[_Held]()
        if place.kind == "node" and (shared := _shared_level(parts)):
            level, members = max(level, shared), [part.held for part in parts if part.level >= shared]
        before = held.told if held else RiskLevel.NONE
        if level == before:
            return None
        held = self._at(place)
        held.told = level
        stage = Stage.END if not level else Stage.BEGIN if not before else Stage.CHANGE
        return self._finding(held, members, stage, level, now_utc_ms)

    def _finding(self, held: _Held, members: list[_Held], stage: Stage, level: RiskLevel, now_utc_ms: int) -> Finding:
        counted = [finding for part in (held, *members) for finding in part.on.values()]
        meters = [held.place.id] if held.place.kind == "meter" else [name for finding in counted for name in finding.meters]
        if not meters:       # nothing is on any more: whoever belongs to the place
            path = held.place.id if held.place.kind == "node" else ""
            is_known = not path or path in self._archive.nodes
            meters = [self._archive.meters[index].id for index in self._archive.members(path)] if is_known else [held.place.id]
        evidence = [("level", float(level)), ("findings", float(len(counted)))]
        if members:
            evidence.append(("meters_at_this_level", float(len(members))))
        for finding in sorted(held.on.values(), key=lambda one: (one.kind, one.place.phases)):
            evidence += _said(finding)
        doubt = 1.0
        for finding in counted:
            doubt = min(doubt, 1.0 - finding.confidence)
        return Finding(
            kind=KIND, stage=stage, place=held.place, at_utc_ms=now_utc_ms, evidence_to_utc_ms=now_utc_ms,
            evidence_from_utc_ms=min([now_utc_ms, *(finding.evidence_from_utc_ms for finding in counted)]),
            score=level / RiskLevel.ACT, confidence=1.0 - doubt, severity=SEVERITY_OF.get(level, "info"),
            meters=tuple(dict.fromkeys(meters)), evidence=tuple(evidence),
            alternatives=tuple(dict.fromkeys(word for finding in counted for word in finding.alternatives))[:_MAX_ALTERNATIVES],
        )


def _shared_level(parts: Sequence[_Part]) -> RiskLevel:
    """What at least two parts reach: the second highest of their levels."""
    highest: dict[str, RiskLevel] = {}
    for part in parts:
        highest[part.name] = max(part.level, highest.get(part.name, RiskLevel.NONE))
    return sorted(highest.values())[-2] if len(highest) > 1 else RiskLevel.NONE


def _without_phases(place: Place) -> Place:
    return Place(kind=place.kind, id=place.id)


def _active(finding: Finding) -> ActiveFinding:
    return ActiveFinding(
        kind=finding.kind, place=finding.place, severity=finding.severity, score=finding.score, confidence=finding.confidence,
        evidence_from_utc_ms=finding.evidence_from_utc_ms, observed=finding.observed, unit=finding.unit,
        alternatives=finding.alternatives, meters=finding.meters,
    )


def _said(finding: ActiveFinding) -> list[tuple[str, float]]:
    name = f"{finding.kind}.{finding.place.phases}" if finding.place.phases else finding.kind
    said = [(f"{name}.score", finding.score)]
    if finding.observed is not None:
        said.append((f"{name}.observed_{finding.unit.lower()}".rstrip("_"), finding.observed))
    return said
