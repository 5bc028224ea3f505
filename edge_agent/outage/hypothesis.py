"""What may have happened, and what the evidence makes of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

AREA = ""        # node path of the whole area


class Rival(enum.Enum):
    NOTHING = "nothing"
    OUTAGE = "outage"
    COMM = "comm"          # they live, and the way to them is broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """One explanation.

    An outage is at a ``node`` (AREA = transformer or upstream of it), of one phase of the grid ("a") or of all (""), or at one ``meter``
    (archive index) alone. A failure of communication is behind a ``meter`` that relays, of one ``meter``'s own module, or of a ``bus``.
    """

    rival: Rival
    node: str = AREA
    phases: str = ""
    meter: int = -1
    bus: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """One fault, as far as the evidence goes.

    Attributes:
        best: the most likely explanation.
        members: archive indices of the meters that it explains: those below it without an answer, and those elsewhere in the archive whose
            own evidence says that they belong to it.
        probability: of ``best`` against every other explanation of these meters.
        is_real: probability that this is an outage of some place at all, not a failure of communication and not nothing.
        runner_up: the second, with a probability of ``probability / odds``.
        odds: of ``best`` to the runner-up.
        disagreeing: meters whose place or phase in the archive contradicts what they say.
    """

    best: Hypothesis
    members: tuple[int, ...]
    probability: float
    is_real: float
    runner_up: Hypothesis
    odds: float
    disagreeing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """``faults``: several at once, the one with the most evidence first. ``dead``: shape (n,), probability that a meter has no supply."""

    faults: tuple[Located, ...]
    dead: npt.NDArray[np.float64]


def nothing_of(n_meters: int) -> Judgement:
    """The judgement where there is no evidence."""
    return Judgement(faults=(), dead=np.zeros(n_meters))
