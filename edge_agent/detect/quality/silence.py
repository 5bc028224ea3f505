"""Meters that have fallen silent, alone or together.

A meter that does not answer may be dark, broken or cut off: alone it is "silent", no more. When all meters below a node fall silent
together while others answer, the node has probably lost supply; polls cannot prove it, so the confidence stays below proof. The
concentrator's own mains decide the rest: dead mains prove that the area has lost supply, live mains turn "all silent" into a fault of
communication.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from cython_ext.silence import mark_silent
from edge_agent.detect.base import DetectorType
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage

AREA = ""  # the node path of the whole area
_VERSION = 1
_SUPPLY, _COMM, _SILENT = "supply.lost", "comm.lost", "meter.silent"
_PROVEN, _TOGETHER, _ALONE = 0.98, 0.8, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceSettings:
    """Times in seconds of the agent's clock."""

    silent_polls: int = 3
    silent_s: float = 30.0  # since the first unanswered poll
    min_group: int = 3  # outage.md 1.4: two silent meters of a box are not enough
    together_s: float = 60.0  # first failures of a group lie within this
    hold_s: float = 60.0  # a silent meter or group waits this long while the rest of a larger one may be silent too
    restored_share: float = 0.95  # outage.md 1.6
    out_ratio: float = 0.60  # concentrator's mains, DL/T 698.45 object 3106 defaults (outage.md 1.2)
    in_ratio: float = 0.80
    nominal_voltage_v: float = 220.0
    supply_out_s: float = 1.0

    def __post_init__(self) -> None:
        if self.silent_polls < 1 or self.min_group < 2 or not 0 < self.restored_share <= 1 or not 0 < self.out_ratio < self.in_ratio:
            raise ValueError("silent_polls >= 1, min_group >= 2, 0 < restored_share <= 1 and out_ratio < in_ratio must hold")
        if min(self.silent_s, self.together_s, self.hold_s, self.supply_out_s) < 0:
            raise ValueError("silent_s, together_s, hold_s and supply_out_s must not be negative")


@dataclass(slots=True)
class _Group:
    """What is on at a node. ``members`` were silent when it began."""

    kind: str
    members: list[int]
    begun_ms: int


@dataclass(slots=True)
class _State:
    groups: dict[str, _Group] = field(default_factory=dict)  # node path -> group
    singles: dict[int, int] = field(default_factory=dict)  # meter -> when its silence began
    supply_out_since_ms: int | None = None
    supply: str = "unknown"  # "in", "out", "unknown"


class SilenceDetector:
    """Findings ``meter.silent``, ``supply.lost`` and ``comm.lost``."""

    def __init__(self, archive: Archive, settings: SilenceSettings) -> None:
        self._archive, self._settings = archive, settings
        self._silent = np.zeros(len(archive.meters), dtype=np.int8)
        # parents before children: the highest node that fits is the one that is told
        self._nodes = [(node, np.array(archive.members(node), dtype=np.intp)) for node in (AREA, *archive.nodes)]
        self._nodes = [(node, members) for node, members in self._nodes if len(members) >= settings.min_group]
        self._members = dict(self._nodes)
        self._above = {index: [node for node, members in self._nodes if index in members] for index in range(len(archive.meters))}
        self._state = _State()

    def update(self, frame: AreaFrame) -> list[Finding]:
        settings, state = self._settings, self._state
        self._judge_supply(frame)
        count = mark_silent(
            frame.polls_failed,
            frame.first_failed_utc_ms,
            frame.reachable,
            self._silent,
            frame.now_utc_ms,
            settings.silent_polls,
            round(1000 * settings.silent_s),
        )
        if not count and not state.groups and not state.singles and state.supply != "out":
            return []
        findings = self._end_groups(frame)
        if count or state.supply == "out":
            findings += self._begin_groups(frame)
        return [*findings, *self._singles(frame)]

    def save(self) -> bytes:
        state = self._state
        return json.dumps(
            [
                _VERSION,
                [meter.id for meter in self._archive.meters],
                {node: [group.kind, group.members, group.begun_ms] for node, group in state.groups.items()},
                list(state.singles.items()),
                state.supply_out_since_ms,
                state.supply,
            ]
        ).encode()

    def load(self, data: bytes) -> None:
        try:
            version, meters, groups, singles, out_since_ms, supply = json.loads(data)
            loaded = _State(
                {node: _Group(kind, list(members), int(begun_ms)) for node, (kind, members, begun_ms) in groups.items()},
                {int(index): int(begun_ms) for index, begun_ms in singles},
                out_since_ms,
                supply,
            )
        except (ValueError, TypeError, AttributeError) as exc:
            raise ValueError(f"saved state is damaged: {exc}") from exc
        if version != _VERSION or meters != [meter.id for meter in self._archive.meters]:
            raise ValueError("saved state is of another version or of other meters")
        self._state = loaded

    def _judge_supply(self, frame: AreaFrame) -> None:
        """The state of the concentrator's mains, with hysteresis; unmeasured phases do not count, nothing measured is unknown."""
        state, settings = self._state, self._settings
        measured_v = frame.supply_v[~np.isnan(frame.supply_v)]
        if not measured_v.size:
            state.supply, state.supply_out_since_ms = "unknown", None
        elif (measured_v >= settings.in_ratio * settings.nominal_voltage_v).any():
            state.supply, state.supply_out_since_ms = "in", None
        elif (measured_v < settings.out_ratio * settings.nominal_voltage_v).all():
            if state.supply_out_since_ms is None:
                state.supply_out_since_ms = frame.now_utc_ms
            if frame.now_utc_ms - state.supply_out_since_ms >= 1000 * settings.supply_out_s:
                state.supply = "out"

    def _begin_groups(self, frame: AreaFrame) -> list[Finding]:
        state = self._state
        if state.supply == "out" and AREA not in state.groups:
            return self._open(frame, AREA, list(range(len(self._archive.meters))), _SUPPLY, state.supply_out_since_ms or frame.now_utc_ms)
        findings = []
        for node, members in self._nodes:
            if any(node == open_node or open_node == AREA or node.startswith(open_node + "/") for open_node in state.groups):
                continue
            asked = members[frame.reachable[members]]
            if len(asked) < self._settings.min_group or not self._silent[asked].all():
                continue
            first_ms = frame.first_failed_utc_ms[asked]
            if first_ms.max() - first_ms.min() > 1000 * self._settings.together_s or self._may_grow(frame, node, int(first_ms.min())):
                continue
            kind = _COMM if node == AREA and state.supply == "in" else _SUPPLY
            findings += self._open(frame, node, [int(index) for index in asked], kind, int(first_ms.min()))
        return findings

    def _open(self, frame: AreaFrame, node: str, members: list[int], kind: str, begun_ms: int) -> list[Finding]:
        """Open a group; what was open below it is part of it now."""
        state = self._state
        below = [other for other in state.groups if node == AREA or other.startswith(node + "/")]
        place = node or self._archive.area
        findings = [replace(self._group_finding(frame, other, state.groups.pop(other), Stage.END), superseded_by=place) for other in below]
        findings += [
            replace(self._single_finding(frame, index, state.singles.pop(index), Stage.END), superseded_by=place)
            for index in members
            if index in state.singles
        ]
        group = state.groups[node] = _Group(kind, members, begun_ms)
        return [*findings, self._group_finding(frame, node, group, Stage.BEGIN)]

    def _end_groups(self, frame: AreaFrame) -> list[Finding]:
        findings = []
        for node, group in list(self._state.groups.items()):
            failed = frame.polls_failed[group.members]
            by_supply = node == AREA and group.kind == _SUPPLY and self._state.supply in ("in", "out")
            if self._state.supply == "out" and node == AREA:
                continue
            if by_supply and self._state.supply == "in" and not self._silent[group.members].any():
                answered = len(group.members)  # the mains are back before anybody was missed
            else:
                answered = int((failed == 0).sum())
            if answered >= self._settings.restored_share * len(group.members):
                del self._state.groups[node]
                findings.append(self._group_finding(frame, node, group, Stage.END))
        return findings

    def _singles(self, frame: AreaFrame) -> list[Finding]:
        state, findings = self._state, []
        for index, begun_ms in list(state.singles.items()):
            if frame.polls_failed[index] == 0:
                del state.singles[index]
                findings.append(self._single_finding(frame, index, begun_ms, Stage.END))
        grouped = {index for group in state.groups.values() for index in group.members}
        for index in np.flatnonzero(self._silent).tolist():
            if index in grouped or index in state.singles or self._may_be_a_group(frame, index):
                continue
            begun_ms = state.singles[index] = int(frame.first_failed_utc_ms[index])
            findings.append(self._single_finding(frame, index, begun_ms, Stage.BEGIN))
        return findings

    def _may_be_a_group(self, frame: AreaFrame, index: int) -> bool:
        """Whether the rest of some node above a silent meter may be silent too, and there is still time to find out."""
        first_ms = int(frame.first_failed_utc_ms[index])
        return self._is_early(frame, first_ms) and any(
            self._may_be_whole(frame, self._members[node], first_ms) for node in self._above[index]
        )

    def _may_grow(self, frame: AreaFrame, node: str, first_ms: int) -> bool:
        """Whether a silent node may be part of a larger one that is silent, and there is still time to find out."""
        above = [other for other in self._members if other != node and (other == AREA or node.startswith(other + "/"))]
        return self._is_early(frame, first_ms) and any(
            len(self._members[other]) > len(self._members[node])
            and not self._silent[self._members[other]].all()
            and self._may_be_whole(frame, self._members[other], first_ms)
            for other in above
        )

    def _is_early(self, frame: AreaFrame, first_ms: int) -> bool:
        return frame.now_utc_ms - first_ms <= 1000 * (self._settings.silent_s + self._settings.hold_s)

    def _may_be_whole(self, frame: AreaFrame, members: npt.NDArray[np.intp], first_ms: int) -> bool:
        """Nobody of ``members`` who can be asked has answered since ``first_ms``."""
        asked = members[frame.reachable[members]]
        return bool((frame.answered_utc_ms[asked] <= first_ms).all())

    def _group_finding(self, frame: AreaFrame, node: str, group: _Group, stage: Stage) -> Finding:
        ids = tuple(self._archive.meters[index].id for index in group.members)
        failed = frame.polls_failed[group.members]
        if node == AREA and group.kind == _SUPPLY and self._state.supply == "out":
            confidence, alternatives = _PROVEN, ["upstream outage"]
        elif group.kind == _COMM:
            confidence, alternatives = _TOGETHER, ["gateway or bus failure", "supply lost behind the concentrator"]
        else:
            confidence, alternatives = (_TOGETHER if node != AREA else _ALONE), ["communication failure"]
        evidence = [
            ("polls_failed", float(failed.sum())),
            ("meters_silent", float((failed > 0).sum())),
            ("meters_answering", float((failed == 0).sum())),
        ]
        evidence += [(f"supply_{phase}_v", float(volts)) for phase, volts in zip("abc", frame.supply_v, strict=True) if not np.isnan(volts)]
        return Finding(
            kind=group.kind,
            stage=stage,
            place=Place(kind="area", id=self._archive.area) if node == AREA else Place(kind="node", id=node),
            at_utc_ms=group.begun_ms if stage is Stage.BEGIN else frame.now_utc_ms,
            evidence_from_utc_ms=group.begun_ms,
            evidence_to_utc_ms=frame.now_utc_ms,
            score=len(ids),
            confidence=confidence,
            severity="alarm",
            meters=ids,
            evidence=tuple(evidence),
            alternatives=tuple(alternatives),
        )

    def _single_finding(self, frame: AreaFrame, index: int, begun_ms: int, stage: Stage) -> Finding:
        meter = self._archive.meters[index]
        return Finding(
            kind=_SILENT,
            stage=stage,
            place=Place(kind="meter", id=meter.id),
            at_utc_ms=begun_ms if stage is Stage.BEGIN else frame.now_utc_ms,
            evidence_from_utc_ms=begun_ms,
            evidence_to_utc_ms=frame.now_utc_ms,
            score=float(frame.polls_failed[index]),
            confidence=_ALONE,
            severity="warning",
            meters=(meter.id,),
            evidence=(("polls_failed", float(frame.polls_failed[index])),),
            alternatives=("supply lost at this meter", "meter failure", "wiring"),
        )


DETECTOR = DetectorType(name="silence", settings=SilenceSettings, build=SilenceDetector)
