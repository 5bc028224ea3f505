"""A mean-field Markov model of the back-off rule of Q/GDW 12087.42, written from its text; it shares nothing with the simulator.

The rule differs from the well-known one of 802.11: the timer stands still while the medium is busy (a station that transmitted alone may
draw 0 and go on at once; nobody else can), windows are 2^2 .. 2^8, nine tries, and only a transmission without answer widens the window.

Time is cut at idle slots. Between two of them lies a train of busy slots: the stations whose counters just reached 0 transmit; who then
draws 0 again transmits in the next slot of the train, against those of the same train only.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
import numpy.typing as npt

WINDOWS = [4, 8, 16, 32, 64, 128, 256, 256, 256]
STAGES = len(WINDOWS)


@dataclass(frozen=True)
class Saturation:
    successes_per_s: float
    collision_probability: float


def binomial(n: int, k: int, p: float) -> float:
    return float(comb(n, k) * p**k * (1.0 - p) ** (n - k))


def after_failure(stage: int) -> int:
    """The ninth failure gives the frame up: the next one begins at stage 0."""
    return stage + 1 if stage + 1 < STAGES else 0


def zero_chance(stages: npt.NDArray[np.float64], depth: int) -> float:
    """Chance that a station of this distribution of stages draws 0 after ``depth`` failures in a row."""
    chance = 0.0
    for stage, weight in enumerate(stages):
        at = stage
        for _ in range(depth):
            at = after_failure(at)
        chance += weight / WINDOWS[at]
    return float(chance)


def leaves_train(stage: int, others: int, depth: int, zeros: list[float]) -> npt.NDArray[np.float64]:
    """Distribution of the stage at which a station that transmits with ``others`` leaves the train (counter above 0)."""
    out = np.zeros(STAGES)
    if others == 0:
        out[0] = 1.0                      # success, perhaps several; leaves at stage 0 in any case
        return out
    failed = after_failure(stage)
    again = 1.0 / WINDOWS[failed]
    out[failed] += 1.0 - again
    if depth + 1 >= len(zeros):
        out[failed] += again
        return out
    for also in range(others + 1):
        out += again * binomial(others, also, zeros[depth]) * leaves_train(failed, also, depth + 1, zeros)
    return out


def train(stations: int, depth: int, zeros: list[float], success_s: float, failure_s: float) -> tuple[float, float]:
    """Expected successes and seconds of what follows when this many transmit at once."""
    if stations == 0:
        return 0.0, 0.0
    if stations == 1:
        repeats = 1.0 / (1.0 - 1.0 / WINDOWS[0])
        return repeats, repeats * success_s
    successes, seconds = 0.0, failure_s
    if depth + 1 < len(zeros):
        for again in range(1, stations + 1):
            more = train(again, depth + 1, zeros, success_s, failure_s)
            chance = binomial(stations, again, zeros[depth])
            successes, seconds = successes + chance * more[0], seconds + chance * more[1]
    return successes, seconds


def saturation(stations: int, *, slot_s: float, success_s: float, failure_s: float) -> Saturation:
    """Throughput when every station always has a frame and all hear each other."""
    tau, stages = 0.1, np.full(STAGES, 1.0 / STAGES)
    crowd = min(stations - 1, 6)
    for _ in range(400):
        zeros = [zero_chance(stages, depth) for depth in range(1, 4)]
        moves = np.array([
            sum(binomial(stations - 1, others, tau) * leaves_train(stage, others, 0, zeros) for others in range(crowd + 1))
            for stage in range(STAGES)
        ])
        moves /= moves.sum(axis=1, keepdims=True)
        values, vectors = np.linalg.eig(moves.T)
        stationary = np.real(vectors[:, np.argmax(np.real(values))])
        stationary /= stationary.sum()
        # a counter that is not 0 is uniform in 1..W-1: W/2 idle slots on average
        found = 1.0 / float(stationary @ (np.array(WINDOWS) / 2.0))
        tau, stages = 0.7 * tau + 0.3 * found, stationary
    expected = [train(many, 0, zeros, success_s, failure_s) for many in range(min(stations, crowd + 1) + 1)]
    successes = sum(binomial(stations, many, tau) * one[0] for many, one in enumerate(expected))
    seconds = slot_s + sum(binomial(stations, many, tau) * one[1] for many, one in enumerate(expected))
    return Saturation(successes_per_s=successes / seconds, collision_probability=1.0 - (1.0 - tau) ** (stations - 1))


def saturation_of_two(*, slot_s: float, success_s: float, failure_s: float) -> Saturation:
    """Two stations, exactly: a chain over what is known after each busy slot.

    After a success one station draws anew at stage 0 while the other has ``left`` slots of its window of ``stage``: (stage, left).
    After a collision both draw anew: (one stage, other stage).
    """
    after_success = [(stage, left) for stage in range(STAGES) for left in range(1, WINDOWS[stage])]
    states = {state: row for row, state in enumerate(after_success)}
    collided = {(one, other): len(states) + row for row, (one, other) in enumerate((a, b) for a in range(STAGES) for b in range(STAGES))}
    size = len(states) + len(collided)
    moves, idle, failed = np.zeros((size, size)), np.zeros(size), np.zeros(size)

    def draw(row: int, chance: float, mine: tuple[int, int], other: tuple[int, int]) -> None:
        """Both are (stage, slots to wait); the smaller transmits, equals collide."""
        idle[row] += chance * min(mine[1], other[1])
        if mine[1] == other[1]:
            failed[row] += chance
            moves[row, collided[after_failure(mine[0]), after_failure(other[0])]] += chance
            return
        stage, slots = max(mine, other, key=lambda one: one[1])
        moves[row, states[stage, slots - min(mine[1], other[1])]] += chance

    for (stage, left), row in states.items():
        for slots in range(WINDOWS[0]):
            draw(row, 1.0 / WINDOWS[0], (0, slots), (stage, left))
    for (one, other), row in collided.items():
        pairs = WINDOWS[one] * WINDOWS[other]
        least = min(WINDOWS[one], WINDOWS[other])
        idle[row] = sum((WINDOWS[one] - slots) * (WINDOWS[other] - slots) for slots in range(1, least)) / pairs    # sum of P(both >= slots)
        failed[row] = least / pairs
        moves[row, collided[after_failure(one), after_failure(other)]] += least / pairs
        for stage, window, shorter in ((one, WINDOWS[one], WINDOWS[other]), (other, WINDOWS[other], WINDOWS[one])):
            for left in range(1, window):
                moves[row, states[stage, left]] += min(window - left, shorter) / pairs
    balance = moves.T - np.eye(size)
    balance[-1] = 1.0                                  # one equation of balance follows from the others; shares sum to 1
    share = np.linalg.solve(balance, np.eye(size)[-1])
    failures = float(share @ failed)
    seconds = float(share @ idle) * slot_s + (1.0 - failures) * success_s + failures * failure_s
    return Saturation(successes_per_s=(1.0 - failures) / seconds, collision_probability=2 * failures / (1.0 + failures))
