"""Scenarios drawn from a seed: a storm of outages, or faults of every sort mixed, in an area that is drawn as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.areas import STYLES, Area, make_area
from simulator.load.streams import Streams

_SHORTEST_S, _LONGEST_S = 600, 5400
_QUIET_S = 900                       # before the first fault: everybody has been read by then


def draw_scenario(kind: str, *, seed: int, meters: int = 200, faults: int = 8, hours: float = 6.0) -> dict[str, Any]:
    """The content of a scenario file. ``kind``: "outage_storm" or "mixed_faults".

    Raises:
        ConfigError: an unknown kind, or numbers that no scenario has.
    """
    draw = KINDS.get(kind)
    if draw is None:
        raise ConfigError([f"kind {kind!r}: one of {', '.join(KINDS)} is possible"])
    if not (1 <= faults <= 100 and 1.0 <= hours <= 1000.0):
        raise ConfigError([f"{faults} faults in {hours:g} hours: 1 to 100 faults in 1 to 1000 hours are possible"])
    chance = Streams(seed).named(f"draw/{kind}")
    style = sorted(STYLES)[int(chance.integers(len(STYLES)))]
    area = make_area(style, meters, seed=seed)
    last_s = int(3600 * hours) - _SHORTEST_S
    # a storm comes within an hour and a half; mixed faults are spread over the whole time
    until_s = min(last_s, _QUIET_S + 5400) if kind == "outage_storm" else last_s
    begins = sorted(int(begin) for begin in chance.integers(_QUIET_S, max(_QUIET_S + 1, until_s), faults))
    changes = []
    for number, begin_s in enumerate(begins, 1):
        fault_class, place, edits = draw(chance, area)
        end_s = begin_s + int(chance.integers(_SHORTEST_S, _LONGEST_S))
        changes.append({"id": f"f{number}", "class": fault_class, "place": place, "at": begin_s, "until": end_s, "edits": edits})
    return {
        "description": f"{kind}: {faults} faults drawn from seed {seed}", "seed": seed, "area": {"style": style, "meters": meters},
        "time": {
            "day": int(chance.integers(365)), "begin_hour": float(chance.integers(24)), "hours": hours, "step_s": 10.0, "poll_s": 60.0,
        },
        "change": changes,
    }


def _outage(chance: np.random.Generator, area: Area) -> tuple[str, str, list[dict[str, Any]]]:
    meter = area.meters[int(chance.integers(len(area.meters)))]
    box, branch, feeder = meter.node, meter.node.rsplit("/", 1)[0], meter.node.split("/")[0]
    level = chance.random()
    if level < 0.3:
        return "service_outage", meter.id, [{"op": "open", "branch": meter.service}]
    if level < 0.6:
        return "box_outage", box, [{"op": "open", "branch": box}]
    if level < 0.85:
        return "branch_outage", branch, [{"op": "open", "branch": branch}]
    if level < 0.95:
        return "feeder_outage", feeder, [{"op": "open", "branch": feeder}]
    return "transformer_outage", "lv", [{"op": "hv_open", "conductor": phase} for phase in "ABC"]


def _mixed(chance: np.random.Generator, area: Area) -> tuple[str, str, list[dict[str, Any]]]:
    meter = area.meters[int(chance.integers(len(area.meters)))]
    branch = meter.node.rsplit("/", 1)[0]
    phase = "ABC"[int(chance.integers(3))]
    own, leak = meter.phases[0].upper(), f"leak-{int(chance.integers(10**9))}"
    ohm = round(float(chance.uniform(0.1, 0.6)), 3)
    makers: list[Callable[[], tuple[str, str, list[dict[str, Any]]]]] = [
        lambda: _outage(chance, area),
        lambda: ("phase_loss", branch, [{"op": "open", "branch": branch, "conductors": [phase]}]),
        lambda: ("broken_neutral", branch, [{"op": "open", "branch": branch, "conductors": ["N"]}]),
        lambda: ("hv_phase_loss", "lv", [{"op": "hv_open", "conductor": phase}]),
        lambda: ("loose_joint", meter.id, [{"op": "series_r", "branch": meter.service, "conductor": own, "ohm": ohm}]),
        lambda: ("loose_neutral", branch, [{"op": "series_r", "branch": branch, "conductor": "N", "ohm": ohm}]),
        lambda: ("leakage", meter.node, [{"op": "shunt_r", "id": leak, "bus": meter.node, "conductor": phase, "ohm": 200.0}]),
        lambda: ("theft_bypass", meter.id, [{"op": "tap_meter", "meter": meter.id, "kw": round(float(chance.uniform(1.0, 4.0)), 2)}]),
        lambda: ("customer_side_loss", meter.id, [{"op": "set_meter", "meter": meter.id, "factor": 0.0}]),
    ]
    return makers[int(chance.integers(len(makers)))]()


KINDS: dict[str, Callable[[np.random.Generator, Area], tuple[str, str, list[dict[str, Any]]]]] = {
    "outage_storm": _outage, "mixed_faults": _mixed,
}
