"""DL/T 645 meters on the terminals of an area's grid, in the time of the power-line network that they are read through."""

from __future__ import annotations

from functools import partial

from firmware_profiles.loader import load_all
from simulator.meter.dlt645 import EpochClock, Meter645
from simulator.meter.measures import TerminalMeasures
from simulator.run.hplc_area import meter_address
from simulator.run.metering import NOMINAL_V, Metering, Models

MODELS = Models(single_phase="dlt645-2007-single", three_phase="dlt645-2007-three")


def grid_meters(metering: Metering, clock: EpochClock, models: Models = MODELS) -> list[Meter645]:
    """One for each meter of the area, as ``HplcArea`` wants them."""
    profiles, world = load_all(), metering.world
    return [
        Meter645(
            profiles[models.three_phase if len(meter.phases) == 3 else models.single_phase], meter_address(index),
            TerminalMeasures(
                clock, world.step_s, partial(metering.terminals, index), nominal_v=NOMINAL_V, accuracy=metering.accuracy[index],
            ),
            clock, body=metering.bodies[index],
        )
        for index, meter in enumerate(world.area.meters)
    ]
