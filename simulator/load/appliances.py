"""What stands in a household. Ratings are those usual on type plates in China; uses a day are ours, plausible and unverified."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Shares of the day by hour at which somebody who is at home uses a thing; only their shape counts.
_ALL_DAY = np.ones(24)
_MEALS = np.array([0, 0, 0, 0, 0, 1, 5, 6, 2, 1, 2, 8, 6, 1, 0.5, 0.5, 2, 7, 9, 4, 1, 0.5, 0.2, 0], dtype=float)
_EVENING = np.array([0.5, 0.2, 0, 0, 0, 0, 0.5, 1, 1, 1, 1, 1.5, 2, 1.5, 1, 1, 1.5, 2.5, 4, 6, 7, 6, 4, 1.5])
_WASHING = np.array([0.2, 0, 0, 0, 0, 0, 1, 3, 4, 4, 3, 2, 1, 1, 1, 1, 1, 1.5, 2, 3, 4, 3, 1, 0.4])
_BATHING = np.array([0.3, 0, 0, 0, 0, 0.3, 2, 2, 0.7, 0.3, 0.2, 0.2, 0.3, 0.2, 0.2, 0.2, 0.4, 0.8, 2, 4, 6, 7, 5, 2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """``owned``: share of households that have it; ``uses_a_day``: of one person; ``minutes``: (least, most) of one use.

    ``zip``: shares of constant impedance, current and power of what it draws.
    """

    name: str
    power_w: float
    power_factor: float
    zip: tuple[float, float, float]
    owned: float
    uses_a_day: float
    minutes: tuple[float, float]
    hours: np.ndarray


_HEAT, _MOTOR, _SUPPLY = (1.0, 0.0, 0.0), (0.3, 0.3, 0.4), (0.0, 0.0, 1.0)
USED = (
    Appliance(name="kettle", power_w=1800, power_factor=1.0, zip=_HEAT, owned=0.95, uses_a_day=1.2, minutes=(3, 7), hours=_MEALS),
    Appliance(name="rice cooker", power_w=700, power_factor=1.0, zip=_HEAT, owned=0.95, uses_a_day=0.4, minutes=(25, 45), hours=_MEALS),
    Appliance(name="induction hob", power_w=2000, power_factor=0.98, zip=_SUPPLY, owned=0.6, uses_a_day=0.4, minutes=(8, 30), hours=_MEALS),
    Appliance(name="microwave", power_w=1200, power_factor=0.95, zip=_SUPPLY, owned=0.6, uses_a_day=0.5, minutes=(2, 8), hours=_MEALS),
    Appliance(name="range hood", power_w=180, power_factor=0.85, zip=_MOTOR, owned=0.85, uses_a_day=0.7, minutes=(15, 40), hours=_MEALS),
    Appliance(name="pressure cooker", power_w=900, power_factor=1.0, zip=_HEAT, owned=0.4, uses_a_day=0.2, minutes=(20, 40), hours=_MEALS),
    Appliance(name="oven", power_w=1600, power_factor=1.0, zip=_HEAT, owned=0.2, uses_a_day=0.05, minutes=(20, 60), hours=_MEALS),
    Appliance(name="dish washer", power_w=1500, power_factor=0.98, zip=_HEAT, owned=0.1, uses_a_day=0.3, minutes=(25, 40), hours=_EVENING),
    Appliance(name="television", power_w=110, power_factor=0.9, zip=_SUPPLY, owned=0.95, uses_a_day=0.6, minutes=(40, 180), hours=_EVENING),
    Appliance(name="computer", power_w=150, power_factor=0.95, zip=_SUPPLY, owned=0.7, uses_a_day=0.4, minutes=(40, 200), hours=_EVENING),
    Appliance(name="chargers", power_w=25, power_factor=0.6, zip=_SUPPLY, owned=1.0, uses_a_day=1.5, minutes=(60, 150), hours=_EVENING),
    Appliance(name="hair dryer", power_w=1300, power_factor=1.0, zip=_HEAT, owned=0.85, uses_a_day=0.35, minutes=(3, 9), hours=_BATHING),
    Appliance(name="washer", power_w=400, power_factor=0.8, zip=_MOTOR, owned=0.95, uses_a_day=0.3, minutes=(35, 60), hours=_WASHING),
    Appliance(name="water heater", power_w=2000, power_factor=1.0, zip=_HEAT, owned=0.5, uses_a_day=0.6, minutes=(15, 40), hours=_BATHING),
    Appliance(name="vacuum", power_w=1000, power_factor=0.95, zip=_MOTOR, owned=0.4, uses_a_day=0.08, minutes=(8, 25), hours=_WASHING),
    Appliance(name="iron", power_w=1400, power_factor=1.0, zip=_HEAT, owned=0.5, uses_a_day=0.05, minutes=(8, 25), hours=_WASHING),
    Appliance(name="fan", power_w=50, power_factor=0.85, zip=_MOTOR, owned=0.7, uses_a_day=0.2, minutes=(60, 240), hours=_ALL_DAY),
)
# (name, power, power factor, share owned, minutes on, minutes off): round the clock, whoever is at home
CYCLING = (("refrigerator", 110.0, 0.8, 0.98, 18.0, 36.0), ("freezer", 130.0, 0.8, 0.15, 20.0, 40.0))
STANDBY_W = (15.0, 60.0)             # router, set-top box and what is never switched off
LIGHT_W = (40.0, 160.0)
AIR_CONDITIONER_W, AIR_CONDITIONERS_OWNED, COMFORT_C = (800.0, 1400.0), 0.85, (18.0, 27.0)
HEATER_W = (1200.0, 2200.0)
