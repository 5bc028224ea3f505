"""One outage as the agent lives through it: evidence over the fitted channel, polls, mains and area meter, in virtual time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np

from edge_agent.model import Archive, Evidence, EvidenceKind, Sample, SampleFlag, TimeSource
from edge_agent.outage import OutageSettings
from simulator.grid.areas import Area
from simulator.meter.body import MeterBody
from simulator.run.outage_rig import OutageRig, RigJournal
from simulator.scoring.outage.channel import LOST, ChannelFit, draw_gasps, draw_quantile
from simulator.scoring.outage.faults import Fault, OutageClass
from simulator.scoring.outage.states import Shown, Solved
from simulator.scoring.outage.told import Told, told_of

FAULT_UTC_MS = 1_790_000_000_000
_BEGIN_S = -30.0
_TICKS_S = ((100.0, 1.0), (300.0, 2.0), (float("inf"), 10.0))      # until when after the fault, how far apart
_LOOK_AFTER_S = 0.01          # the agent looks at news of supply at once
_AREA_METER_EVERY_S, _WINDOW_S = 60.0, 900.0
_SWEEP_S, _SWEEP_LASTS_S = 60.0, 60.0
_NEIGHBOUR_S, _BUS_NOTICED_S = (20.0, 90.0), (5.0, 20.0)
_RECORD_READ_S = 30.0         # after the first answer of a meter whose supply is back


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseSettings:
    """``delivery``: of the dying modules, None = as the path delivers. ``sweep``: every meter is asked once, early in the fault.

    ``most_polls``: of those that the agent wants, None = all of them; with a limit nobody is read in turn before supply is back.
    ``false_gasps``: of each meter and quarter of an hour (outage.md 1.4). ``answer``: chance of one try; a poll has ``tries`` of them, as
    the coordinator's reader has. ``watch_s``: until supply is switched on again, ``after_s``: after that.
    """

    delivery: float | None = None
    sweep: bool = False
    most_polls: int | None = None
    false_gasps: float = 5e-4
    answer: float = 0.98
    tries: int = 2
    read_every_s: float = 900.0
    watch_s: float = 900.0
    after_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One case. ``relays``: who relays for each meter; ``seed``: of the chances of its evidence."""

    fault: Fault
    solved: Solved
    relays: tuple[int, ...]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """``evidence``: what reached the agent, seconds after the fault; ``answers``: time and meter; ``polls``: how many the agent wanted."""

    fault: Fault
    dark: frozenset[int]
    dark_left: frozenset[int]
    told: tuple[Told, ...]
    evidence: tuple[tuple[float, Evidence], ...]
    answers: tuple[tuple[float, int], ...]
    mains: tuple[tuple[float, tuple[float, float, float]], ...]
    polls: int


class _Clock:
    time_source, speed = TimeSource.NTP, 1.0

    def __init__(self) -> None:
        self.now_s = _BEGIN_S

    def monotonic_s(self) -> float:
        return self.now_s - _BEGIN_S

    def utc_ms(self) -> int:
        return FAULT_UTC_MS + round(1000 * self.now_s)

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a virtual clock does not pass by itself")


class Course:
    """``area``: as it is; ``archive``: as the agent has it, wrong in places perhaps, the area meter last."""

    def __init__(self, area: Area, archive: Archive, fit: ChannelFit, settings: CourseSettings, journal: RigJournal) -> None:
        self._area, self._archive, self._fit, self._settings, self._journal = area, archive, fit, settings, journal

    def play(self, draw: Draw) -> Played:
        return _Run(self._area, self._archive, self._fit, self._settings, draw).play(self._journal)


class _Run:
    """What is to come lies in a heap by time; ticks take it in order."""

    def __init__(self, area: Area, archive: Archive, fit: ChannelFit, settings: CourseSettings, draw: Draw) -> None:
        self._area, self._archive, self._fit, self._settings, self._draw = area, archive, fit, settings, draw
        self._n = len(area.meters)
        self._chance = np.random.default_rng([draw.seed, 17])
        self._clock = _Clock()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._evidence: list[tuple[float, Evidence]] = []
        self._answers: list[tuple[float, int]] = []
        self._mains: list[tuple[float, tuple[float, float, float]]] = []
        self._asked: set[int] = set()
        self._recorded: set[int] = set()
        self._polls = 0
        self._is_bus_down = self._is_look_due = False
        self._mute = frozenset(draw.fault.mute)

    def play(self, journal: RigJournal) -> Played:
        # the agent has a limit for each unclear situation; that of the course is for all that it may ask
        most = self._settings.most_polls
        limit = OutageSettings() if most is None else OutageSettings(most_asked=most, witness_s=0.0)
        self._rig = OutageRig(self._archive, self._clock, journal, limit)
        self._begin()
        self._plan_gasps()
        self._plan_rest()
        end_s = self._settings.watch_s + self._settings.after_s
        shown, measured_s = None, float("-inf")
        while self._clock.now_s < end_s:
            now_s = self._clock.now_s + next(apart_s for until_s, apart_s in _TICKS_S if self._clock.now_s < until_s)
            while self._due and self._due[0][0] <= now_s:
                at_s, _, happens = heapq.heappop(self._due)
                self._clock.now_s = max(self._clock.now_s, at_s)
                happens()
            self._clock.now_s = now_s
            if self._shown(now_s) is not shown:
                shown = self._shown(now_s)
                self._rig.mains.volts = shown.mains_v
                self._mains.append((now_s, shown.mains_v))
            if now_s - measured_s >= _AREA_METER_EVERY_S:
                measured_s = now_s
                self._rig.take_sample(self._sample(self._n, now_s))
            self._rig.tick()
            self._ask()
        solved = self._draw.solved
        return Played(
            fault=self._draw.fault, dark=_places(solved.during), dark_left=_places(solved.after),
            told=told_of(journal.take_events(), self._archive, FAULT_UTC_MS), evidence=tuple(self._evidence), answers=tuple(self._answers),
            mains=tuple(self._mains), polls=self._polls,
        )

    def _begin(self) -> None:
        """Everybody was read a while ago, and the network has told who relays for whom."""
        self._tell(Evidence(
            kind=EvidenceKind.ROUTES_KNOWN, at_utc_ms=self._utc_ms(_BEGIN_S), meters=tuple(range(self._n)), addresses=("",) * self._n,
            relays=self._draw.relays,
        ))
        for meter in range(self._n):
            self._rig.take_sample(self._sample(meter, _BEGIN_S))

    def _plan_gasps(self) -> None:
        fault, dark, settings = self._draw.fault, sorted(_places(self._draw.solved.during)), self._settings
        if dark:
            fit = self._fit.classes[_FIT_OF.get(fault.fault_class, fault.fault_class)]
            delays_s = draw_gasps(fit, [self._area.meters[meter].node for meter in dark], self._chance, delivery=settings.delivery)
            for delay_s in np.unique(delays_s[delays_s < LOST]).tolist():
                meters = tuple(meter for meter, own_s in zip(dark, delays_s.tolist(), strict=True) if own_s == delay_s)
                self._at(delay_s, lambda meters=meters: self._tell_of(EvidenceKind.LAST_GASP, meters))      # type: ignore[misc]
        for at_s, meter in self._false_gasps():
            self._at(at_s, lambda meter=meter: self._tell_of(EvidenceKind.LAST_GASP, (meter,)))      # type: ignore[misc]

    def _false_gasps(self) -> list[tuple[float, int]]:
        """In the quarter of an hour after the fault. Where nothing happens at least one: windows without any need no trial."""
        wanted = self._chance.binomial(self._n, self._settings.false_gasps)
        while self._draw.fault.fault_class is OutageClass.NOTHING and not wanted:
            wanted = self._chance.binomial(self._n, self._settings.false_gasps)
        meters = self._chance.choice(self._n, wanted, replace=False).tolist()
        return [(float(at_s), meter) for at_s, meter in zip(self._chance.uniform(0.0, _WINDOW_S, wanted), meters, strict=True)]

    def _plan_rest(self) -> None:
        settings, fault, chance = self._settings, self._draw.fault, self._chance
        if fault.fault_class is OutageClass.UPSTREAM:
            self._at(float(chance.uniform(*_NEIGHBOUR_S)), lambda: self._tell_of(EvidenceKind.NEIGHBOUR_OUT, ()))
        if fault.fault_class is OutageClass.COMM_BUS and chance.random() < 0.5:       # else it fails without a sign of its own
            self._at(float(chance.uniform(*_BUS_NOTICED_S)), lambda: self._bus(EvidenceKind.BUS_DOWN))
            self._at(settings.watch_s, lambda: self._bus(EvidenceKind.BUS_UP))
        for meter in range(self._n):
            first_s = float(chance.uniform(0.0, settings.read_every_s))
            if settings.most_polls is not None:
                first_s += settings.watch_s
            while first_s < settings.watch_s + settings.after_s:
                self._at(first_s, lambda meter=meter: self._poll(meter))      # type: ignore[misc]
                first_s += settings.read_every_s
            if settings.sweep:
                at_s = _SWEEP_S + float(chance.uniform(0.0, _SWEEP_LASTS_S))
                self._at(at_s, lambda meter=meter: self._poll(meter))      # type: ignore[misc]
        back = sorted(_places(self._draw.solved.during) - _places(self._draw.solved.after))
        for meter in back:
            if chance.random() < self._fit.power_back:
                self._at(settings.watch_s + draw_quantile(self._fit.power_back_s, chance), lambda meter=meter: self._power_back(meter))      # type: ignore[misc]

    def _ask(self) -> None:
        """What the agent wants to read, as far as it may."""
        wanted = [meter for meter in self._rig.to_ask() if meter < self._n and meter not in self._asked]
        if self._settings.most_polls is not None:
            wanted = wanted[: max(0, self._settings.most_polls - self._polls)]
        if not self._is_bus_down:
            self._polls += len(wanted)
            self._poll(*wanted)

    def _poll(self, *meters: int) -> None:
        """Asked together, they wait for each other."""
        asked = [meter for meter in meters if meter not in self._asked]
        if self._is_bus_down:
            return
        self._asked.update(asked)
        now_s, settings = self._clock.now_s, self._settings
        polls = self._fit.polls_beside(sum(not self._lives(one) for one in self._asked))
        for meter in asked:
            if self._lives(meter) and self._chance.random() < 1.0 - (1.0 - settings.answer) ** settings.tries:
                self._at(now_s + draw_quantile(polls.answered_s, self._chance), lambda meter=meter: self._answered(meter))      # type: ignore[misc]
            else:
                self._at(now_s + draw_quantile(polls.failed_s, self._chance), lambda meter=meter: self._failed(meter))      # type: ignore[misc]

    def _lives(self, meter: int) -> bool:
        """Whether it can answer now."""
        now_s = self._clock.now_s
        return not self._shown(now_s).dark[meter] and not (meter in self._mute and 0.0 <= now_s < self._settings.watch_s)

    def _answered(self, meter: int) -> None:
        self._asked.discard(meter)
        now_s = self._clock.now_s
        if self._shown(now_s).dark[meter]:
            return self._failed(meter)                 # it died meanwhile
        self._answers.append((now_s, meter))
        self._rig.take_sample(self._sample(meter, now_s))
        if now_s > self._settings.watch_s and self._draw.solved.during.dark[meter] and meter not in self._recorded:
            self._recorded.add(meter)
            self._at(now_s + _RECORD_READ_S, lambda: self._record(meter))
        return None

    def _failed(self, meter: int) -> None:
        self._asked.discard(meter)
        self._tell_of(EvidenceKind.POLL_FAILED, (meter,))

    def _record(self, meter: int) -> None:
        """The meter's own memory, by its own clock."""
        off_s = MeterBody.drawn(np.random.default_rng([self._draw.seed, 18, meter])).clock_off_s
        self._tell(Evidence(
            kind=EvidenceKind.POWER_RECORD, at_utc_ms=self._utc_ms(off_s), until_utc_ms=self._utc_ms(self._settings.watch_s + off_s),
            meters=(meter,),
        ))

    def _power_back(self, meter: int) -> None:
        self._tell_of(EvidenceKind.POWER_BACK, (meter,))
        self._poll(meter)                              # as the reader does

    def _bus(self, kind: EvidenceKind) -> None:
        self._is_bus_down = kind is EvidenceKind.BUS_DOWN
        self._tell_of(kind, tuple(range(self._n)))

    def _tell_of(self, kind: EvidenceKind, meters: tuple[int, ...]) -> None:
        self._tell(Evidence(kind=kind, at_utc_ms=self._utc_ms(self._clock.now_s), meters=meters, bus=self._archive.meters[0].bus))

    def _tell(self, evidence: Evidence) -> None:
        self._evidence.append((self._clock.now_s, evidence))
        self._rig.take_evidence(evidence)
        if not self._is_look_due and evidence.kind is not EvidenceKind.POLL_FAILED:      # hundreds; a second later will do
            self._is_look_due = True
            self._at(self._clock.now_s + _LOOK_AFTER_S, self._look)

    def _look(self) -> None:
        """As the agent does when there is news of supply."""
        self._is_look_due = False
        self._rig.look_at_supply()
        self._ask()

    def _sample(self, meter: int, at_s: float) -> Sample:
        return Sample(
            meter=meter, taken_utc_ms=self._utc_ms(at_s), time_source=TimeSource.NTP, values=self._shown(at_s).values[meter],
            flags=SampleFlag.PRESENCE, turnaround_s=0.02,
        )

    def _shown(self, at_s: float) -> Shown:
        solved = self._draw.solved
        return solved.before if at_s < 0.0 else solved.during if at_s < self._settings.watch_s else solved.after

    def _utc_ms(self, at_s: float) -> int:
        return FAULT_UTC_MS + round(1000 * at_s)

    def _at(self, at_s: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._due, (at_s, next(self._number), happens))


# what the path was not asked of by itself
_FIT_OF = {OutageClass.UPSTREAM: OutageClass.AREA, OutageClass.NESTED: OutageClass.FEEDER}


def _places(shown: Shown) -> frozenset[int]:
    found: Sequence[int] = np.flatnonzero(shown.dark).tolist()
    return frozenset(found)
