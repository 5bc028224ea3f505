"""Draws of every class played to the shipped agent, and what it and the simpler rules made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from edge_agent.model import Archive, Role
from simulator.grid.areas import Area
from simulator.load.streams import Streams
from simulator.run.metering import archive_of
from simulator.run.outage_rig import CCO_BUS, RigJournal, shifted_draws
from simulator.scenario.scenario_file import Scenario, scenario_of
from simulator.scoring.outage.baselines import any_gasp, first_call_s, half_silent, own_supply
from simulator.scoring.outage.channel import ChannelFit
from simulator.scoring.outage.course import Course, CourseSettings, Draw, Played
from simulator.scoring.outage.faults import OUTAGES, Fault, OutageClass, draw_fault, draw_relays
from simulator.scoring.outage.states import MODELS, Solved, solve_faults
from simulator.scoring.outage.told import Verdict, verdict_of

AT_ONCE_S = 300.0             # what is told by then counts as told at once
_CHUNK = 8                    # draws that a process plays in one go
_TRIES = 50                   # for a fault of a class that darkens anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawSettings:
    """``wrong_archive``: share of meters under another box, and share on another phase, in the archive that the agent gets."""

    meters: int = 273
    style: str = "urban_cable"
    seed: int = 1
    draws: int = 2000
    wrong_archive: float = 0.0
    course: CourseSettings = field(default_factory=CourseSettings)
    classes: tuple[OutageClass, ...] = tuple(OutageClass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A simpler rule on one draw. ``told``, ``exact``: at once; ``is_false``: at the end, whoever it takes for dark has supply mostly."""

    told: bool
    exact: bool
    is_false: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One draw."""

    fault_class: OutageClass
    dark: int
    verdict: Verdict
    rivals: dict[str, Rival]
    call_s: float
    polls: int


def area_of(settings: DrawSettings) -> Scenario:
    """An evening in a generated area."""
    return scenario_of(f"{settings.style}-{settings.meters}-{settings.seed}", {
        "description": "an evening in a generated area", "seed": settings.seed,
        "area": {"style": settings.style, "meters": settings.meters},
        "time": {"day": 100, "begin_hour": 18, "hours": 6, "step_s": 10.0, "poll_s": 60.0},
    })


def archive_for(scenario: Scenario, wrong_share: float, chance: np.random.Generator) -> Archive:
    """Of the agent: all customers behind one coordinator, ``wrong_share`` of them in the wrong box, as many on the wrong phase."""
    given = archive_of(scenario.area, MODELS)
    boxes = sorted({meter.node for meter in scenario.area.meters})
    meters = []
    for meter in given.meters:
        if meter.role is not Role.CUSTOMER:
            meters.append(meter)
            continue
        node, phases = meter.node, meter.grid_phases
        if chance.random() < wrong_share and len(boxes) > 1:
            node = boxes[(boxes.index(node) + int(chance.integers(1, len(boxes)))) % len(boxes)]
        if chance.random() < wrong_share and len(phases) == 1:
            phases = "abc"[("abc".index(phases) + int(chance.integers(1, 3))) % 3]
        meters.append(replace(meter, bus=CCO_BUS, node=node, grid_phases=phases))
    return Archive(given.area, tuple(meters), transformer=given.transformer)


def score_draws(
    scenario: Scenario, settings: DrawSettings, say: Callable[[str, float], None] = lambda what, share: None, *, processes: int = 1
) -> list[Scored]:
    """As many of each class. ``say`` is told what is done, and which share of it; the figures are the same for any number of processes.

    Raises:
        NotSolvedError: a fault has no solution.
    """
    streams = Streams(settings.seed)
    relays = draw_relays(scenario.area, streams.named("outage/relays"))
    archive = archive_for(scenario, settings.wrong_archive, streams.named("outage/archive"))
    faults = _faults(scenario, settings, relays, streams)
    solved = solve_faults(scenario.area, shifted_draws(scenario), faults, lambda share: say("grid solved", share))
    faults = _darkening(scenario, faults, solved, relays, streams)
    calls = streams.named("outage/calls")
    cases = [
        (Draw(fault=fault, solved=solved[fault.key], relays=relays, seed=settings.seed * 1_000_003 + number), first_call_s(calls))
        for number, fault in enumerate(faults)
    ]
    found = []
    for one in _played(scenario.area, archive, settings.course, cases, processes):
        found.append(one)
        say("outages", len(found) / len(cases))
    return found


def _played(
    area: Area, archive: Archive, course: CourseSettings, cases: Sequence[tuple[Draw, float]], processes: int
) -> Iterator[Scored]:
    chunks = [cases[begin : begin + _CHUNK] for begin in range(0, len(cases), _CHUNK)]
    play = partial(_play, area, archive, course)
    if processes == 1:
        for chunk in chunks:
            yield from play(chunk)
        return
    with ProcessPoolExecutor(processes) as pool:
        for found in pool.map(play, chunks):
            yield from found


def _play(area: Area, archive: Archive, settings: CourseSettings, cases: Sequence[tuple[Draw, float]]) -> list[Scored]:
    """Also in a process of its own."""
    with RigJournal() as journal:
        course = Course(area, archive, ChannelFit.read(), settings, journal)
        return [_scored(course.play(draw), archive, settings.watch_s, call_s) for draw, call_s in cases]


def _faults(scenario: Scenario, settings: DrawSettings, relays: tuple[int, ...], streams: Streams) -> list[Fault]:
    each = max(1, settings.draws // len(settings.classes))
    return [
        draw_fault(scenario.area, fault_class, relays, chance)
        for fault_class in settings.classes
        for chance in [streams.named(f"outage/{fault_class}")]
        for _ in range(each)
    ]


def _darkening(
    scenario: Scenario, faults: Sequence[Fault], solved: dict[str, Solved], relays: tuple[int, ...], streams: Streams
) -> list[Fault]:
    """A conductor that feeds nobody alone darkens nobody when it opens: another place is drawn until one does."""
    found = []
    for fault in faults:
        chance = streams.named(f"outage/again/{fault.key}")
        tries = 0
        while fault.fault_class in OUTAGES and not solved[fault.key].during.dark.any() and tries < _TRIES:
            fault, tries = draw_fault(scenario.area, fault.fault_class, relays, chance), tries + 1
            if fault.key not in solved:
                solved.update(solve_faults(scenario.area, shifted_draws(scenario), [fault]))
        found.append(fault)
    return found


def _scored(played: Played, archive: Archive, back_s: float, call_s: float) -> Scored:
    dark, at_once, in_all = played.dark, _rival_sets(played, archive, AT_ONCE_S), _rival_sets(played, archive, float("inf"))
    rivals = {
        name: Rival(
            told=bool(found & dark), exact=bool(dark) and found == dark,
            is_false=bool(in_all[name]) and 2 * len(in_all[name] & dark) < len(in_all[name]),
        )
        for name, found in at_once.items()
    }
    return Scored(
        fault_class=played.fault.fault_class, dark=len(dark), rivals=rivals, call_s=call_s, polls=played.polls,
        verdict=verdict_of(played.told, dark, played.dark_left, back_s=back_s),
    )


def _rival_sets(played: Played, archive: Archive, until_s: float) -> dict[str, frozenset[int]]:
    return {"B0": any_gasp(played, until_s), "B1": half_silent(played, archive, until_s), "B2": own_supply(played, archive, until_s)}
