"""Meters that have fallen silent, alone or together.

A meter that does not answer may be dark, broken or cut off: alone it is "silent", no more. When all meters below a node fall silent
together while others answer, the node has probably lost supply; polls cannot prove it, so the confidence stays below proof. The
concentrator's own mains decide the rest: dead mains prove that the area has lost supply, live mains turn "all silent" into a fault of
communication.

"Together": no meter of the node gave its last answer later than ``together_s`` after the first unanswered poll of another. A meter that was
silent while its neighbours still answered has a fault of its own: it stays single, and neither hides nor joins the outage of its node.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cython_ext.silence import mark_silent
from edge_agent.detect.base import Condition, DetectorType
from edge_agent.detect.mains import Mains, MainsState
from edge_agent.detect.silent_nodes import AREA, NodeTree, TickView
from edge_agent.detect.silent_state import Group, SilentState
from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage

_VERSION = 3
_SUPPLY, _COMM, _SILENT = "supply.lost", "comm.lost", "meter.silent"
_PROVEN, _TOGETHER, _UNSURE = 0.98, 0.8, 0.6  # mains are proof; a whole node hints at supply; all or one may as well be communication


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceSettings:
    """Times in seconds of the agent's clock."""

    silent_polls: int = 3
    silent_s: float = 30.0  # since the first unanswered poll
    min_group: int = 3  # outage.md 1.4: two silent meters of a box are not enough
    known_share: float = 0.5  # more than this share of a node must have fallen silent: of meters behind a dead bus nothing is known
    together_s: float = 60.0  # how far one meter's last answer may lie behind another's first failure
    hold_s: float = 60.0  # a silent meter or node waits this long while the rest of a larger node may be silent too
    restored_share: float = 0.95  # outage.md 1.6
    rejoin_s: float = 600.0  # outage.md 1.6 t_rejoin: after some answer, the rest has this long before it is told on its own
    out_ratio: float = 0.60  # concentrator's mains, DL/T 698.45 object 3106 defaults (outage.md 1.2)
    in_ratio: float = 0.80
    nominal_voltage_v: float = 220.0
    supply_out_s: float = 1.0

    def __post_init__(self) -> None:
        if self.silent_polls < 1 or self.min_group < 2 or not 0 < self.restored_share <= 1 or not 0 < self.out_ratio < self.in_ratio:
            raise ValueError("silent_polls >= 1, min_group >= 2, 0 < restored_share <= 1 and out_ratio < in_ratio must hold")
        if not 0 <= self.known_share < 1 or self.nominal_voltage_v <= 0:
            raise ValueError("0 <= known_share < 1 must hold and nominal_voltage_v must be above 0")
        if min(self.silent_s, self.together_s, self.hold_s, self.rejoin_s, self.supply_out_s) < 0:
            raise ValueError("silent_s, together_s, hold_s, rejoin_s and supply_out_s must not be negative")


class SilenceDetector:
    """Findings ``meter.silent``, ``supply.lost`` and ``comm.lost``."""

    def __init__(self, archive: Archive, settings: SilenceSettings) -> None:
        self._archive, self._settings = archive, settings
        self._silent = np.zeros(len(archive.meters), dtype=np.int8)
        self._tree = NodeTree(archive, min_members=settings.min_group)
        self._mains = MainsState(
            out_v=settings.out_ratio * settings.nominal_voltage_v,
            in_v=settings.in_ratio * settings.nominal_voltage_v,
            out_delay_ms=round(1000 * settings.supply_out_s),
        )
        self._silent_ms, self._together_ms, self._hold_ms, self._rejoin_ms = (
            round(1000 * seconds) for seconds in (settings.silent_s, settings.together_s, settings.hold_s, settings.rejoin_s)
        )
        self._state = SilentState()

    def update(self, frame: AreaFrame) -> list[Finding]:
        state = self._state
        self._mains.judge(frame.supply_v.tolist(), frame.now_utc_ms)
        count = mark_silent(
            frame.polls_failed, frame.first_failed_utc_ms, frame.reachable, self._silent,
            frame.now_utc_ms, self._settings.silent_polls, self._silent_ms,
        )
        if not count and not state and self._mains.now is not Mains.OUT:
            return []
        state.forget_the_future(frame.now_utc_ms)
        findings = [*self._end_groups(frame), *self._end_singles(frame)]
        state.hold(np.flatnonzero(self._silent).tolist(), frame.now_utc_ms)
        findings += self._judge_area(frame)
        if state.held:
            view = TickView(frame, self._silent, self._tree, state.begins_ms())
            findings += self._join_groups(frame)
            findings += self._begin_groups(frame, view)
            findings += self._begin_singles(frame, view)
        return findings

    def conditions(self) -> set[Condition]:
        groups = {(group.kind, self._node_place(node)) for node, group in self._state.groups.items()}
        return groups | {(_SILENT, self._meter_place(index)) for index in self._state.singles}

    def save(self) -> bytes:
        return json.dumps([_VERSION, [meter.id for meter in self._archive.meters], self._state.save(), self._mains.save()]).encode()

    def load(self, data: bytes) -> None:
        try:
            version, ids, saved, mains = json.loads(data)
            if version != _VERSION or ids != [meter.id for meter in self._archive.meters]:
                raise ValueError("of another version or of other meters")
            state = SilentState.loaded(saved, n_meters=len(ids), nodes=self._tree.members)
            self._mains.load(mains)
        except (ValueError, TypeError, AttributeError) as exc:
            raise ValueError(f"saved state cannot be used: {exc}") from exc
        self._state = state

    def _judge_area(self, frame: AreaFrame) -> list[Finding]:
        """What the concentrator's mains say about the area, whatever the polls have found so far."""
        group, mains = self._state.groups.get(AREA), self._mains
        if mains.now is Mains.OUT and (group is None or group.kind != _SUPPLY):
            members = [index for index in range(len(self._archive.meters)) if not self._was_silent_before(index, mains.since_ms)]
            return self._open(frame, AREA, Group(_SUPPLY, members, mains.since_ms, _PROVEN)) if members else []
        if group is None or group.kind != _SUPPLY:
            return []
        if mains.now is Mains.OUT and group.confidence < _PROVEN:
            group.confidence = _PROVEN
            return [self._group_finding(frame, AREA, group, Stage.CHANGE)]
        has_returned = mains.now is Mains.IN and frame.now_utc_ms - mains.since_ms >= self._rejoin_ms
        if has_returned and group.answering_since_ms is None and self._silent[group.members].any():
            return self._open(frame, AREA, Group(_COMM, group.members, mains.since_ms, _TOGETHER))
        return []

    def _was_silent_before(self, index: int, at_ms: int) -> bool:
        begun_ms = self._state.singles.get(index)
        return begun_ms is not None and begun_ms < at_ms - self._together_ms

    def _join_groups(self, frame: AreaFrame) -> list[Finding]:
        """A meter that is found silent later below a node that is out, as behind a bus that has come back, is part of that."""
        state, grown = self._state, []
        for index in list(state.held):
            node = next((node for node in self._tree.above[index] if node in state.groups), None)
            if node is not None:
                state.groups[node].members.append(index)
                del state.held[index]
                if node not in grown:
                    grown.append(node)
        return [self._group_finding(frame, node, state.groups[node], Stage.CHANGE) for node in grown]

    def _begin_groups(self, frame: AreaFrame, view: TickView) -> list[Finding]:
        """Tell the highest nodes whose meters have fallen silent together. Only nodes with news are looked at: it costs nothing at rest."""
        state, findings = self._state, []
        for node in self._tree.parents_first({node for index in state.held for node in self._tree.above[index]}):
            if any(other == AREA or node == other or node.startswith(other + "/") for other in state.groups):
                continue
            fresh = view.fallen_together(node, self._together_ms)
            enough = max(self._settings.min_group - 1, self._settings.known_share * len(self._tree.members[node]))
            if len(fresh) <= enough or self._may_grow(frame, view, node, fresh):
                continue
            begun_ms = min(int(view.first_ms[fresh].min()), frame.now_utc_ms)
            kind, confidence = _SUPPLY, _UNSURE if node == AREA else _TOGETHER
            if node == AREA and self._mains.now is Mains.IN and begun_ms > self._mains.since_ms:  # else they may still be starting up
                kind, confidence = _COMM, _TOGETHER
            findings += self._open(frame, node, Group(kind, fresh.tolist(), begun_ms, confidence))
        return findings

    def _may_grow(self, frame: AreaFrame, view: TickView, node: str, fresh: npt.NDArray[np.intp]) -> bool:
        """Whether a larger node may prove to be silent as a whole, and there is still time to find out."""
        noticed_ms = min((self._state.held[index] for index in fresh.tolist() if index in self._state.held), default=0)
        if frame.now_utc_ms - noticed_ms > self._hold_ms:
            return False
        first_ms = int(view.first_ms[fresh].min())
        return any(view.may_be_whole(other, first_ms) for other in self._tree.larger[node])

    def _begin_singles(self, frame: AreaFrame, view: TickView) -> list[Finding]:
        state, findings = self._state, []
        for index, noticed_ms in list(state.held.items()):
            if index in state.spared and frame.now_utc_ms - state.spared[index] <= self._hold_ms:
                continue
            first_ms = int(view.first_ms[index])
            is_early = frame.now_utc_ms - noticed_ms <= self._hold_ms
            if is_early and any(view.may_be_whole(node, first_ms) for node in self._tree.above[index]):
                continue
            del state.held[index]
            begun_ms = state.singles[index] = min(first_ms, frame.now_utc_ms)
            findings.append(self._single_finding(frame, index, begun_ms, Stage.BEGIN))
        return findings

    def _open(self, frame: AreaFrame, node: str, group: Group) -> list[Finding]:
        """Open a group; what was open at or below it goes on as part of it. A fault of communication takes up no outage below it."""
        state, place = self._state, node or self._archive.area
        findings, members = [], set(group.members)
        for other in list(state.groups):
            if other == node or (group.kind == _SUPPLY and (node == AREA or other.startswith(node + "/"))):
                inner = state.groups.pop(other)
                members.update(inner.members)
                findings.append(self._group_finding(frame, other, inner, Stage.END, superseded_by=place))
            else:
                members.difference_update(state.groups[other].members)
        group.members = sorted(members)
        for index in group.members:
            state.held.pop(index, None)
            if index in state.singles:
                findings.append(self._single_finding(frame, index, state.singles.pop(index), Stage.END, superseded_by=place))
        state.groups[node] = group
        return [*findings, self._group_finding(frame, node, group, Stage.BEGIN)]

    def _end_groups(self, frame: AreaFrame) -> list[Finding]:
        findings = []
        for node, group in list(self._state.groups.items()):
            is_area_supply = node == AREA and group.kind == _SUPPLY
            if is_area_supply and self._mains.now is Mains.OUT:
                continue
            answering = int(self._answering(frame, group).sum())
            if not answering:
                group.answering_since_ms = None
            elif group.answering_since_ms is None:
                group.answering_since_ms = frame.now_utc_ms
            # the mains are back before anybody missed a poll
            is_back = is_area_supply and self._mains.now is Mains.IN and not frame.polls_failed[group.members].any()
            is_partial = group.answering_since_ms is not None and frame.now_utc_ms - group.answering_since_ms >= self._rejoin_ms
            if is_back or is_partial or answering >= self._settings.restored_share * len(group.members):
                del self._state.groups[node]
                # the last few may be asked a moment later: they are told on their own only if that does not help
                self._state.spared.update({index: frame.now_utc_ms for index in group.members if self._silent[index]})
                findings.append(self._group_finding(frame, node, group, Stage.END))
        return findings

    def _end_singles(self, frame: AreaFrame) -> list[Finding]:
        findings = []
        for index, begun_ms in list(self._state.singles.items()):
            if frame.polls_failed[index] == 0 and frame.answered_utc_ms[index] > begun_ms:
                del self._state.singles[index]
                findings.append(self._single_finding(frame, index, begun_ms, Stage.END))
        return findings

    def _answering(self, frame: AreaFrame, group: Group) -> npt.NDArray[np.bool_]:
        """Which members have answered since it began. No failed poll is not enough: perhaps nobody has asked since the agent started."""
        has_answered: npt.NDArray[np.bool_] = frame.answered_utc_ms[group.members] > group.begun_ms
        answering: npt.NDArray[np.bool_] = has_answered & (frame.polls_failed[group.members] == 0)
        return answering

    def _node_place(self, node: str) -> Place:
        return Place(kind="area", id=self._archive.area) if node == AREA else Place(kind="node", id=node)

    def _meter_place(self, index: int) -> Place:
        return Place(kind="meter", id=self._archive.meters[index].id)

    def _group_finding(self, frame: AreaFrame, node: str, group: Group, stage: Stage, superseded_by: str = "") -> Finding:
        if group.confidence >= _PROVEN:
            alternatives: tuple[str, ...] = ("upstream outage",)
        elif group.kind == _COMM:
            alternatives = ("gateway or bus failure", "supply lost behind the concentrator")
        else:
            alternatives = ("communication failure",)
        evidence = [
            ("polls_failed", float(frame.polls_failed[group.members].sum())),
            ("meters_silent", float(self._silent[group.members].sum())),
            ("meters_answering", float(self._answering(frame, group).sum())),
        ]
        evidence += [(f"supply_{phase}_v", volts) for phase, volts in zip("abc", frame.supply_v.tolist(), strict=True) if volts == volts]
        return Finding(
            kind=group.kind, stage=stage,
            place=self._node_place(node),
            at_utc_ms=group.begun_ms if stage is Stage.BEGIN else frame.now_utc_ms,
            evidence_from_utc_ms=group.begun_ms, evidence_to_utc_ms=frame.now_utc_ms,
            score=len(group.members), confidence=group.confidence, severity="alarm",
            meters=tuple(self._archive.meters[index].id for index in group.members),
            evidence=tuple(evidence), alternatives=alternatives, superseded_by=superseded_by,
        )

    def _single_finding(self, frame: AreaFrame, index: int, begun_ms: int, stage: Stage, superseded_by: str = "") -> Finding:
        meter, failed = self._archive.meters[index], float(frame.polls_failed[index])
        return Finding(
            kind=_SILENT, stage=stage, place=self._meter_place(index),
            at_utc_ms=begun_ms if stage is Stage.BEGIN else frame.now_utc_ms,
            evidence_from_utc_ms=begun_ms, evidence_to_utc_ms=frame.now_utc_ms,
            score=failed, confidence=_UNSURE, severity="warning", meters=(meter.id,), evidence=(("polls_failed", failed),),
            alternatives=("supply lost at this meter", "meter failure", "wiring"), superseded_by=superseded_by,
        )


DETECTOR = DetectorType(name="silence", settings=SilenceSettings, build=SilenceDetector)
