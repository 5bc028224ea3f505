"""Charging sessions of vehicles and e-bikes in simulated areas that nothing was tuned on: what is found, and what is told beside it.

    python -m benchmarks.detection.sessions [--areas 6] [--seed 7000] [--days 7] [--told FILE] [--json]

A session counts when it lasts as long and takes as much as the detectors promise: a vehicle 45 min to 12 h at 1.3 to 7.4 kW on each of its
phases, an e-bike 90 min to 12 h at 60 to 350 W. Charges of one meter that overlap are one session, since a meter shows one power. What is
shorter, or cut by the end of the record, is neither a case nor a false one. ``--told`` writes each session missed, and each that was told
and is none, as a line of JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from benchmarks.detection.session_areas import SessionArea, TrueCharge, make_session_area
from edge_agent.detect import find_detectors
from edge_agent.model import COLUMN_INDEX, Archive, Finding
from simulator.cli.rows import Row, print_rows
from simulator.grid.areas import STYLES
from simulator.grid.solver import NotSolvedError
from simulator.run.metering import archive_of
from simulator.scoring.lv_area.sessions import told_sessions
from simulator.scoring.matching import Session
from simulator.scoring.metered import frames_of

_HOLES = 0.005                     # answers lost by chance
_SIZES = (60, 120)                 # meters of an area
_DAY_STEP = 61                     # from area to area: every season
_MINUTES_A_DAY = 1440
_POWER = COLUMN_INDEX["active_power_w"]
_GOALS = {"ev": (0.95, 0.95), "e_bike": (0.80, 0.80)}      # detection.md 10: recall, precision
_BEGIN_GOAL_MIN = 3.0                                      # of vehicles
# what counts: least and most minutes, least and most W of a phase
_COUNTS = {"ev": (45.0, 720.0, 1300.0, 7400.0), "e_bike": (90.0, 720.0, 60.0, 350.0)}
# the plain rule (detection.md 6 for vehicles): the 10th percentile of the last hour above the meter's own 10th of all time for so long
_PLAIN_WINDOW, _PLAIN_SHARE, _PLAIN_MINUTES = 60, 0.1, 30
_PLAIN_W = {"ev": (2600.0, np.inf), "e_bike": (60.0, 350.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``counts`` is False for what is no case and no false one. ``groups``: what it is counted in beside all."""

    session: Session
    counts: bool
    groups: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Score:
    """Of one kind, areas added up."""

    cases: int = 0
    hits: int = 0
    right: int = 0
    false: int = 0
    begin_errors: list[float] = field(default_factory=list)
    groups: dict[str, list[int]] = field(default_factory=dict)      # hits, cases

    def add(self, cases: Iterable[Case], told: list[Session]) -> tuple[list[Case], list[Session]]:
        """Each session that was told finds one case at most; the nearest begin wins. Gives what was missed and what is wrong."""
        every, free = list(cases), list(told)
        missed, wrong = list[Case](), list[Session]()
        for case in sorted((case for case in every if case.counts), key=lambda case: case.session.begin):
            near = [session for session in free if session.overlaps(case.session)]
            best = min(near, key=lambda session: abs(session.begin - case.session.begin), default=None)
            self.cases += 1
            for group in case.groups:
                counted = self.groups.setdefault(group, [0, 0])
                counted[0] += best is not None
                counted[1] += 1
            if best is None:
                missed.append(case)
                continue
            free.remove(best)
            self.hits += 1
            self.begin_errors.append(abs(best.begin - case.session.begin))
        for session in told:
            over = [case for case in every if case.session.overlaps(session)]
            if any(case.counts for case in over):
                self.right += 1
            elif not over:
                self.false += 1
                wrong.append(session)
        return missed, wrong


def cases_of(kind: str, charges: Iterable[TrueCharge], minutes: float) -> list[Case]:
    """Charges of a meter that overlap are one session."""
    by_meter: dict[str, list[TrueCharge]] = {}
    for charge in charges:
        if charge.kind == kind and charge.charge.begin_s < 60.0 * minutes:
            by_meter.setdefault(charge.meter, []).append(charge)
    least_min, most_min, least_w, most_w = _COUNTS[kind]
    cases = []
    for meter, own in by_meter.items():
        for together in _together(sorted(own, key=lambda true: true.charge.begin_s)):
            begin, end = together[0].charge.begin_s / 60.0, max(true.charge.end_s for true in together) / 60.0
            counts = end <= minutes and least_min <= end - begin and any(
                least_w <= true.charge.power_w <= most_w and least_min <= (true.charge.end_s - true.charge.begin_s) / 60.0 <= most_min
                for true in together
            )
            cases.append(Case(session=Session(meter=meter, begin=begin, end=end), counts=counts, groups=_groups(kind, together)))
    return cases


def _together(charges: list[TrueCharge]) -> list[list[TrueCharge]]:
    found: list[list[TrueCharge]] = []
    for true in charges:
        if found and true.charge.begin_s <= max(other.charge.end_s for other in found[-1]):
            found[-1].append(true)
        else:
            found.append([true])
    return found


def _groups(kind: str, together: list[TrueCharge]) -> frozenset[str]:
    first = together[0]
    groups = {"with panels on the meter"} if first.has_panels else set[str]()
    if len(together) > 1:
        groups.add("two at once")
    if kind == "ev":
        groups.add("on three phases" if first.charge.phases == 3 else "on one phase")
        groups.add("until full" if first.charge.fades else "unplugged before full")
    return frozenset(groups)


def plain_sessions(kind: str, power_w: npt.NDArray[np.float64], meters: list[str]) -> list[Session]:
    """``power_w``: shape (minutes, meters). By level alone."""
    low_w, high_w = _PLAIN_W[kind]
    rank = int(_PLAIN_SHARE * _PLAIN_WINDOW)
    found: list[Session] = []
    for place, meter in enumerate(meters):
        windows = sliding_window_view(power_w[:, place], _PLAIN_WINDOW)
        above_w = np.partition(windows, rank, axis=1)[:, rank]
        if kind == "e_bike":
            above_w = above_w - np.percentile(power_w[:, place], 100.0 * _PLAIN_SHARE)
        is_on = (above_w > low_w) & (above_w < high_w)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], is_on.astype(np.int8), [0])))).reshape(-1, 2)
        found += [
            Session(meter=meter, begin=float(begin), end=float(end + _PLAIN_WINDOW))
            for begin, end in edges.tolist() if end - begin >= _PLAIN_MINUTES
        ]
    return found


def run_area(made: SessionArea, days: int, say: Callable[[float], None]) -> tuple[list[Finding], npt.NDArray[np.float64], Archive]:
    """What the shipped detectors tell, and the power that every customer's meter showed, shape (minutes, meters)."""
    archive = archive_of(made.metering.world.area, made.models)
    types = find_detectors()
    detectors = [types[name].build(archive, types[name].settings()) for name in _GOALS]
    steps = _MINUTES_A_DAY * days
    power_w = np.zeros((steps, len(archive.meters) - 1))
    told: list[Finding] = []
    for step, frame in enumerate(frames_of(made.metering, steps, holes=_HOLES)):
        power_w[step] = np.nan_to_num(frame.values[_POWER, :-1])
        for detector in detectors:
            told += detector.update(frame)
        if step % 720 == 0:
            say(step / steps)
    return told, power_w, archive


def rows_of(scores: dict[str, Score], plain: dict[str, Score], meter_days: float) -> list[Row]:
    rows = [Row(name="meter-days", figure=meter_days, unit="meter-days", goal="-", ok=True)]
    for kind, (recall, precision) in _GOALS.items():
        rows += _rows(kind, scores[kind], meter_days, recall, precision)
        rows += [
            Row(name=f"{kind}: recall, {group} ({cases} cases)", figure=hits / cases, unit="share", goal="-", ok=True)
            for group, (hits, cases) in sorted(scores[kind].groups.items())
        ]
        rows += _rows(f"{kind}, plain rule (10th percentile of an hour)", plain[kind], meter_days, None, None)
    return rows


def _rows(name: str, score: Score, meter_days: float, recall: float | None, precision: float | None) -> list[Row]:
    told = score.right + score.false
    found, right = score.hits / score.cases if score.cases else 0.0, score.right / told if told else 0.0
    rows = [
        Row(name=f"{name}: sessions", figure=score.cases, unit="cases", goal="-", ok=True),
        Row(name=f"{name}: recall", figure=found, unit="share", goal=_goal(recall), ok=recall is None or found >= recall),
        Row(name=f"{name}: precision", figure=right, unit="share", goal=_goal(precision), ok=precision is None or right >= precision),
    ]
    for what, percent in (("median", 50.0), ("95 %", 95.0)):
        error = float(np.percentile(score.begin_errors, percent)) if score.begin_errors else float("nan")
        has_goal = name == "ev" and percent > 50.0
        rows.append(Row(
            name=f"{name}: begin error, {what}", figure=error, unit="min", goal=f"<= {_BEGIN_GOAL_MIN:g}" if has_goal else "-",
            ok=not has_goal or error <= _BEGIN_GOAL_MIN,
        ))  # fmt: skip
    per_1000 = 1000.0 * score.false / meter_days
    return [*rows, Row(name=f"{name}: false per 1000 meter-days", figure=per_1000, unit="sessions", goal="-", ok=True)]


def _goal(share: float | None) -> str:
    return "-" if share is None else f">= {share:g}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, default=6)
    parser.add_argument("--seed", type=int, default=7000, help="of the first area; the others follow")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--told", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.areas < 1 or arguments.days < 2 or arguments.seed < 0:
        parser.error("at least one area and two days are needed, and no negative seed")
    scores, plain = {kind: Score() for kind in _GOALS}, {kind: Score() for kind in _GOALS}
    meter_days, left_out, seed, done = 0.0, 0, arguments.seed, 0
    while done < arguments.areas:
        style, meters = sorted(STYLES)[done % len(STYLES)], _SIZES[done // len(STYLES) % len(_SIZES)]
        made = make_session_area(seed, style=style, meters=meters, first_day=seed * _DAY_STEP % 365, days=arguments.days)
        seed += 1
        try:
            told, power_w, archive = run_area(made, arguments.days, _progress(f"area {done + 1} of {arguments.areas}"))
        except NotSolvedError:        # as in base_rate: more is drawn at some step than the grid can carry
            left_out += 1
            continue
        done += 1
        names = [meter.id for meter in archive.meters[:-1]]
        meter_days += len(names) * arguments.days
        for kind in _GOALS:
            cases = cases_of(kind, made.charges, len(power_w))
            missed, wrong = scores[kind].add(cases, told_sessions([finding for finding in told if finding.kind == f"load.{kind}"]))
            plain[kind].add(cases, plain_sessions(kind, power_w, names))
            if arguments.told:
                with arguments.told.open("a", encoding="utf-8") as file:
                    file.writelines(f"{line}\n" for line in _lines(kind, made.metering.world.area.seed, missed, wrong))
    rows = rows_of(scores, plain, meter_days)
    rows.append(Row(name="areas left out, their grid has no solution", figure=left_out, unit="areas", goal="-", ok=True))
    return print_rows(rows, as_json=arguments.json)


def _lines(kind: str, seed: int, missed: list[Case], wrong: list[Session]) -> list[str]:
    return [
        json.dumps({"seed": seed, "kind": kind, "missed": asdict(case.session), "groups": sorted(case.groups)}) for case in missed
    ] + [json.dumps({"seed": seed, "kind": kind, "false": asdict(session)}) for session in wrong]


def _progress(text: str) -> Callable[[float], None]:
    return lambda share: print(f"{text}: {share:4.0%}", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
