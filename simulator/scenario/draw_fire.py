"""A drawn area that lives for days at one step a minute: joints, neutrals and overloads among panels, chargers, thefts, gaps and swaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.areas import STYLES, Area, AreaMeter, make_area
from simulator.load.streams import Streams

_DAY_S = 86_400
_STEP_S = 60
_LEARNT_DAYS = 4.0            # detectors learn two to seven days; faults come after that
_SHORTEST_DAYS, _LONGEST_DAYS = 5.0, 400.0
_JOINTS, _BYPASSES, _GAPS, _SWAPS = 4, 1, 8, 2
_OVERLOADED = 2               # meters with a charger that is too large for them
_SHARES = {"solar": 0.10, "ev_ac": 0.06, "e_bikes": 0.03}


def draw_fire_faults(*, seed: int, meters: int = 150, days: float = 12.0) -> dict[str, Any]:
    """The content of a scenario file.

    Joints of 0.12 to 0.6 ohm in the service of a home; a loose neutral of 0.25 to 0.6 ohm that feeds a meter box, an open one for an hour
    or two; a fast charger on two single-phase meters; one meter that sees only part of its current. Nothing is told of it to anybody but
    the file.

    Raises:
        ConfigError: a size of area that is not made, or too few days for what is drawn.
    """
    if not _SHORTEST_DAYS <= days <= _LONGEST_DAYS:
        raise ConfigError([f"{days:g} days: {_SHORTEST_DAYS:g} to {_LONGEST_DAYS:g} are possible"])
    chance = Streams(seed).named("draw/fire_faults")
    style = sorted(STYLES)[int(chance.integers(len(STYLES)))]
    area = make_area(style, meters, seed=seed)
    free = [area.meters[place] for place in chance.permutation(len(area.meters))]
    consumers = _consumers(chance, free)
    homes = [meter for meter in free if not any(meter.id in entry["meters"] for entry in consumers)]
    changes = [*_joints(chance, homes, days), *_neutrals(chance, area, days), *_not_fire(chance, homes, days)]
    return {
        "description": f"fire_faults: joints, neutrals and overloads drawn from seed {seed}", "seed": seed,
        "area": {"style": style, "meters": meters},
        "time": {"day": int(chance.integers(365)), "begin_hour": 0.0, "hours": 24.0 * days, "step_s": float(_STEP_S), "poll_s": 60.0},
        "homes": {"electric_heating": 0.15, "vacant": 0.0},
        "consumer": consumers, "change": changes,
    }


def _consumers(chance: np.random.Generator, free: list[AreaMeter]) -> list[dict[str, Any]]:
    """Takes from ``free``."""
    found: list[dict[str, Any]] = []
    count = len(free)
    for kind, share in _SHARES.items():
        for _ in range(max(1, round(share * count))):
            entry: dict[str, Any] = {"kind": kind, "meters": [free.pop().id]}
            if kind == "solar":
                entry["kw"] = round(float(chance.uniform(2.0, 6.0)), 1)
            found.append(entry)
    for _ in range(_OVERLOADED):
        place = next(place for place, meter in enumerate(free) if len(meter.phases) == 1)
        found.append({"kind": "ev_dc", "meters": [free.pop(place).id], "kw": 60.0})
    for place, meter in enumerate(free):
        if len(meter.phases) == 3:
            found.append({"kind": "workshop", "meters": [free.pop(place).id], "kw": 12.0})
            break
    return found


def _joints(chance: np.random.Generator, homes: list[AreaMeter], days: float) -> list[dict[str, Any]]:
    """Takes from ``homes``; half of them at the neutral terminal, which a single-phase meter cannot tell apart."""
    found = []
    for number in range(_JOINTS):
        meter = homes.pop()
        conductor = meter.phases[0].upper() if len(meter.phases) == 3 or chance.random() < 0.5 else "N"
        ohm = round(float(chance.uniform(0.12, 0.6)), 3)
        begin_s = _after_learning(chance, days, rest_days=2.5)
        edits = [{"op": "series_r", "branch": meter.service, "conductor": conductor, "ohm": ohm}]
        found.append(_change(f"joint-{number}", "loose_joint", meter.id, begin_s, days * _DAY_S, edits))
    return found


def _neutrals(chance: np.random.Generator, area: Area, days: float) -> list[dict[str, Any]]:
    """Of two meter boxes with customers on all phases: where there is only one phase, a neutral is no more than a joint."""
    phases: dict[str, set[str]] = {}
    for meter in area.meters:
        phases.setdefault(meter.node, set()).update(meter.phases)
    boxes = sorted(node for node, found in phases.items() if found == set("abc"))
    chosen = [boxes[place] for place in chance.permutation(len(boxes))[:2]]
    ohm = round(float(chance.uniform(0.25, 0.6)), 3)
    loose_s, open_s = _after_learning(chance, days, rest_days=2.5), _after_learning(chance, days, rest_days=1.0)
    found = []
    if chosen:
        edits = [{"op": "series_r", "branch": chosen[0], "conductor": "N", "ohm": ohm}]
        found.append(_change("neutral-loose", "loose_neutral", chosen[0], loose_s, days * _DAY_S, edits))
    if len(chosen) > 1:
        edits = [{"op": "open", "branch": chosen[1], "conductors": ["N"]}]
        found.append(_change("neutral-open", "broken_neutral", chosen[1], open_s, open_s + 60 * float(chance.integers(45, 120)), edits))
    return found


def _not_fire(chance: np.random.Generator, homes: list[AreaMeter], days: float) -> list[dict[str, Any]]:
    """What must not be called a fire risk."""
    found: list[dict[str, Any]] = []
    for number in range(_BYPASSES):
        meter, share = homes.pop(), round(float(chance.uniform(0.4, 0.7)), 2)
        edits = [{"op": "set_load", "load": load, "set": {"meter_gain": share}} for load in meter.loads]
        found.append(_change(f"bypass-{number}", "theft_bypass", meter.id, _after_learning(chance, days, 1.0), days * _DAY_S, edits))
    for number in range(_SWAPS):
        begin_s = 60.0 * int(chance.integers(1440, round(1440 * (days - 1.0))))
        found.append(_change(f"swap-{number}", "meter_swap", homes[-1].id, begin_s, begin_s + 1800.0) | {"swap": [homes.pop().id]})
    for number in range(_GAPS):
        begin_s = 60.0 * int(chance.integers(0, round(1440 * (days - 2.5))))
        end_s = begin_s + 60.0 * int(chance.integers(5, 2880))
        muted = sorted({homes[int(place)].id for place in chance.integers(0, len(homes), int(chance.integers(1, 12)))})
        found.append(_change(f"gap-{number}", "comm_loss", muted[0], begin_s, end_s) | {"mute": muted})
    return found


def _after_learning(chance: np.random.Generator, days: float, rest_days: float) -> float:
    """A whole minute with at least ``rest_days`` after it."""
    latest = max(_LEARNT_DAYS + 0.1, days - rest_days)
    return 60.0 * int(chance.uniform(_LEARNT_DAYS, latest) * 1440)


def _change(
    name: str, fault_class: str, place: str, at_s: float, until_s: float, edits: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    return {"id": name, "class": fault_class, "place": place, "at": at_s, "until": until_s, "edits": edits or []}
