"""Fire-risk and overload findings of a scenario against what was really wrong: hits, delays, and false alarms by level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from edge_agent.model import Finding, Stage
from simulator.run.closed_loop import EPOCH_UTC_MS
from simulator.run.metering import AREA_METER
from simulator.scenario.scenario_file import Scenario
from simulator.scenario.timeline import Change
from simulator.scoring.strain import Strain

# fault class of a change -> findings that name it, in the order of how well
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "loose_joint": ("joint.loose", "joint.intermittent"),
    "loose_neutral": ("neutral.loose", "neutral.intermittent", "neutral.open", "joint.loose", "joint.intermittent"),
    "broken_neutral": ("neutral.open", "neutral.overvoltage"),
    "overload": ("overload", "conductor.hot", "phase.overload", "transformer.overload"),
}
FIRE = ("joint.", "neutral.", "residual.", "temperature.", "arc.")
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


def faults_of(scenario: Scenario, strain: Strain) -> list[Wrong]:
    """Of each change the meters at and below its place; overloads and dangerous voltages from what really flows and is there, whatever
    brought it about. Of gaps, swaps and thefts there is nothing.
    """
    below = {meter.id: (meter.id, *_paths(meter.node)) for meter in scenario.area.meters}
    found = [
        Wrong(fault_class=change.fault_class, place=change.place, meters=frozenset(_at(change, below)), begin_s=change.at_s,
              end_s=min(change.until_s, scenario.duration_s))
        for change in scenario.timeline.changes if change.fault_class in ANSWERS
    ]
    strain.to_the_end()
    return found + _overloads(scenario, strain) + _dangerous(scenario, strain)


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


def _overloads(scenario: Scenario, strain: Strain) -> list[Wrong]:
    """From the currents themselves, above which share of the rating and how long."""
    found = []
    for fault_class, (limit, least_s) in _OVERLOADS.items():
        for place, meter in enumerate([*(meter.id for meter in scenario.area.meters), AREA_METER]):
            found += _spans(fault_class, meter, strain.current[:, place] > limit, least_s, strain.step_s)
    return found


def _dangerous(scenario: Scenario, strain: Strain) -> list[Wrong]:
    """From the voltages at the meters' own terminals."""
    found: list[Wrong] = []
    for place, meter in enumerate(scenario.area.meters):
        found += _spans("dangerous_voltage", meter.id, strain.volts[:, place] > _DANGEROUS_RATIO, 0.0, strain.step_s)
    return found


def _spans(fault_class: str, meter: str, is_so: npt.NDArray[np.bool_], least_s: float, step_s: float) -> list[Wrong]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_so, [False]]).astype(np.int8)))
    return [
        Wrong(fault_class=fault_class, place=meter, meters=frozenset({meter}), begin_s=begin * step_s, end_s=end * step_s)
        for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if (end - begin) * step_s >= least_s
    ]
