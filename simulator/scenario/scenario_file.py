"""A scenario as a TOML file: which area, which days, who is in it, what changes."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from edge_agent.errors import ConfigError
from simulator.grid.areas import Area, AreaMeter, make_area
from simulator.load.consumers import Consumer, e_bikes, ev_charger, household, irrigation, solar_panels, tobacco_barn, workshop
from simulator.load.household import make_household
from simulator.load.profile import LoadProfile
from simulator.load.streams import Streams
from simulator.load.weather import Weather
from simulator.scenario.draw import KINDS, draw_scenario
from simulator.scenario.draw_fire import draw_fire_faults
from simulator.scenario.given import LARGEST_SEED, check_consumers, is_number, read_given
from simulator.scenario.timeline import Timeline, read_changes
from simulator.scenario.world import World

SHIPPED = Path(__file__).parents[1] / "scenarios"
_MACROS = {"set_meter": "factor", "tap_meter": "kw", "relay_open": ""}       # and the number that each needs
_LARGEST_FACTOR = 1000.0
# scenarios that are drawn from a seed, by name
DRAWN: dict[str, Callable[..., dict[str, Any]]] = {
    **{kind: partial(draw_scenario, kind) for kind in KINDS}, "fire_faults": draw_fire_faults,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """``begin_s``: seconds from the midnight before, where the loads' own time begins; changes count from the scenario's begin."""

    name: str
    description: str
    seed: int
    area: Area
    timeline: Timeline
    draws: Mapping[str, LoadProfile]
    begin_s: float
    duration_s: float
    step_s: float
    poll_s: float

    def world(self) -> World:
        shifted = {load: _Shifted(draw, self.begin_s) for load, draw in self.draws.items()}
        return World(self.area, shifted, self.timeline, step_s=self.step_s)


@dataclass(frozen=True, slots=True)
class _Shifted:
    """A profile whose time began earlier."""

    profile: LoadProfile
    by_s: float

    def mean_power(self, from_s: float, step_s: float, n: int) -> Any:
        return self.profile.mean_power(from_s + self.by_s, step_s, n)


def shipped_scenarios() -> dict[str, Path]:
    return {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}


def load_scenario(name: str, *, seed: int | None = None) -> Scenario:
    """A shipped scenario by name, one that is drawn (``outage_storm``, ``mixed_faults``, ``fire_faults``) from ``seed``, or a file by path.

    Raises:
        ConfigError: with one line for each problem.
    """
    if seed is not None and not 0 <= seed <= LARGEST_SEED:
        raise ConfigError([f"seed {seed}: 0 to {LARGEST_SEED} are possible"])
    if name in DRAWN:
        return scenario_of(name, DRAWN[name](seed=1 if seed is None else seed))
    if seed is not None:
        raise ConfigError([f"scenario {name}: has its own seed; only {', '.join(DRAWN)} are drawn"])
    path = shipped_scenarios().get(name) or Path(name)
    try:
        with path.open("rb") as file:
            given = tomllib.load(file)
    except OSError as exc:
        raise ConfigError([f"scenario {name}: no shipped one ('hplc-edge sim list'), and no file ({exc.strerror})"]) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ConfigError([f"{path}: no TOML ({exc})"]) from exc
    try:
        return scenario_of(path.stem, given)
    except ConfigError as exc:
        raise ConfigError([f"{path}: {problem}" for problem in exc.problems]) from exc


def scenario_of(name: str, content: Mapping[str, Any]) -> Scenario:
    """From the content of a scenario file. Raises ConfigError: with one line for each problem."""
    given = read_given(content)
    time, seed = given.tables["time"], given.seed
    area = make_area(given.tables["area"]["style"], given.tables["area"]["meters"], seed=seed, name=name)
    known = {meter.id for meter in area.meters}
    timeline = read_changes([_expanded(change, area) for change in given.changes])
    timeline.check(area.network, known)
    timeline.check_times(duration_s=3600.0 * time["hours"], step_s=time["step_s"])
    check_consumers(given.consumers, known)
    days = math.ceil((time["begin_hour"] + time["hours"]) / 24.0) + 1
    consumers = _consumers(area, given.consumers, given.tables["homes"], Streams(seed), first_day=time["day"], days=days)
    draws, laws = {}, {}
    for meter in area.meters:
        consumer = consumers[meter.id]
        for load, profile in zip(meter.loads, consumer.profiles, strict=True):
            draws[load], laws[load] = profile, consumer.zip
    network = replace(area.network, loads=tuple(replace(load, zip=laws[load.id]) for load in area.network.loads))
    return Scenario(
        name=name, description=given.description, seed=seed, area=replace(area, network=network), timeline=timeline,
        draws=draws, begin_s=3600.0 * time["begin_hour"], duration_s=3600.0 * time["hours"], step_s=float(time["step_s"]),
        poll_s=float(time["poll_s"]),
    )


def _expanded(change: Mapping[str, Any], area: Area) -> Mapping[str, Any]:
    """``set_meter`` (meter, factor), ``relay_open`` (meter) and ``tap_meter`` (meter, kw) become edits of loads."""
    meters = {meter.id: meter for meter in area.meters}
    edits: list[dict[str, Any]] = []
    if not isinstance(change.get("edits"), list):
        return change                   # nothing to expand, or nothing that could be: said where changes are read
    for edit in change["edits"]:
        if not isinstance(edit, dict) or str(edit.get("op")) not in _MACROS:
            edits.append(edit)
            continue
        meter, wanted = meters.get(str(edit.get("meter"))), _MACROS[edit["op"]]
        value = edit.get(wanted) if wanted else 0.0
        if meter is None or not is_number(value) or not 0.0 <= value <= _LARGEST_FACTOR or set(edit) - {"op", "meter", wanted}:
            needs = f" and {wanted} (0 to {_LARGEST_FACTOR:g})" if wanted else ""
            raise ConfigError([f"change {change.get('id', '?')}: {edit['op']} needs a meter of the area{needs}, and nothing else"])
        if edit["op"] == "relay_open":
            change = {**change, "relay": [*change.get("relay", []), meter.id]}
        if edit["op"] != "tap_meter":
            nominal = {load.id: load for load in area.network.loads}
            edits += [
                {"op": "set_load", "load": load, "set": {"p_kw": value * nominal[load].p_kw, "q_kvar": value * nominal[load].q_kvar}}
                for load in meter.loads
            ]
        else:
            tap = {"id": f"tap-{change.get('id')}-{meter.id}", "bus": meter.bus, "phase": meter.phases[0].upper(), "v_nom": 220.0}
            edits.append({"op": "add_load", "load": tap | {"p_kw": float(value), "q_kvar": 0.2 * value, "unmetered": True}})
    return {**change, "edits": edits}


def _consumers(
    area: Area, given: Sequence[Mapping[str, Any]], homes: Mapping[str, Any], streams: Streams, *, first_day: int, days: int
) -> dict[str, Consumer]:
    """Who is behind each meter: households, but where the file says otherwise."""
    weather = Weather.drawn(streams, first_day=first_day, days=days, shift_c=homes["shift_c"])
    special = {}
    known = {meter.id: meter for meter in area.meters}
    for entry in given:
        for name in entry.get("meters", []):
            special[name] = _special(entry["kind"], streams, known[name], weather, entry.get("kw"), float(entry.get("hour", 19.0)))
    return {meter.id: special.get(meter.id) or _home(meter, homes, streams, weather) for meter in area.meters}


def _home(meter: AreaMeter, homes: Mapping[str, Any], streams: Streams, weather: Weather) -> Consumer:
    chance = streams.named(f"{meter.id}/kind")
    if chance.random() < homes["vacant"]:
        profiles = tuple(make_household(streams, f"{meter.id}/{phase}", weather, is_vacant=True) for phase in meter.phases)
        return Consumer(kind="vacant", profiles=profiles)
    return household(
        streams, meter.id, weather, phases=len(meter.phases), has_electric_heating=bool(chance.random() < homes["electric_heating"])
    )


def _special(kind: str, streams: Streams, meter: AreaMeter, weather: Weather, kw: float | None, hour: float) -> Consumer:
    """On a meter with other phases a three-phase consumer is on one phase with a third of its power, a single-phase one on the first."""
    days = weather.days
    made = {
        "ev_ac": lambda: ev_charger(streams, meter.id, days, sessions_a_day=1.0, arrival_h=hour, spread_h=2.0 if hour == 19.0 else 0.1),
        "ev_dc": lambda: ev_charger(streams, meter.id, days, sessions_a_day=8.0, arrival_h=14.0, dc_kw=kw or 60.0),
        "e_bikes": lambda: e_bikes(streams, meter.id, days, bikes=int(kw or 12)),
        "tobacco_barn": lambda: tobacco_barn(streams, meter.id, days),
        "irrigation": lambda: irrigation(streams, meter.id, days, kw=kw or 7.5),
        "workshop": lambda: workshop(streams, meter.id, days, kw=kw or 12.0),
        "solar": lambda: solar_panels(streams, meter.id, weather, kw=kw or 5.0),
        "none": lambda: Consumer(kind="none", profiles=(LoadProfile.sum([]),)),
    }[kind]()
    profiles = made.profiles[: len(meter.phases)] + (LoadProfile.sum([]),) * (len(meter.phases) - len(made.profiles))
    if kind in ("ev_ac", "solar"):         # beside the household, not instead of it
        at_home = household(streams, meter.id, weather, phases=len(meter.phases)).profiles
        profiles = tuple(LoadProfile.sum(pair) for pair in zip(profiles, at_home, strict=True))
    return replace(made, profiles=profiles)
