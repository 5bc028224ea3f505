"""All incidents that are on, and what a tick makes of them: new ones, better placed ones, returning ones, ended ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame, Finding, Place, Stage
from edge_agent.model.site import PRIORITY_TAGS
from edge_agent.outage.announced import is_covered
from edge_agent.outage.cases import Case
from edge_agent.outage.delivery import Delivery
from edge_agent.outage.hypothesis import AREA
from edge_agent.outage.incident import COMM, Incident, finding_of, place_of
from edge_agent.outage.lessons import Lessons
from edge_agent.outage.mains import PhaseMains
from edge_agent.outage.misplaced import Misplaced
from edge_agent.outage.restore import Restoration, Return
from edge_agent.outage.revision import Revision
from edge_agent.outage.ripeness import Ripeness
from edge_agent.outage.settings import OutageSettings
from edge_agent.outage.signs import Signs
from edge_agent.outage.telling import Telling
from edge_agent.outage.told_before import ToldBefore, overlaps
from edge_agent.outage.worth import Worth

_MOMENTARY_MEMBERS = 3        # so many at once that returned before anybody was sure were out, and not only unheard


class Incidents:
    """``gasping``: shape (n,), who could send a last gasp."""

    def __init__(self, archive: Archive, settings: OutageSettings, *, gasping: npt.NDArray[np.bool_], delivery: Delivery) -> None:
        self._archive, self._settings = archive, settings
        self._ripeness, self._worth, self._lessons = Ripeness(settings, gasping), Worth(settings), Lessons(delivery, gasping)
        priority = frozenset(meter.index for meter in archive.meters if set(meter.tags) & set(PRIORITY_TAGS))
        self._restoration = Restoration(archive, settings, priority)
        self._misplaced = Misplaced(archive, settings)
        self._nodes = [meter.node for meter in archive.meters]
        self._ids = [meter.id for meter in archive.meters]
        self._all: list[Incident] = []
        self._before = ToldBefore()
        self._serial = 0
        self._telling = Telling(archive, sure_from=settings.confirm_from)
        self._revision = Revision(archive, self._ripeness)

    def __bool__(self) -> bool:
        return bool(self._all)

    def neighbour_out(self, at_ms: int) -> None:
        """Another area of the same 10 kV line has lost its supply."""
        self._revision.neighbour_ms = at_ms

    def explained(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): meters that are out as part of an incident that is told."""
        return self._mask(incident.out for incident in self._all if not incident.is_over)

    @property
    def is_area_told(self) -> bool:
        """Whether an outage of the area is on, or its meters may still be starting up."""
        return any(one.kind != COMM and one.best.meter < 0 and one.best.node == AREA for one in self._all)

    def spared(self, now_ms: int) -> npt.NDArray[np.bool_]:
        """Shape (n,): the last few of an outage that has ended, who may still be starting up."""
        return self._mask(one.out for one in self._all if one.is_over and self._worth.may_rejoin(one, now_ms))

    def masked(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): meters that a settled outage explains."""
        return self._mask(one.out for one in self._all if one.is_settled and not one.is_over and one.kind != COMM)

    def firm(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): meters that are out in an outage that is more than suspected."""
        return self._mask(one.out for one in self._all if not one.is_over and one.kind != COMM and one.state != "suspected")

    def phases_told(self) -> str:
        """Letters of the phases whose loss at the transformer is told and settled: they explain what the mains show, once."""
        told = [one for one in self._all if one.is_settled and not one.is_over and one.kind != COMM]
        return "".join(sorted({phase for one in told if one.best.meter < 0 and one.best.node == AREA for phase in one.best.phases}))

    def place_id_of(self, index: int) -> str:
        """Of the incident that a meter is part of."""
        return next(place_of(self._archive, one.best).id for one in self._all if index in one.out and not one.is_over)

    def covers(self, index: int, from_ms: int, until_ms: int) -> bool:
        """Whether an outage with this meter was told that overlaps that time."""
        return self._before.covers(index, from_ms, until_ms) or any(
            index in one.members and one.kind != COMM
            and overlaps(one.began_ms - one.uncertainty_ms, one.restored_ms or until_ms, from_ms, until_ms) for one in self._all
        )

    def discarded(self, index: int, from_ms: int, until_ms: int) -> str:
        """Id of a suspicion about this meter at that time that was taken back; "" = there was none."""
        return self._before.discarded(index, from_ms, until_ms)

    def waiting(self, frame: AreaFrame) -> list[int]:
        """Members that may be back: some of their incident answer already."""
        waited = [
            one for one in self._all
            if one.answering_ms is not None and (not one.is_over or self._worth.may_rejoin(one, frame.now_utc_ms))
        ]
        return [index for one in waited for index in sorted(one.out) if frame.reachable[index]]

    def conditions(self) -> set[tuple[str, Place]]:
        found = set()
        for one in self._all:
            if not one.is_over:
                found.add((one.kind, place_of(self._archive, one.best) if one.kind == COMM else Place(kind="incident", id=one.id)))
        return found

    def set_back(self, by_ms: int, now_ms: int) -> None:
        """The clock was set back by so much: all times move with it, and nothing has begun later than now."""
        for one in self._all:
            one.began_ms, one.first_ms = min(one.began_ms - by_ms, now_ms), min(one.first_ms - by_ms, now_ms)
            one.settle_ms = min(one.settle_ms - by_ms, now_ms)
            one.answering_ms = None if one.answering_ms is None else min(one.answering_ms - by_ms, now_ms)
            one.restored_ms = None if one.restored_ms is None else min(one.restored_ms - by_ms, now_ms)

    def set_forward(self, by_ms: int) -> None:
        """So much was not lived through, as the clock was set or the agent was down: nobody was asked in that time."""
        for one in self._all:
            one.settle_ms += by_ms

    def follow_returns(self, frame: AreaFrame, signs: Signs, mains: PhaseMains) -> list[Finding]:
        """Who is back, and what has ended by it."""
        findings = []
        for one in list(self._all):
            if one.is_over:
                one.out = {index for index in one.out if frame.answered_utc_ms[index] <= (one.restored_ms or 0)}
                if one.state != "closed" and frame.now_utc_ms - (one.restored_ms or 0) >= round(1000 * self._settings.stable_s):
                    one.state = "closed"
                    findings += self._telling.end(one, frame, "closed")
                if one.state == "closed" and not self._worth.may_rejoin(one, frame.now_utc_ms):
                    self._forget(one)
                continue
            was_mute = one.answering_ms is None
            came = self._restoration.look(one, frame, signs, mains)
            if one.kind == COMM and was_mute and one.answering_ms is not None:
                signs.way_is_mended(one.out, frame.now_utc_ms)
            if came is Return.PARTIAL and one.kind != COMM and one.state in ("confirmed", "localised") and not one.is_settled:
                # once modules say that supply is back, who is silent is only not back yet
                back_ms = signs.back_ms[sorted(one.members - one.out)]
                one.is_settled = bool((back_ms > one.began_ms).any())
            if came in (Return.RESTORED, Return.LEFT_BEHIND):
                findings += self._restored(one, frame)
            elif came is Return.PARTIAL and one.state != "partial" and one.is_settled:
                one.state = "partial"
                findings += self._telling.tell(one, frame, Stage.CHANGE)
            elif came is Return.PARTIAL and one.is_settled:
                findings += self._telling.tell(one, frame, Stage.CHANGE)
            elif came is Return.NOTHING and one.state == "partial":
                one.state = "localised"
                findings += self._telling.tell(one, frame, Stage.CHANGE)
        return findings

    def join(
        self, frame: AreaFrame, signs: Signs, failed: npt.NDArray[np.int32], others: npt.NDArray[np.bool_]
    ) -> list[Finding]:
        """A meter below a settled outage that is found silent only now, as behind a bus that has come back, is part of it.

        So is one that the archive has elsewhere and that fell silent with it; it is told as disagreeing with the archive.

        ``others``: shape (n,), meters whose silence has a cause of its own.
        """
        findings: list[Finding] = []
        settled = [one for one in self._all if one.is_settled and not one.is_over and one.kind != COMM and one.best.meter < 0]
        if not settled:
            return findings
        loose = ((failed > 0) | signs.gasped) & frame.reachable & ~self.explained() & ~others
        for one in settled:
            joined = {
                index for index in np.flatnonzero(loose).tolist()
                if is_covered(self._nodes[index], one.best.node) and frame.answered_utc_ms[index] <= one.began_ms
                and (failed[index] >= self._settings.confirm_polls or signs.gasped[index])
                and (not one.best.phases or self._archive.meters[index].grid_phases in ("", *one.best.phases))
                and self._archive.meters[index].role.value == "customer"
            }
            if joined:
                loose[list(joined)] = False
                findings += self._take_in(one, joined, frame)
        for one, strays in self._misplaced.find(settled, loose, self.explained(), frame, signs, failed):
            one.disagreeing += tuple(self._ids[index] for index in sorted(strays))
            findings += self._take_in(one, strays, frame)
        return findings

    def reconcile(
        self, cases: Sequence[Case], dead: npt.NDArray[np.float64], frame: AreaFrame, signs: Signs, mains: PhaseMains
    ) -> list[Finding]:
        """Make incidents of the cases of a judgement: each revises the one that shares most meters with it, or is new.

        ``dead``: shape (n,), of the same judgement.
        """
        findings: list[Finding] = []
        matched: set[str] = set()
        for case in cases:
            if not self._worth.is_worth_telling(case, self._all, frame, signs):
                continue
            same = [
                one for one in self._all
                if one.id not in matched and one.members & case.members and (one.kind == COMM) == (case.kind == COMM)
                and not one.is_settled and not one.is_over
            ]
            same += [
                one for one in self._all
                if one.state == "restored" and one.kind == case.kind and one.id not in matched and one.best == case.located.best
                and one.members & case.members
            ]
            if same:
                one = max(same, key=lambda other: (len(other.members & case.members), -other.first_ms))
                stage = Stage.BEGIN if one.is_over else Stage.CHANGE
            else:
                one, stage = self._new(case, frame, signs), Stage.BEGIN
            matched.add(one.id)
            for other in same:
                if other is not one and not other.is_over and other.members <= case.members:
                    one.first_ms, one.began_ms = min(one.first_ms, other.first_ms), min(one.began_ms, other.began_ms)
                    findings += self._drop(other, frame, superseded_by=place_of(self._archive, case.located.best).id)
            if case.kind != COMM:
                for other in [other for other in self._all if other.kind == COMM and other.members <= case.members]:
                    findings += self._drop(other, frame, superseded_by=place_of(self._archive, case.located.best).id)
            others = frozenset[int]().union(*(other.members for other in cases if other is not case and other.kind != COMM))
            self._revision.revise(one, case, others, frame, signs, mains)
            self._ripen(one, frame, signs, mains)
            findings += self._telling.tell(one, frame, stage)
        findings += self._unmatched(matched, dead, frame)
        return findings + self.ripen(frame, signs, mains)

    def ripen(self, frame: AreaFrame, signs: Signs, mains: PhaseMains) -> list[Finding]:
        """What time alone makes of incidents that are not settled."""
        findings = []
        for one in self._all:
            if not one.is_over and not one.is_settled and one.told:
                self._ripen(one, frame, signs, mains)
                findings += self._telling.tell(one, frame, Stage.CHANGE)
        return findings

    def save(self) -> list[Any]:
        return [self._serial, self._revision.neighbour_ms, [one.save() for one in self._all], self._before.save()]

    def load(self, saved: list[Any]) -> None:
        """Raises ValueError, TypeError or KeyError for what ``save`` did not give for these meters; nothing is changed then."""
        serial, neighbour_ms, incidents, before = saved
        found = [Incident.loaded(one, len(self._ids)) for one in incidents]
        nodes = {AREA, *self._archive.nodes}
        if any(one.best.node not in nodes for one in found):
            raise ValueError("of other nodes")
        past = ToldBefore.loaded(before, len(self._ids))
        self._serial, self._revision.neighbour_ms = int(serial), None if neighbour_ms is None else int(neighbour_ms)
        self._all, self._before = found, past

    def _ripen(self, one: Incident, frame: AreaFrame, signs: Signs, mains: PhaseMains) -> None:
        if one.kind == COMM:
            return
        self._ripeness.look(one, frame, signs, mains)
        if one.is_settled:
            self._lessons.settled(one, signs, mains)

    def _new(self, case: Case, frame: AreaFrame, signs: Signs) -> Incident:
        self._serial += 1
        began_ms, uncertainty_ms = self._ripeness.begin_of(case.members, frame, signs)
        parent = next((one for one in self._all if one.is_over and case.kind == one.kind and self._never_returned(case, one, frame)), None)
        if parent is not None:
            began_ms, uncertainty_ms = parent.began_ms, parent.uncertainty_ms
        one = Incident(
            id=f"{began_ms:x}-{self._serial}", kind=case.kind, best=case.located.best, members=set(case.members), out=set(case.members),
            began_ms=began_ms, uncertainty_ms=uncertainty_ms, first_ms=began_ms - uncertainty_ms, settle_ms=frame.now_utc_ms,
            parent="" if parent is None else parent.id,
        )
        self._all.append(one)
        return one

    @staticmethod
    def _never_returned(case: Case, one: Incident, frame: AreaFrame) -> bool:
        """Whether it is what an outage that has ended left behind; with the mains all count as back before anybody was asked."""
        return case.members <= one.members and all(
            index in one.out or frame.answered_utc_ms[index] <= one.began_ms for index in case.members
        )

    def _take_in(self, one: Incident, meters: set[int], frame: AreaFrame) -> list[Finding]:
        one.members |= meters
        one.out |= meters
        return self._telling.tell(one, frame, Stage.CHANGE)

    def _unmatched(self, matched: set[str], dead: npt.NDArray[np.float64], frame: AreaFrame) -> list[Finding]:
        """Incidents that are not settled and that the judgement no longer knows."""
        findings: list[Finding] = []
        for one in list(self._all):
            if one.id in matched or one.is_over or one.is_settled or one.kind == COMM or one.answering_ms is not None:
                continue                # of those that answer again it is judged whether they were gone
            if not frame.reachable[list(one.out)].all():
                continue                # behind a bus that is down nothing is known
            likely = float(dead[sorted(one.out)].max()) if one.out else 0.0
            if one.state == "suspected" and likely < self._settings.discard_below:
                findings += self._drop(one, frame, reason="its meters answer, or are only not heard")
        return findings

    def _restored(self, one: Incident, frame: AreaFrame) -> list[Finding]:
        is_sure = one.is_real >= self._settings.confirm_from or bool(one.parent)
        only_polls = not one.gasped and len(one.members) < _MOMENTARY_MEMBERS and not is_sure
        if one.state == "suspected" and one.kind != COMM and only_polls:
            return self._drop(one, frame, reason="it answers again, and nobody said that its supply was gone")
        one.restored_ms = frame.now_utc_ms
        if one.kind == COMM:
            one.state = "closed"
            return [finding_of(self._archive, one, Stage.END, frame.now_utc_ms, at_ms=frame.now_utc_ms)]
        if one.state != "suspected":
            self._lessons.returned(one)
        one.state = "restored"
        return self._telling.end(one, frame, "restored")

    def _forget(self, one: Incident) -> None:
        self._all.remove(one)
        if one.kind != COMM:
            self._before.note(one, one.restored_ms or one.began_ms, is_discarded=False)

    def _drop(self, one: Incident, frame: AreaFrame, *, reason: str = "", superseded_by: str = "") -> list[Finding]:
        self._all.remove(one)
        if not one.told:
            return []
        if not superseded_by and one.kind != COMM:
            self._before.note(one, frame.now_utc_ms, is_discarded=True)
        return [finding_of(
            self._archive, one, Stage.END, frame.now_utc_ms, at_ms=frame.now_utc_ms, state="closed" if superseded_by else "discarded",
            reason=reason, superseded_by=superseded_by,
        )]

    def _mask(self, groups: Iterable[set[int]]) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(self._ids), np.bool_)
        for group in groups:
            found[list(group)] = True
        return found
