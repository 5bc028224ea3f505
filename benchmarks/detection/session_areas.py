"""Areas with vehicles and e-bikes behind their meters, and what is true of each charge."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.grid.areas import AreaMeter, make_area
from simulator.load.charging import Charge, Charging, e_bike, vehicle
from simulator.load.consumers import household, solar_panels
from simulator.load.profile import LoadProfile
from simulator.load.streams import Streams
from simulator.load.weather import Weather
from simulator.run.metering import Metering, Models
from simulator.scenario.timeline import Timeline
from simulator.scenario.world import World

STEP_S = 60.0
# One load of the grid has one law. A charger's power does not follow the voltage; where homes heat with electricity what is large is a
# heater. So in a home that charges its heaters look like chargers but for their length, and none of these heats with electricity.
_SUPPLY_LAW, _HEAT_LAW, _HOME_LAW = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.5, 0.1, 0.4)
_VEHICLES, _BIKES, _TWO_BIKES, _PANELS, _HEATED = 0.15, 0.15, 0.2, 0.10, 0.15     # shares of homes; the second of those with one bike
_MODELS = (
    Models(single_phase="dlt645-2007-single", three_phase="dlt645-2007-three"), Models(),     # what most meters show, and Modbus ones
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueCharge:
    """``kind``: "ev" or "e_bike"; ``has_panels``: on the same meter."""

    kind: str
    meter: str
    charge: Charge
    has_panels: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionArea:
    metering: Metering
    models: Models
    charges: tuple[TrueCharge, ...]


def make_session_area(seed: int, *, style: str, meters: int, first_day: int, days: int) -> SessionArea:
    """``days`` from midnight of ``first_day`` of the year on, at one step a minute."""
    area = make_area(style, meters, seed=seed)
    streams = Streams(seed)
    weather = Weather.drawn(streams, first_day=first_day, days=days + 1)
    draws, laws, charges = {}, {}, list[TrueCharge]()
    for meter in area.meters:
        profiles, law, own = _home(meter, streams, weather)
        charges += own
        for load, profile in zip(meter.loads, profiles, strict=True):
            draws[load], laws[load] = profile, law
    network = replace(area.network, loads=tuple(replace(load, zip=laws[load.id]) for load in area.network.loads))
    models = _MODELS[seed % len(_MODELS)]
    metering = Metering(World(replace(area, network=network), draws, Timeline(), step_s=STEP_S), models)
    return SessionArea(metering=metering, models=models, charges=tuple(charges))


def _home(
    meter: AreaMeter, streams: Streams, weather: Weather
) -> tuple[tuple[LoadProfile, ...], tuple[float, float, float], list[TrueCharge]]:
    """What is drawn on each phase, its law, and the charges among it. On three phases every other home has a vehicle."""
    has_vehicle, has_bike, has_second, has_panels, is_heated = (
        streams.named(f"{meter.id}/has").random(5)
        < np.array([0.5 if len(meter.phases) == 3 else _VEHICLES, _BIKES, _TWO_BIKES, _PANELS, _HEATED])
    )
    added: list[tuple[str, Charging]] = []
    if has_vehicle:
        added.append(("ev", vehicle(streams, meter.id, weather.days, phases=len(meter.phases))))
    if has_bike:
        added.append(("e_bike", e_bike(streams, meter.id, weather.days)))
        if has_second:
            added.append(("e_bike", e_bike(streams, f"{meter.id}/second", weather.days)))
    heats = bool(is_heated and not added)
    parts = [[profile] for profile in household(streams, meter.id, weather, phases=len(meter.phases), has_electric_heating=heats).profiles]
    if has_panels:
        kw = float(streams.named(f"{meter.id}/kw").uniform(2.0, 6.0))
        parts[0].append(solar_panels(streams, meter.id, weather, kw=kw).profiles[0])
    for _, charging in added:
        for phase, profile in enumerate(charging.profiles):
            parts[phase].append(profile)
    law = _SUPPLY_LAW if added else _HEAT_LAW if heats else _HOME_LAW
    own = [
        TrueCharge(kind=kind, meter=meter.id, charge=charge, has_panels=bool(has_panels))
        for kind, charging in added for charge in charging.charges
    ]
    return tuple(LoadProfile.sum(phase) for phase in parts), law, own
