"""Last gasps on their way to the agent, as the power-line path delivers them: fitted to it, not derived from anybody's model of it.

``channel_fit.json`` was made by ``python -m benchmarks.outage.fit_channel``. Abstracted PHY, not calibrated against silicon.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

FIT = Path(__file__).with_name("channel_fit.json")
LOST = float("inf")
KAPPA = 5.0          # concentration within a box where the delivery is given (outage.md 1.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathOutage:
    """One that went over the path.

    ``share``: of its dying modules that were reported; whether a branch behind open contacts is heard at all differs from outage to outage.
    ``batches``: when (seconds after the fault) which share of those: a coordinator gathers, so they come together.
    """

    share: float
    batches: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFit:
    """``kappa``: concentration of the Beta of the delivery within one box, around the share of its outage."""

    kappa: float
    outages: tuple[PathOutage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollFit:
    """Seconds from the agent's wish to read a meter until it knows, as quantiles at even steps from 0 to 1.

    ``dead``: how many of those that are asked at once cannot answer: each holds up who is behind it.
    """

    dead: int
    answered_s: tuple[float, ...]
    failed_s: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFit:
    classes: Mapping[str, ClassFit]
    polls: tuple[PollFit, ...]             # by rising number of the dead
    power_back_s: tuple[float, ...]        # from supply to the report of it, quantiles of those that were reported
    power_back: float                      # share that is reported

    @classmethod
    def read(cls, path: Path = FIT) -> ChannelFit:
        given = json.loads(path.read_text(encoding="utf-8"))
        classes = {
            name: ClassFit(
                kappa=fit["kappa"], outages=tuple(
                    PathOutage(share=one["share"], batches=tuple((float(at_s), float(part)) for at_s, part in one["batches"]))
                    for one in fit["outages"]
                ),
            )
            for name, fit in given["classes"].items()
        }
        polls = tuple(
            PollFit(dead=fit["dead"], answered_s=tuple(fit["answered_s"]), failed_s=tuple(fit["failed_s"])) for fit in given["polls"]
        )
        return cls(
            classes=classes, polls=polls, power_back_s=tuple(given["power_back"]["delay_s"]), power_back=given["power_back"]["share"],
        )

    def polls_beside(self, dead: int) -> PollFit:
        """The fit to trials with about as many dead asked at once."""
        return min(self.polls, key=lambda fit: abs(fit.dead - dead))


def draw_gasps(
    fit: ClassFit, boxes: Sequence[str], chance: np.random.Generator, *, delivery: float | None = None
) -> npt.NDArray[np.float64]:
    """Delays of dying meters in seconds after the fault, LOST = never reported; shape (len(boxes),).

    Args:
        boxes: where each dying meter hangs: losses are correlated within a box.
        delivery: of the dying modules instead of the fitted one.
    """
    outage = fit.outages[int(chance.integers(len(fit.outages)))]
    mean, kappa = (outage.share, fit.kappa) if delivery is None else (delivery, KAPPA)
    mean = min(max(mean, 1e-6), 1.0 - 1e-6)
    names = sorted(set(boxes))
    share = dict(zip(names, chance.beta(mean * kappa, (1.0 - mean) * kappa, len(names)), strict=True))
    arrives = chance.random(len(boxes)) < np.array([share[box] for box in boxes])
    heard = [one for one in fit.outages if one.batches]
    if not outage.batches:                     # nobody of that outage was heard: those who are come as others came
        outage = heard[int(chance.integers(len(heard)))]
    times, shares = np.array([at_s for at_s, _ in outage.batches]), np.array([part for _, part in outage.batches])
    at_s = times[chance.choice(len(times), len(boxes), p=shares / shares.sum())]
    return np.where(arrives, at_s, LOST)


def draw_quantile(quantiles: Sequence[float], chance: np.random.Generator) -> float:
    """From a distribution that is given by its quantiles at even steps."""
    at = float(chance.random()) * (len(quantiles) - 1)
    below = int(at)
    return quantiles[below] + (at - below) * (quantiles[below + 1] - quantiles[below])
