"""Which appliance started: the shipped forest on a start-up window of current.

Eleven kinds are known, those of the PLAID set; anything else is answered with the likest of them, so a low probability means little
and a high one only "more like this than like the other ten". Trained on 30 kHz windows at 60 Hz
mains; lower rates and 50 Hz were tried on computed waveforms only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.detect.appliance_forest import Forest, read_forest
from edge_agent.detect.appliance_start import START_FEATURES, rectified, start_features

PARAMETERS = Path(__file__).with_name("appliance_plaid.npz")    # made by simulator/scoring/train_plaid.py
APPLIANCES = (                                                   # in the order of the class numbers of the set
    "air_conditioner", "compact_fluorescent_lamp", "fan", "fridge", "hairdryer", "heater", "incandescent_bulb", "laptop", "microwave",
    "vacuum_cleaner", "washing_machine",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """``probability``: share of the forest's votes, 0..1."""

    name: str
    probability: float


def identify(current_a: npt.ArrayLike, rate_hz: float, mains_hz: float) -> list[Appliance]:
    """All known kinds, the likeliest first, for a window with the start of one appliance in it.

    Args:
        current_a: shape (n,), instantaneous, at least ten samples a cycle. Best a cycle or more before the start and 0.3 s or more
            after it: without the idle part, or cut after 0.2 s, about one answer in ten more is wrong on PLAID.
    Raises:
        ValueError: the window is too short, too coarse, or has no current in it.
    """
    return identify_points(rectified(current_a, rate_hz, mains_hz))


def identify_points(points: npt.ArrayLike) -> list[Appliance]:
    """The same for a window that is already reduced to ten points a cycle (``appliance_start.rectified``). Raises ValueError."""
    found = shipped_forest().probabilities(start_features(points)[np.newaxis])[0]
    order = np.argsort(-found, kind="stable")
    return [Appliance(name=shipped_forest().classes[place], probability=float(found[place])) for place in order.tolist()]


@cache
def shipped_forest() -> Forest:
    """Read once. Raises ValueError when it was trained on other features than those of this version."""
    forest = read_forest(PARAMETERS)
    if forest.features != START_FEATURES:
        raise ValueError(f"{PARAMETERS}: trained on other features; run simulator/scoring/train_plaid.py")
    return forest
