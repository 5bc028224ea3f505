"""Fire-risk and overload findings of a scenario against what was really wrong: hits, delays, and false alarms by level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edge_agent.model import Finding, Stage
from simulator.run.closed_loop import EPOCH_UTC_MS
from simulator.run.metering import AREA_METER, NOMINAL_V, RATED_A
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.timeline import Change
from simulator.scenario.world import World

# fault class of a change -> findings that name it, in the order of how well
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "loose_joint": ("joint.loose", "joint.intermittent"),
    "loose_neutral": ("neutral.loose", "neutral.intermittent", "neutral.open", "joint.loose", "joint.intermittent"),
    "broken_neutral": ("neutral.open", "neutral.overvoltage"),
    "overload": ("overload", "conductor.hot", "phase.overload", "transformer.overload"),
}
FIRE = ("joint.", "neutral.", "residual.", "temperature.", "arc.")
_Ratios = npt.NDArray[np.float32]
_GRACE_S = 86_400.0           # a day's regression still holds what was mended within the day
# half an hour of the first is past any thermal image of a service; who warns at the second is not wrong, and need not
_OVERLOADS = {"overload": (1.2, 1800.0), "heavy": (0.85, 300.0)}
# EN 50550 breaks at 275 of 230 V; a class 1 meter may show it at 1 % less. Lines that an overload of one phase pulls apart get there too
_DANGEROUS_RATIO = 0.99 * 275.0 / 230.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Something that is wrong with ``meters`` from ``begin_s`` to ``end_s``, and its ``fault_class``."""

    fault_class: str
    place: str
    meters: frozenset[str]
    begin_s: float
    end_s: float


@dataclass(slots=True, kw_only=True)
class FireScore:
    """``delay_s``: fault class -> from its begin to the first finding that names it, infinite where there was none.

    ``false``: level of a false alarm -> (finding kind, place, seconds) of each; ``healthy_days``: meter-days without any fault.
    """

    healthy_days: float = 0.0
    delay_s: dict[str, list[float]] = field(default_factory=dict)
    false: dict[str, list[tuple[str, str, float]]] = field(default_factory=dict)

    def add(self, other: FireScore) -> None:
        self.healthy_days += other.healthy_days
        for mine, theirs in ((self.delay_s, other.delay_s), (self.false, other.false)):
            for key, values in theirs.items():
                mine.setdefault(key, []).extend(values)  # type: ignore[arg-type]

    def recall(self, fault_class: str) -> float:
        delays = self.delay_s.get(fault_class, [])
        return sum(np.isfinite(delays)) / len(delays) if delays else float("nan")

    def false_per_1000(self, level: str) -> float:
        return 1000.0 * len(self.false.get(level, [])) / self.healthy_days


def faults_of(scenario: Scenario, world: World) -> list[Wrong]:
    """Of each change the meters at and below its place; overloads and dangerous voltages from what really flows and is there, whatever
    brought it about. Of gaps, swaps and thefts there is nothing.
    """
    below = {meter.id: (meter.id, *_paths(meter.node)) for meter in scenario.area.meters}
    found = [
        Wrong(fault_class=change.fault_class, place=change.place, meters=frozenset(_at(change, below)), begin_s=change.at_s,
              end_s=min(change.until_s, scenario.duration_s))
        for change in scenario.timeline.changes if change.fault_class in ANSWERS
    ]
    amperes, volts = _ratios(scenario, world)
    return found + _overloads(scenario, world, amperes) + _dangerous(scenario, world, volts)


def score_fire(findings: Iterable[Finding], wrong: Sequence[Wrong], meters: Sequence[str], *, duration_s: float) -> FireScore:
    """Findings that begin or get worse. One on a meter with any fault, until a day after it, is no false alarm, whatever it calls it."""
    score = FireScore(healthy_days=_healthy_days(wrong, meters, duration_s))
    delays: dict[int, float] = {number: float("inf") for number in range(len(wrong))}
    for finding in findings:
        if finding.stage is Stage.END:
            continue
        at_s = (finding.evidence_to_utc_ms - EPOCH_UTC_MS) / 1000.0
        touched = [number for number, fault in enumerate(wrong) if _touches(finding, fault, at_s)]
        for number in touched:
            if finding.kind in ANSWERS.get(wrong[number].fault_class, ()):
                delays[number] = min(delays[number], at_s - wrong[number].begin_s)
        if not touched and (level := _level(finding)):
            score.false.setdefault(level, []).append((finding.kind, finding.place.id, at_s))
    for number, fault in enumerate(wrong):
        if fault.fault_class in ANSWERS:
            score.delay_s.setdefault(fault.fault_class, []).append(delays[number])
    return score


def _level(finding: Finding) -> str:
    """What a false one counts as; empty for findings that this does not judge."""
    if finding.kind == "fire.risk":
        return {"info": "watch", "warning": "warn", "alarm": "act"}[finding.severity]
    if finding.kind.startswith(FIRE):
        return f"{finding.kind} ({finding.severity})"
    return "overload" if finding.kind in ANSWERS["overload"] else ""


def _touches(finding: Finding, fault: Wrong, at_s: float) -> bool:
    return fault.begin_s <= at_s <= fault.end_s + _GRACE_S and bool(fault.meters & set(finding.meters))


def _healthy_days(wrong: Sequence[Wrong], meters: Sequence[str], duration_s: float) -> float:
    healthy_s = duration_s * len(meters)
    for meter in meters:
        spans = [(fault.begin_s, min(duration_s, fault.end_s + _GRACE_S)) for fault in wrong if meter in fault.meters]
        reached_s = 0.0
        for begin_s, end_s in sorted(spans):
            healthy_s -= max(0.0, end_s - max(begin_s, reached_s))
            reached_s = max(reached_s, end_s)
    return healthy_s / 86_400.0


def _paths(node: str) -> list[str]:
    parts = node.split("/")
    return ["/".join(parts[: depth + 1]) for depth in range(len(parts))]


def _at(change: Change, below: Mapping[str, Sequence[str]]) -> list[str]:
    return [meter for meter, places in below.items() if change.place in places]


def _overloads(scenario: Scenario, world: World, ratio: _Ratios) -> list[Wrong]:
    """From the currents themselves, above which share of the rating and how long."""
    found = []
    for fault_class, (limit, least_s) in _OVERLOADS.items():
        for place, meter in enumerate([*(meter.id for meter in scenario.area.meters), AREA_METER]):
            found += _spans(fault_class, meter, ratio[:, place] > limit, least_s, world)
    return found


def _dangerous(scenario: Scenario, world: World, ratio: _Ratios) -> list[Wrong]:
    """From the voltages at the meters' own terminals."""
    found: list[Wrong] = []
    for place, meter in enumerate(scenario.area.meters):
        found += _spans("dangerous_voltage", meter.id, ratio[:, place] > _DANGEROUS_RATIO, 0.0, world)
    return found


def _spans(fault_class: str, meter: str, is_so: npt.NDArray[np.bool_], least_s: float, world: World) -> list[Wrong]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_so, [False]]).astype(np.int8)))
    return [
        Wrong(fault_class=fault_class, place=meter, meters=frozenset({meter}), begin_s=begin * world.step_s, end_s=end * world.step_s)
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if (end - begin) * world.step_s >= least_s
    ]


def _ratios(scenario: Scenario, world: World) -> tuple[_Ratios, _Ratios]:
    """Shape (steps, meters + 1): the largest current of each meter's phases over its rating, the transformer's as the last; shape
    (steps, meters): the highest voltage of each over nominal.
    """
    places = {load.id: place for place, load in enumerate(scenario.area.network.loads)}
    loads = [[places[load] for load in meter.loads] for meter in scenario.area.meters]
    steps, step = int(scenario.duration_s / world.step_s), 0
    ratio, volts = np.empty((steps, len(loads) + 1), dtype=np.float32), np.empty((steps, len(loads)), dtype=np.float32)
    transformer = scenario.area.network.transformer
    rated_a = transformer.kva / (3**0.5 * transformer.kv_lv)
    while step < steps:
        block, at = world.block_of(step)
        end = min(steps, step + block.volts.shape[1] - at)
        amperes = np.abs(block.amperes[:, at : at + end - step])
        for place, own in enumerate(loads):
            ratio[step:end, place] = amperes[own].max(axis=0) / RATED_A
            volts[step:end, place] = np.abs(block.volts[own, at : at + end - step]).max(axis=0) / NOMINAL_V
        ratio[step:end, -1] = np.abs(block.transformer_a[:, at : at + end - step]).max(axis=0) / rated_a
        step = end
    return ratio, volts
