"""From scattered evidence to one incident for each root cause.

Evidence and frames in, findings and questions out; pure: no clock, no I/O. At each tick: what has returned, then what is still unexplained
is judged, and the judgement is told as incidents that are suspected, confirmed, localised, and in the end restored and closed.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, AreaFrame, Evidence, EvidenceKind, Finding, Place, Role, Ticket, WorkBook
from edge_agent.outage.announced import tickets_for
from edge_agent.outage.area_load import AreaLoad
from edge_agent.outage.ask import Questions
from edge_agent.outage.cases import cases_of
from edge_agent.outage.delivery import Delivery
from edge_agent.outage.filters import Filters, FilterSettings
from edge_agent.outage.hypothesis import Rival, nothing_of
from edge_agent.outage.incidents import Incidents
from edge_agent.outage.locate import Locator
from edge_agent.outage.mains import PhaseMains
from edge_agent.outage.marks import DISCONNECTED, SWAPPED, TRANSFERRED, UNPLUGGED, Marks
from edge_agent.outage.observe import Observer
from edge_agent.outage.observed import Observed
from edge_agent.outage.retroactive import PowerRecords
from edge_agent.outage.settings import OutageSettings
from edge_agent.outage.signs import Signs
from edge_agent.outage.silent import SilentMeters
from edge_agent.outage.unheard import UnheardBuses
from edge_agent.outage.witness import Witnesses

_VERSION = 3
_LONGEST_TICK_MS = 60_000       # between two looks at the area, where the clock was not set
_JUDGE_AGAIN_MS = 5000          # while nothing new comes, time itself says that a last gasp is missing


class OutageEngine:
    """``gasping_buses``: names of buses on which meters can send a last gasp."""

    def __init__(self, archive: Archive, settings: OutageSettings, *, gasping_buses: Collection[str] = ()) -> None:
        self._archive, self._settings = archive, settings
        n = len(archive.meters)
        gasping = np.array([meter.bus in gasping_buses for meter in archive.meters], np.bool_)
        self._filters, self._signs, self._load = Filters(archive, FilterSettings()), Signs(n, gasping), AreaLoad(archive)
        self._unheard = UnheardBuses(archive)
        self._delivery, self._locator = Delivery(archive), Locator(archive)
        self._mains = PhaseMains(
            out_v=settings.out_ratio * settings.nominal_voltage_v, in_v=settings.in_ratio * settings.nominal_voltage_v,
            out_delay_ms=round(1000 * settings.supply_out_s),
        )
        self._observer = Observer(archive, settings, self._delivery, gasping, self._load)
        self._incidents = Incidents(archive, settings, gasping=gasping, delivery=self._delivery)
        self._silent, self._marks = SilentMeters(archive, settings), Marks(archive)
        self._records = PowerRecords(archive)
        self._questions = Questions(
            archive, most=settings.most_asked, at_once=settings.asked_at_once, again_s=settings.ask_again_s
        )
        self._witnesses = Witnesses(archive, every_s=settings.witness_s, at_once=settings.asked_at_once // 2)
        self._gasping = gasping
        self._is_customer = np.array([meter.role is Role.CUSTOMER for meter in archive.meters], np.bool_)
        self._elsewhere: set[int] = set()          # meters that their modules report on another transformer
        self._book = WorkBook()
        self._frame: AreaFrame | None = None
        self._judgement = nothing_of(n)
        self._judged_version, self._judged_ms, self._now_ms = -1, 0, 0
        self._old_ms, self._together_ms = round(1000 * settings.settle_s), round(1000 * settings.together_s)
        self._showing: set[int] = set()
        self._doubted: dict[int, int] = {}          # meter -> when what it was asked was found to say nothing
        self._unclaimed, self._lives = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
        self._to_ask: list[int] = []

    @property
    def counters(self) -> dict[str, int]:
        """What the filters have refused, by reason."""
        return dict(self._filters.counters)

    def announce(self, book: WorkBook) -> None:
        """What is planned, in place of what was announced before."""
        self._book = book
        self._signs.version += 1

    def take(self, evidence: Evidence, now_utc_ms: int) -> None:
        """One piece of evidence; what it means is worked out at the next tick."""
        admitted = self._filters.admit(evidence, now_utc_ms)
        if admitted is None:
            return
        if admitted.kind is EvidenceKind.POWER_RECORD:
            self._records.take(admitted)
        elif admitted.kind is EvidenceKind.AREA_MISMATCH:
            self._elsewhere.update(admitted.meters)
        elif admitted.kind is EvidenceKind.NEIGHBOUR_OUT:
            self._incidents.neighbour_out(admitted.at_utc_ms)
        else:
            self._signs.take(admitted)

    def update(self, frame: AreaFrame) -> list[Finding]:
        """Look at the area at ``frame.now_utc_ms``."""
        self._frame = frame
        now_ms = frame.now_utc_ms
        self._follow_clock(now_ms)
        self._mains.judge(frame.supply_v, now_ms)
        if not np.array_equal(frame.reachable, self._signs.reached):
            self._signs.follow_buses(frame, self._incidents.firm())
        doubtful = self._unheard.look(frame, self._signs)
        if doubtful.any():
            doubtful &= ~self._incidents.firm()
            self._signs.pass_over_failed(doubtful, frame)
            self._doubted |= dict.fromkeys(np.flatnonzero(doubtful).tolist(), now_ms)
        self._signs.look(frame)
        self._load.look(frame)
        failed = self._signs.polls_failed(frame)
        self._ask_doubted(frame, failed)
        if self._is_quiet(failed):
            self._questions.nothing_is_unclear()
            self._to_ask += self._witnesses.due(frame, self._gasping & self._is_customer & frame.reachable)
            return []
        findings = self._not_outages(frame, failed)
        findings += self._incidents.follow_returns(frame, self._signs, self._mains)
        others = self._quiet()
        others[self._long_silent(frame, failed)] = True
        findings += self._incidents.join(frame, self._signs, failed, others)
        findings += self._judge(frame, failed, others)
        explained = self._incidents.explained()
        for index in list(self._silent.told):
            if explained[index]:
                findings += self._silent.joined(frame, failed, index, self._incidents.place_id_of(index))
        explained |= self._quiet() | self._incidents.spared(now_ms)
        if self._incidents.is_area_told:             # the meter at the transformer is dark with it
            explained |= ~self._is_customer
        for fault in self._judgement.faults:         # a way that is probably broken is told as one, soon
            if fault.best.rival is Rival.COMM and len(fault.members) > 1 and fault.probability >= self._settings.suspect_from:
                explained[list(fault.members)] = True
        findings += self._silent.follow(frame, failed, self._signs.first_failed_ms(frame), explained)
        findings += self._records.tell(frame, self._incidents)
        if not self._to_ask:
            lives = (failed == 0) & ~self._signs.gasped & ~explained
            self._to_ask += self._witnesses.due(frame, lives & self._gasping & self._is_customer & frame.reachable)
        return findings

    def to_ask(self) -> list[int]:
        """Archive indices to read soon, the most telling first; empty again after the call."""
        asked, self._to_ask = self._to_ask, []
        return asked

    def conditions(self) -> set[tuple[str, Place]]:
        """What it has told as begun and not as ended."""
        return self._incidents.conditions() | self._silent.conditions() | self._marks.conditions()

    def save(self) -> bytes:
        return json.dumps([_VERSION, [meter.id for meter in self._archive.meters], self._saved(self._frame)]).encode()

    def load(self, data: bytes) -> None:
        """Raises ValueError for what ``save`` of this version and this archive did not write; nothing is changed then."""
        before = self._saved(None)
        try:
            version, ids, saved = json.loads(data)
            if version != _VERSION or ids != [meter.id for meter in self._archive.meters]:
                raise ValueError("of another version or of other meters")
            self._take_up(saved)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as exc:
            self._take_up(before)          # some parts may have been loaded
            raise ValueError(f"saved state of outages cannot be used: {exc}") from exc

    def _saved(self, frame: AreaFrame | None) -> dict[str, Any]:
        return {
            "signs": self._signs.save(frame), "unheard": self._unheard.save(), "mains": self._mains.save(),
            "incidents": self._incidents.save(),
            "silent": self._silent.save(), "marks": self._marks.save(), "delivery": self._delivery.save().decode("latin-1"),
            "elsewhere": sorted(self._elsewhere), "records": self._records.save(), "now_ms": self._now_ms,
        }

    def _take_up(self, saved: dict[str, Any]) -> None:
        elsewhere, now_ms = {int(index) for index in saved["elsewhere"]}, int(saved["now_ms"])
        if any(not 0 <= index < len(self._archive.meters) for index in elsewhere):
            raise ValueError("of other meters")
        for part, name in (
            (self._signs, "signs"), (self._unheard, "unheard"), (self._mains, "mains"), (self._incidents, "incidents"),
            (self._silent, "silent"), (self._marks, "marks"), (self._records, "records"),
        ):
            part.load(saved[name])
        self._delivery.load(saved["delivery"].encode("latin-1"))
        self._elsewhere = elsewhere
        self._now_ms = now_ms

    def _judge(self, frame: AreaFrame, failed: npt.NDArray[np.int32], others: npt.NDArray[np.bool_]) -> list[Finding]:
        """Judge what is unexplained, when there is news of it or time has passed, and tell what has changed."""
        settled = self._incidents.masked() | others
        masked = settled | ~frame.reachable
        self._unclaimed = settled if self._mains.is_out else masked
        may_be_asked = frame.reachable & self._is_customer
        observed = self._observer.observe(frame, self._signs, masked, self._mains, self._incidents.phases_told())
        if observed is None:
            self._questions.nothing_is_unclear()
            self._judgement = nothing_of(frame.n_meters)
            findings = self._reconcile(frame)
        else:
            findings = self._judge_observed(frame, observed)
            suspects = (observed.gasped | (failed > 0)) & ~masked & self._is_customer
            self._to_ask += self._questions.choose(
                frame, suspects=suspects, failed=failed, enough_failed=self._settings.confirm_polls, answered=observed.answered,
                dead=self._judgement.dead, may_be_asked=may_be_asked & ~masked,
            )
        self._to_ask += self._questions.again(self._incidents.waiting(frame), frame, failed, may_be_asked)
        return findings

    def _judge_observed(self, frame: AreaFrame, observed: Observed) -> list[Finding]:
        is_due = frame.now_utc_ms - self._judged_ms >= _JUDGE_AGAIN_MS
        if self._signs.version == self._judged_version and not is_due:
            return self._incidents.ripen(frame, self._signs, self._mains)
        self._lives = observed.answered
        self._showing = set(np.flatnonzero(observed.gasped | (observed.polls_failed > 0)).tolist())
        self._judgement = self._locator.judge(observed, concentration=self._delivery.concentration())
        self._judged_version, self._judged_ms = self._signs.version, frame.now_utc_ms
        return self._reconcile(frame)

    def _reconcile(self, frame: AreaFrame) -> list[Finding]:
        told = self._incidents.phases_told()
        by_mains = "".join(phase for phase in self._mains.lost_phases() if phase not in told)
        without = np.flatnonzero(~self._lives & self._is_customer & ~self._unclaimed).tolist() if by_mains else []
        cases = cases_of(
            self._judgement, self._book, self._archive, frame.now_utc_ms, unclaimed=set(np.flatnonzero(self._unclaimed).tolist()),
            lost_phases=by_mains, without_answer=without, showing=self._showing,
        )
        return self._incidents.reconcile(cases, self._judgement.dead, frame, self._signs, self._mains)

    def _ask_doubted(self, frame: AreaFrame, failed: npt.NDArray[np.int32]) -> None:
        """Until each has answered or failed once more."""
        if self._doubted:
            self._doubted = {
                index: since_ms for index, since_ms in self._doubted.items()
                if failed[index] == 0 and frame.answered_utc_ms[index] < since_ms
            }
            self._to_ask += self._questions.again(self._doubted, frame, failed, frame.reachable & self._is_customer)

    def _long_silent(self, frame: AreaFrame, failed: npt.NDArray[np.int32]) -> list[int]:
        """Meters told as silent that were so before what is unclear now began: what has a common cause falls silent together."""
        if not self._silent.told:
            return []
        shows = ((failed > 0) | self._signs.gasped) & ~self._incidents.masked()
        lived_ms = int(frame.answered_utc_ms[shows].max(initial=-1))
        return [
            index for index, begun_ms in self._silent.told.items()
            if frame.now_utc_ms - begun_ms > self._old_ms or begun_ms < lived_ms - self._together_ms
        ]

    def _is_quiet(self, failed: npt.NDArray[np.int32]) -> bool:
        """Whether nobody shows anything and nothing is told: nearly always, so it must cost nothing."""
        return not (
            failed.any() or self._incidents or self._silent.told or self._marks or self._elsewhere or self._records
            or self._mains.has_out or self._signs.has_any
        )

    def _not_outages(self, frame: AreaFrame, failed: npt.NDArray[np.int32]) -> list[Finding]:
        """What command, plug or ticket explains of single meters."""
        now_ms = frame.now_utc_ms
        silent = np.flatnonzero((failed >= self._settings.silent_polls) | self._signs.gasped).tolist()
        tickets = tickets_for(self._book, [meter.id for meter in self._archive.meters], silent, now_ms) if self._book.tickets else ()
        by_kind: dict[str, set[int]] = {"swap": set(), "transfer": set(), "disconnect": set()}
        for announced in tickets:
            assert isinstance(announced.what, Ticket)
            by_kind[announced.what.kind].update(announced.meters)
        findings = self._marks.follow(DISCONNECTED, np.flatnonzero(self._signs.relay_open).tolist(), now_ms, sure=True)
        findings += self._marks.follow(UNPLUGGED, np.flatnonzero(self._signs.unplugged).tolist(), now_ms, sure=True)
        findings += self._marks.follow(SWAPPED, by_kind["swap"], now_ms, sure=True)
        return findings + self._marks.follow(TRANSFERRED, by_kind["transfer"] | self._elsewhere, now_ms, sure=True)

    def _quiet(self) -> npt.NDArray[np.bool_]:
        """Shape (n,): meters whose silence is explained without an outage."""
        quiet = self._signs.unplugged.copy()
        for kind in (UNPLUGGED, SWAPPED, TRANSFERRED):
            quiet[list(self._marks.of(kind))] = True
        return quiet

    def _follow_clock(self, now_ms: int) -> None:
        """It may have been set. What lies ahead after it was set back would never be over."""
        if now_ms < self._now_ms:
            self._incidents.set_back(self._now_ms - now_ms, now_ms)
            for part in (self._signs, self._unheard, self._silent, self._marks):
                part.forget_the_future(now_ms)
            self._doubted = dict.fromkeys(self._doubted, now_ms)
            self._judged_ms = min(self._judged_ms, now_ms)
        elif self._now_ms and now_ms - self._now_ms > _LONGEST_TICK_MS:
            self._incidents.set_forward(now_ms - self._now_ms)
        self._now_ms = now_ms
