"""The locator on evidence drawn by a generator of its own, beside the figures of a simple model: what is exact, found and falsely told.

    python -m benchmarks.outage.locate [--draws 200] [--seed 1] [--table exact|detect|class] [--json]

Area of 273 meters, 4 feeders, 16 branches, 32 boxes, 5 % of three phases. Last gasps arrive with probability p (drawn anew for each box
where "correlated": Beta with concentration 5), false ones with 5e-4, polls succeed with 98 % and are tried twice. The locator is told the
mean p and the concentration, as a learned delivery would be. But for the table
"exact" half of the meters behind a dead relay are mute though they live.
``--draws`` is per cell; goals are those of the project, "sheet" names what a maximum a posteriori with true parameters and without wrong
archives reached (outage.md 1.4). Abstracted evidence, no network behind it.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from edge_agent.model import Archive, Meter
from edge_agent.outage.hypothesis import Judgement, Rival
from edge_agent.outage.locate import Locator
from edge_agent.outage.locate_settings import LocateSettings
from edge_agent.outage.observed import Observed
from simulator.cli.rows import Row, print_rows

METERS, FEEDERS, BRANCHES, BOXES = 273, 4, 4, 2
FALSE_GASP, POLL_SUCCESS, TRIES, CONCENTRATION, WRONG_SHARE, LOST_WITH_RELAY = 5e-4, 0.98, 2, 5.0, 0.05, 0.5
SAID = 0.5                     # more likely than not: the event would be confirmed
TOLD = 0.95
CLASSES = {                    # shares of outage.md 1.4
    "meter": 0.45, "box": 0.18, "branch": 0.10, "feeder": 0.05, "area": 0.03, "box-phase": 0.095, "branch-phase": 0.055,
    "feeder-phase": 0.025, "area-phase": 0.015,
}
LARGE = ("box", "branch", "feeder", "area")
EXACT_SHEET = {                # p -> (last gasps only, 10 polls, sweep), the same with correlated boxes
    0.5: ((0.694, 0.757, 0.989), (0.667, 0.749, 0.987)), 0.7: ((0.811, 0.853, 0.991), (0.793, 0.865, 0.990)),
    0.8: ((0.874, 0.907, 0.995), (0.856, 0.917, 0.996)), 0.9: ((0.917, 0.958, 0.998), (0.908, 0.950, 0.997)),
    0.95: ((0.952, 0.978, 0.998), (0.947, 0.979, 1.000)),
}
DETECT_SHEET = {0.5: (0.44, 0.77), 0.7: (0.51, 0.85), 0.9: (0.52, 0.95), 0.95: (0.55, 0.97)}
CLASS_SHEET = {                # with a sweep: p 0.7 independent, correlated, p 0.9 independent, correlated
    "meter": (0.70, 0.75, 0.89, 0.88), "box-phase": (0.93, 0.91, 0.98, 0.98), "box": (0.997, 0.967, 1.0, 0.997),
    "branch-phase": (0.98, 0.99, 0.997, 0.995), "branch": (1.0, 0.999, 1.0, 0.997), "feeder": (1.0, 1.0, 1.0, 1.0),
    "area": (1.0, 1.0, 1.0, 1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wires:
    """Where the meters truly are, and what the archive says. ``places``: shape (n, 3), feeder, branch, box; ``phase``: 0..2, 3 = all."""

    places: npt.NDArray[np.int64]
    phase: npt.NDArray[np.int64]
    archive: Archive
    relay: npt.NDArray[np.int32]


def wires(chance: np.random.Generator, *, wrong_share: float) -> Wires:
    """A new area; of the archive that share of the boxes, and of the phases, is wrong."""
    boxes = FEEDERS * BRANCHES * BOXES
    box = chance.permutation(np.arange(METERS) % boxes)
    phase = np.where(chance.random(METERS) < 0.05, 3, chance.permutation(np.arange(METERS) % 3))
    told_box = np.where(chance.random(METERS) < wrong_share, chance.integers(0, boxes, METERS), box)
    told_phase = np.where((chance.random(METERS) < wrong_share) & (phase < 3), chance.integers(0, 3, METERS), phase)
    meters = [
        Meter(
            id=str(index), index=index, profile="any", bus="hplc", node=_path(int(told_box[index])),
            phases="abc" if phase[index] == 3 else "a", grid_phases="abc" if phase[index] == 3 else "abc"[int(told_phase[index])],
        )
        for index in range(METERS)
    ]
    relay = np.full(METERS, -1, dtype=np.int32)       # a routing tree that knows nothing of the feeders, four levels deep
    rank = chance.permutation(METERS)
    for number in range(30, METERS):
        relay[rank[number]] = rank[chance.integers(0, min(number, 90) // 2)]
    places = np.stack([box // (BRANCHES * BOXES), box // BOXES, box], axis=1)
    return Wires(places=places, phase=phase, archive=Archive("A", meters), relay=relay)


def _path(box: int) -> str:
    return f"f{box // (BRANCHES * BOXES)}/b{box // BOXES}/x{box}"


@dataclass(slots=True, kw_only=True, eq=False)
class Draw:
    """What truly happened, and the evidence of it. ``lost``: mute because a relay is dead, until another way is found."""

    dead: npt.NDArray[np.bool_]
    mute: npt.NDArray[np.bool_]
    lost: npt.NDArray[np.bool_]
    observed: Observed
    kind: str = ""
    chance: np.random.Generator = field(default_factory=np.random.default_rng)

    def poll(self, meter: int) -> None:
        """Two tries of one meter."""
        for _ in range(TRIES):
            if not (self.dead | self.mute | self.lost)[meter] and self.chance.random() < POLL_SUCCESS:
                self.observed.answered[meter] = True
                self.observed.gasped[meter] = False
                self.observed.polls_failed[meter] = 0
                return
            self.observed.polls_failed[meter] += 1


def draw_dead(area: Wires, kind: str, chance: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Meters that an outage of the kind takes."""
    if kind == "meter":
        return np.arange(METERS) == chance.integers(METERS)
    level, _, phase = kind.partition("-")
    dead = np.ones(METERS, dtype=np.bool_)
    if level != "area":
        column = area.places[:, ("feeder", "branch", "box").index(level)]
        dead = column == column[chance.integers(METERS)]
    if phase:
        of_phase = dead & (area.phase == chance.integers(3))
        return of_phase if of_phase.any() else draw_dead(area, kind, chance)
    return dead


def draw(area: Wires, kind: str, p: float, chance: np.random.Generator, *, is_correlated: bool) -> Draw:
    """An outage of a kind of CLASSES, "comm" or "nothing"."""
    dead, mute = np.zeros(METERS, dtype=np.bool_), np.zeros(METERS, dtype=np.bool_)
    if kind == "comm":
        meter = int(chance.integers(METERS))
        mute[meter] = True
        if chance.random() < 0.5:             # half of them with everything behind it
            for _ in range(8):
                mute |= (area.relay >= 0) & mute[np.maximum(area.relay, 0)]
    elif kind != "nothing":
        dead = draw_dead(area, kind, chance)
    behind = np.zeros(METERS, dtype=np.bool_)
    for _ in range(8):                        # what is behind a dead relay is mute until it has found another way
        behind |= (area.relay >= 0) & (dead | behind)[np.maximum(area.relay, 0)]
    lost = behind & ~dead & (chance.random(METERS) < LOST_WITH_RELAY)
    of_box = np.full(FEEDERS * BRANCHES * BOXES, p)
    if is_correlated:
        of_box = chance.beta(CONCENTRATION * p, CONCENTRATION * (1 - p), len(of_box))
    observed = Observed.nothing(METERS)
    observed.gasp_chance[:] = p
    observed.via[:] = area.relay
    observed.gasped[:] = chance.random(METERS) < np.where(dead, of_box[area.places[:, 2]], FALSE_GASP)
    return Draw(dead=dead, mute=mute, lost=lost, observed=observed, kind=kind, chance=chance)


def sweep(one: Draw) -> None:
    for meter in range(METERS):
        one.poll(meter)


def ask_ten(one: Draw, locator: Locator, concentration: float, *, least: float = 1e-6) -> None:
    """The meter of which least is known, ten times or until nothing is in doubt."""
    for _ in range(10):
        dead = locator.judge(one.observed, concentration=concentration).dead
        unsure = dead * (1.0 - dead)
        if unsure.max() < least:
            return
        one.poll(int(np.argmax(unsure)))


def told_dead(judgement: Judgement, least: float = SAID) -> npt.NDArray[np.bool_]:
    """Members of what is called an outage."""
    dead = np.zeros(METERS, dtype=np.bool_)
    for fault in judgement.faults:
        if fault.best.rival is Rival.OUTAGE and fault.is_real >= least:
            dead[list(fault.members)] = True
    return dead


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Wilson, 95 %."""
    if not trials:
        return 0.0, 1.0
    z, share = 1.96, hits / trials
    middle, half = share + z * z / 2 / trials, z * math.sqrt(share * (1 - share) / trials + z * z / 4 / trials**2)
    return (middle - half) / (1 + z * z / trials), (middle + half) / (1 + z * z / trials)


def share_row(
    name: str, hits: int, trials: int, *, sheet: float | None = None, least: float | None = None, most: float | None = None
) -> Row:
    """``ok`` unless the whole interval misses the goal."""
    low, high = interval(hits, trials)
    goal = "-" if sheet is None else f"sheet {sheet:.3f}"
    goal = f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else goal
    ok = (least is None or high >= least) and (most is None or low <= most)
    return Row(name=f"{name} [{low:.3f}, {high:.3f}] n={trials}", figure=hits / max(1, trials), unit="share", goal=goal, ok=ok)


def kinds(draws: int, chance: np.random.Generator) -> Iterator[str]:
    names, weights = list(CLASSES), np.array(list(CLASSES.values()))
    yield from (names[number] for number in chance.choice(len(names), draws, p=weights / weights.sum()))


def exact_rows(draws: int, seed: int) -> list[Row]:
    """Given that there was one outage: whether its meters are named exactly."""
    given = LocateSettings(outage_chance=1.0, comm_chance=1e-9, max_faults=1, least_real=1e-9, wrong_place_share=0.0)
    rows = []
    for p, sheets in EXACT_SHEET.items():
        for is_correlated, sheet in zip((False, True), sheets, strict=True):
            chance = np.random.default_rng([seed, int(100 * p), is_correlated])
            concentration = CONCENTRATION if is_correlated else np.inf
            hits = Counter[str]()
            area = wires(chance, wrong_share=0.0)
            locator = Locator(area.archive, given)
            for kind in kinds(draws, chance):
                one = draw(area, kind, p, chance, is_correlated=is_correlated)
                one.lost[:] = False                   # the sheet has no ways that break
                first = replace_observed(one)
                hits["last gasps only"] += _is_exact(one, locator, concentration)
                ask_ten(one, locator, concentration)
                hits["10 polls"] += _is_exact(one, locator, concentration)
                sweep(first)
                hits["sweep"] += _is_exact(first, locator, concentration)
            how = "correlated" if is_correlated else "independent"
            for number, what in enumerate(("last gasps only", "10 polls", "sweep")):
                rows.append(share_row(f"exact, p {p:g}, {how}, {what}", hits[what], draws, sheet=sheet[number]))
    return rows


def replace_observed(one: Draw) -> Draw:
    """The same outage with evidence of its own."""
    seen = one.observed
    copied = replace(seen, gasped=seen.gasped.copy(), answered=seen.answered.copy(), polls_failed=seen.polls_failed.copy())
    return Draw(dead=one.dead, mute=one.mute, lost=one.lost, observed=copied, kind=one.kind, chance=one.chance)


def _is_exact(one: Draw, locator: Locator, concentration: float) -> bool:
    return bool((told_dead(locator.judge(one.observed, concentration=concentration), 0.0) == one.dead).all())


def detect_rows(draws: int, seed: int) -> list[Row]:
    """Outages, failures of communication and nothing in equal thirds, with a sweep; also with a wrong archive."""
    rows = []
    for wrong_share in (0.0, WRONG_SHARE):
        for p in DETECT_SHEET:
            chance = np.random.default_rng([seed, 7, int(100 * p), int(100 * wrong_share)])
            hits, trials = Counter[str](), Counter[str]()
            for number in range(draws):
                if number % 50 == 0:
                    area = wires(chance, wrong_share=wrong_share)
                    locator = Locator(area.archive)
                for kind in (next(kinds(1, chance)), "comm", "nothing"):
                    one = draw(area, kind, p, chance, is_correlated=True)
                    group = kind if kind in ("comm", "nothing") else "outage"
                    for what in ("no sweep", "sweep"):
                        if what == "sweep":
                            sweep(one)
                        told = told_dead(locator.judge(one.observed, concentration=CONCENTRATION))
                        trials[f"{group}, {what}"] += 1
                        hits[f"{group}, {what}"] += bool((told & one.dead).any()) if group == "outage" else bool(told.any())
            archive = "right archive" if not wrong_share else f"{100 * wrong_share:g} % wrong archive"
            for number, what in enumerate(("no sweep", "sweep")):
                name = f"p {p:g}, {archive}, {what}"
                rows.append(share_row(f"found, {name}", hits[f"outage, {what}"], trials[f"outage, {what}"], sheet=DETECT_SHEET[p][number]))
                rows.append(share_row(f"alarm given comm. failure, {name}", hits[f"comm, {what}"], trials[f"comm, {what}"], most=0.005))
                rows.append(share_row(f"alarm given nothing, {name}", hits[f"nothing, {what}"], trials[f"nothing, {what}"], most=0.001))
    return rows


def class_rows(draws: int, seed: int) -> list[Row]:
    """Each class with a sweep: found, exact where found, and whether what is told beside it is true."""
    rows = []
    for wrong_share in (0.0, WRONG_SHARE):
        for p, is_correlated, column in ((0.7, False, 0), (0.7, True, 1), (0.9, False, 2), (0.9, True, 3)):
            totals = Counter[str]()
            for kind, sheet in CLASS_SHEET.items():
                chance = np.random.default_rng([seed, 11, int(100 * p), is_correlated, int(100 * wrong_share), len(kind)])
                hits = Counter[str]()
                for number in range(draws):
                    if number % 50 == 0:
                        area = wires(chance, wrong_share=wrong_share)
                        locator = Locator(area.archive)
                    one = draw(area, kind, p, chance, is_correlated=is_correlated)
                    sweep(one)
                    told = told_dead(locator.judge(one.observed, concentration=CONCENTRATION if is_correlated else np.inf))
                    hits["found"] += bool((told & one.dead).any())
                    hits["exact"] += bool((told == one.dead).all())
                    one.lost[:] = False
                    for meter in np.flatnonzero(~one.observed.answered):
                        one.poll(int(meter))
                    ask_ten(one, locator, CONCENTRATION if is_correlated else np.inf, least=0.01)
                    told = told_dead(locator.judge(one.observed, concentration=CONCENTRATION if is_correlated else np.inf))
                    hits["found again"] += bool((told & one.dead).any())
                    hits["exact again"] += bool((told == one.dead).all())
                name = f"{kind}, p {p:g}, {'correlated' if is_correlated else 'independent'}, {100 * wrong_share:g} % wrong archive"
                goal = _recall_goal(kind, p)
                rows.append(share_row(f"found, {name} (sheet {sheet[column]:.3f})", hits["found"], draws, least=goal))
                totals += hits
            name = f"exact where found, p {p:g}, {'correlated' if is_correlated else 'independent'}, {100 * wrong_share:g} % wrong archive"
            rows.append(share_row(name, totals["exact"], totals["found"], least=0.98))
            name = f"{name}, ways found again, silent and doubtful ones asked again"
            rows.append(share_row(name, totals["exact again"], totals["found again"], least=0.98))
    return rows


def _recall_goal(kind: str, p: float) -> float | None:
    if kind in LARGE:
        return 0.995 if p >= 0.9 else 0.96
    return p - 0.02 if kind == "meter" else None


TABLES: dict[str, Callable[[int, int], list[Row]]] = {"exact": exact_rows, "detect": detect_rows, "class": class_rows}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--table", choices=sorted(TABLES), action="append")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for name in arguments.table or TABLES:
        rows += TABLES[name](arguments.draws, arguments.seed)
        print(f"{name}: done", file=sys.stderr)
    return print_rows(rows, as_json=arguments.json)


if __name__ == "__main__":
    sys.exit(main())
