"""The back-off rule as a Markov chain of how many stations are in which stage: sharper than the mean field where stations are few.

The mean field takes stations as independent. They are not: two stations with small windows collide and do not stay so for long. Here the
state is the number of stations by stage. Counters of stage 0 (1, 2, 3) are exact; a counter of a later stage is taken to be memoryless
with the mean of its window, W/2 idle slots. Like ``backoff_model`` written from the text of Q/GDW 12087.42, with nothing of the simulator.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import product
from math import comb, prod

import numpy as np

from tests.simulator.hplc.mac.backoff_model import STAGES, WINDOWS, Saturation, after_failure

FRESH = 3                                   # categories 0, 1, 2: stage 0 with counter 1, 2, 3; then stages 1, 2, ...
CATEGORIES = FRESH + STAGES - 1
NEGLIGIBLE = 1e-5       # of an outcome: left out
Counts = tuple[int, ...]                    # of stations, by category or by stage
Outcome = tuple[tuple[Counts, float], ...]  # who leaves the train where, with its chance


def split(stations: int, chance: float) -> list[tuple[int, float]]:
    return [(some, comb(stations, some) * chance**some * (1.0 - chance) ** (stations - some)) for some in range(stations + 1)]


def add(one: Counts, other: Counts) -> Counts:
    return tuple(a + b for a, b in zip(one, other, strict=True))


@cache
def fresh(stations: int) -> Outcome:
    """So many stations leave at stage 0, each with a counter of 1, 2 or 3."""
    found: dict[Counts, float] = defaultdict(float)
    for counters in product(range(FRESH), repeat=stations):
        left = [0] * CATEGORIES
        for counter in counters:
            left[counter] += 1
        found[tuple(left)] += FRESH ** -float(stations)
    return tuple(found.items())


@cache
def train(stages: Counts, depth: int = 0) -> tuple[float, float, Outcome]:
    """Stations of these stages transmit at once: expected successes and failures until the medium is idle, and where all of them end."""
    total = sum(stages)
    if total == 0:
        return 0.0, 0.0, (((0,) * CATEGORIES, 1.0),)
    if total == 1:
        return 1.0 / (1.0 - 1.0 / WINDOWS[0]), 0.0, fresh(1)
    successes, failures = 0.0, 1.0
    ends: dict[Counts, float] = defaultdict(float)
    each = [split(count, 1.0 / WINDOWS[after_failure(stage)] if depth < 2 else 0.0) for stage, count in enumerate(stages)]
    for zeros in product(*each):
        chance = prod(one[1] for one in zeros)
        if chance < NEGLIGIBLE:
            continue
        again, gone = [0] * STAGES, [0] * CATEGORIES
        for stage, (drew_zero, _) in enumerate(zeros):
            again[after_failure(stage)] += drew_zero
            if stage < STAGES - 1:
                gone[FRESH + stage] += stages[stage] - drew_zero
        more = train(tuple(again), depth + 1)
        successes, failures = successes + chance * more[0], failures + chance * more[1]
        given_up = stages[-1] - zeros[-1][0]
        for first, one in fresh(given_up):
            for second, other in more[2]:
                ends[add(add(tuple(gone), first), second)] += chance * one * other
    return successes, failures, tuple(ends.items())


def idle_slot(state: Counts) -> list[tuple[Counts, Counts, float]]:
    """All counters fall by one: who waits on, who transmits (by stage), and the chance of it."""
    moved = []
    for arrivals in product(*(split(count, 2.0 / WINDOWS[stage + 1]) for stage, count in enumerate(state[FRESH:]))):
        chance = prod(one[1] for one in arrivals)
        if chance < NEGLIGIBLE:
            continue
        came = [one[0] for one in arrivals]
        waiting = (state[1], state[2], 0, *(count - out for count, out in zip(state[FRESH:], came, strict=True)))
        moved.append((waiting, (state[0], *came), chance))
    return moved


def saturation_by_occupancy(stations: int, *, slot_s: float, success_s: float, failure_s: float, rounds: int = 2000) -> Saturation:
    """Throughput when every station always has a frame and all hear each other. The number of states grows like stations^11."""
    number: dict[Counts, int] = {}
    begin = (stations,) + (0,) * (CATEGORIES - 1)
    number[begin], todo = 0, [begin]
    rows, columns, chances, successes, failures = [], [], [], [], []
    while todo:
        state = todo.pop()
        won = failed = 0.0
        for waiting, sending, chance in idle_slot(state):
            more = train(sending)
            won, failed = won + chance * more[0], failed + chance * more[1]
            for left, one in more[2]:
                following = add(waiting, left)
                if following not in number:
                    number[following] = len(number)
                    todo.append(following)
                rows.append(number[state])
                columns.append(number[following])
                chances.append(chance * one)
        successes.append((number[state], won))
        failures.append((number[state], failed))
    won_by, failed_by = (np.zeros(len(number)) for _ in range(2))
    for by, found in ((won_by, successes), (failed_by, failures)):
        for row, value in found:
            by[row] = value
    share = np.full(len(number), 1.0 / len(number))
    weights, origin, target = np.array(chances), np.array(rows), np.array(columns)
    for _ in range(rounds):
        share = np.bincount(target, weights=share[origin] * weights, minlength=len(number))
    won, failed = float(share @ won_by), float(share @ failed_by)
    return Saturation(successes_per_s=won / (slot_s + won * success_s + failed * failure_s), collision_probability=failed / (won + failed))
