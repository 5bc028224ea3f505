"""The meters of an area as the agent knows them, and what each of them measures at a step: all meters at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMN_INDEX, N_COLUMNS, Archive, Meter, Role
from firmware_profiles.loader import load_all
from simulator.grid.areas import Area
from simulator.grid.network import PHASES
from simulator.meter.body import Kind, MeterBody, Record, power_records
from simulator.meter.grid_meter import DARK_BELOW, NOISE, Accuracy, Terminals
from simulator.meter.resolution import resolution_of, rounded
from simulator.scenario.world import World

AREA_METER = "area"
NOMINAL_V = 220.0
RATED_A = 60.0                       # 5(60) A, the usual household meter
_ACCURACY_STREAM, _BODY_STREAM, _NOISE_STREAM = 11, 12, 13      # of the area's seed
_COUNTED = {"active_energy_import_wh": "import_wh", "active_energy_export_wh": "export_wh", "reactive_energy_import_varh": "reactive_varh"}
_OF_THE_AREA = {"import_wh": "transformer_wh", "export_wh": "transformer_export_wh", "reactive_varh": "transformer_varh"}
_DEMAND_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Profiles of the meters in an area."""

    single_phase: str = "chint-ddsu666"
    three_phase: str = "eastron-sdm630-v2"
    area: str = "eastron-sdm630-v2"


def archive_of(area: Area, models: Models = Models(), *, metering_per_bus: int = 200) -> Archive:
    """Every meter of the area on buses "bus-1", "bus-2", …, and the area meter at the transformer as the last."""
    meters = [
        Meter(
            id=meter.id, index=index, profile=models.three_phase if len(meter.phases) == 3 else models.single_phase,
            bus=f"bus-{index // metering_per_bus + 1}", node=meter.node,
            phases="abc" if len(meter.phases) == 3 else "a", nominal_voltage_v=NOMINAL_V, rated_current_a=RATED_A,
        )
        for index, meter in enumerate(area.meters)
    ]
    rated_a = area.network.transformer.kva / (3**0.5 * area.network.transformer.kv_lv)
    meters.append(Meter(
        id=AREA_METER, index=len(meters), profile=models.area, bus="bus-0", role=Role.AREA, phases="abc", nominal_voltage_v=NOMINAL_V,
        rated_current_a=rated_a,
    ))
    return Archive(area.name[:32], tuple(meters))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One step. ``values``: shape (n_meters + 1, N_COLUMNS), the area meter last; ``silent``: shape (n_meters + 1,), dark or not heard."""

    values: npt.NDArray[np.float64]
    silent: npt.NDArray[np.bool_]
    mains_v: tuple[float, float, float]


class Metering:
    """Each meter has its own gain errors and noise, drawn from the area's seed, and shows what the registers of its model can."""

    def __init__(self, world: World, models: Models = Models()) -> None:
        self.world, area = world, world.area
        profiles = load_all()
        archive = archive_of(area, models)
        self._steps = np.zeros((len(archive.meters), N_COLUMNS))
        for meter in archive.meters:
            for column, step in resolution_of(profiles[meter.profile]).items():
                self._steps[meter.index, COLUMN_INDEX[column]] = step
        self._has_steps = bool(self._steps.any())
        places = {load.id: place for place, load in enumerate(area.network.loads)}
        self.loads = [[places[load] for load in meter.loads] for meter in area.meters]
        self._place = {meter.id: place for place, meter in enumerate(area.meters)}
        self._swaps: dict[int, dict[str, npt.NDArray[np.float64]]] = {}
        chance = np.random.default_rng([_ACCURACY_STREAM, area.seed])
        self.accuracy = [Accuracy.drawn(chance) for _ in area.meters]
        chance = np.random.default_rng([_BODY_STREAM, area.seed])
        self.bodies = [MeterBody.drawn(chance) for _ in area.meters]
        self._meter_of = np.array([meter for meter, loads in enumerate(self.loads) for _ in loads], dtype=np.intp)
        self._load_of = np.array([load for loads in self.loads for load in loads], dtype=np.intp)
        self._phase_of = np.array([place for loads in self.loads for place, _ in enumerate(loads)], dtype=np.intp)
        self._volt_gain = np.array([found.volts for found in self.accuracy])[self._meter_of]
        self._ampere_gain = np.array([found.amperes for found in self.accuracy])[self._meter_of]
        self._columns = {
            name: np.array([COLUMN_INDEX[f"{name}.{phase}"] for phase in "abc"])
            for name in ("voltage_v", "current_a", "active_power_w", "reactive_power_var")
        }

    def terminals(self, meter: int, step: int) -> Terminals:
        """Of one meter, for a wire; ``meter`` = number of meters is the area meter."""
        block, at = self.world.block_of(step)
        if meter == len(self.loads):
            return Terminals(
                volts=tuple(map(complex, block.transformer_v[:, at])), amperes=tuple(map(complex, block.transformer_a[:, at])),
                import_wh=float(block.transformer_wh[at]), export_wh=float(block.transformer_export_wh[at]),
                reactive_varh=float(block.transformer_varh[at]), demand_w=self._demand_w(None, step),
            )
        loads = self.loads[meter]
        taken, given, reactive = (
            float((getattr(block, flowed)[:, at] - self._at_swap(name, step))[loads].sum()) for name, flowed in _COUNTED.items()
        )
        return Terminals(
            volts=tuple(map(complex, block.volts[loads, at])), amperes=tuple(map(complex, block.amperes[loads, at])),
            import_wh=taken, export_wh=given, reactive_varh=reactive, demand_w=self._demand_w(loads, step),
        )

    def records(self, until_step: int) -> dict[str, list[Record]]:
        """What each meter remembers, in the order in which it happened, by its own clock: supply, cover, relay, and its clock being set."""
        dark, step, n = [], 0, len(self.loads)
        while step <= until_step:
            block, _ = self.world.block_of(step)
            highest_v = np.zeros((n, block.volts.shape[1]))
            np.maximum.at(highest_v, self._meter_of, np.abs(block.volts[self._load_of]))
            dark.append(highest_v < DARK_BELOW * NOMINAL_V)
            step = block.first + block.volts.shape[1]
        is_dark, step_s = np.concatenate(dark, axis=1)[:, : until_step + 1], self.world.step_s
        set_s = self._clocks_set()
        found = {
            meter.id: power_records(is_dark[place], step_s, self.bodies[place], set_s[meter.id])
            for place, meter in enumerate(self.world.area.meters)
        }
        for name, times_s in set_s.items():
            body = self.bodies[self._place[name]]      # its clock says so before it is set, as the record of GB/T meters has it
            found[name] += [
                Record(kind="clock_set", at_s=body.clock_s(at_s, [before_s for before_s in times_s if before_s < at_s]))
                for at_s in times_s if at_s <= until_step * step_s
            ]
        for change in self.world.timeline.changes:
            handled: tuple[tuple[tuple[str, ...], Kind, Kind], ...] = (
                (change.cover, "cover_open", "cover_closed"), (change.relay, "relay_open", "relay_closed"),
            )
            for touched, opened, closed in handled:
                for name in touched:
                    body = self.bodies[self._place[name]]
                    times: tuple[tuple[Kind, float], ...] = ((opened, change.at_s), (closed, change.until_s))
                    found[name] += [
                        Record(kind=kind, at_s=body.clock_s(at_s, set_s[name])) for kind, at_s in times if at_s <= until_step * step_s
                    ]
        return {name: sorted(records, key=lambda record: record.at_s) for name, records in found.items()}

    def _clocks_set(self) -> dict[str, list[float]]:
        """When the clock of each meter is set right."""
        found: dict[str, list[float]] = {meter.id: [] for meter in self.world.area.meters}
        for change in self.world.timeline.changes:
            for name in change.clock:
                found[name].append(change.at_s)
        return found

    def _demand_w(self, loads: list[int] | None, step: int) -> float:
        """Import over the last quarter of an hour, or since the meter hangs there; ``loads`` None: of the area meter."""
        since = max(0, step - round(_DEMAND_S / self.world.step_s), self._hangs_since(loads, step))
        if since == step:
            return 0.0
        now, at = self.world.block_of(step)
        then, place = self.world.block_of(since)
        hours = (step - since) * self.world.step_s / 3600.0
        if loads is None:
            return float(now.transformer_wh[at] - then.transformer_wh[place]) / hours
        return float(now.import_wh[loads, at].sum() - then.import_wh[loads, place].sum()) / hours

    def _hangs_since(self, loads: list[int] | None, step: int) -> int:
        swapped = [
            int(change.until_s // self.world.step_s) for change in self.world.timeline.changes for meter in change.swap
            if self.loads[self._place[meter]] == loads and change.until_s <= step * self.world.step_s
        ]
        return max(swapped, default=0)

    def at(self, step: int) -> Measured:
        """Of all meters, for samples without a wire."""
        block, at = self.world.block_of(step)
        n = len(self.loads)
        values = np.full((n + 1, N_COLUMNS), np.nan)
        volts, amperes = block.volts[self._load_of, at], block.amperes[self._load_of, at]
        power = volts * amperes.conj() * self._volt_gain * self._ampere_gain
        noise = NOISE * np.random.default_rng([_NOISE_STREAM, self.world.area.seed, step]).standard_normal(len(volts))
        for name, found in (
            ("voltage_v", np.abs(volts) * self._volt_gain * (1.0 + noise)), ("current_a", np.abs(amperes) * self._ampere_gain),
            ("active_power_w", power.real), ("reactive_power_var", power.imag),
        ):
            values[self._meter_of, self._columns[name][self._phase_of]] = found
        for name, flowed in _COUNTED.items():
            gained = (getattr(block, flowed)[:, at] - self._at_swap(name, step))[self._load_of] * self._volt_gain * self._ampere_gain
            values[:n, COLUMN_INDEX[name]] = np.bincount(self._meter_of, gained, minlength=n)
        values[:n, COLUMN_INDEX["active_power_w"]] = np.bincount(self._meter_of, power.real, minlength=n)
        self._put_area_meter(values[n], block.transformer_v[:, at], block.transformer_a[:, at])
        for name, flowed in _COUNTED.items():
            values[n, COLUMN_INDEX[name]] = getattr(block, _OF_THE_AREA[flowed])[at]
        if self._has_steps:
            values = rounded(values, self._steps)
        highest_v = np.zeros(n + 1)
        np.maximum.at(highest_v, self._meter_of, np.abs(volts))
        mains = np.abs(block.transformer_v[:, at])
        highest_v[n] = mains.max()
        silent = highest_v < DARK_BELOW * NOMINAL_V
        silent[list(self._muted(step))] = True
        return Measured(values=values, silent=silent, mains_v=(float(mains[0]), float(mains[1]), float(mains[2])))

    def is_muted(self, meter: int, step: int) -> bool:
        return meter in self._muted(step)

    def _muted(self, step: int) -> set[int]:
        at_s = step * self.world.step_s
        return {
            self._place[name] for change in self.world.timeline.changes if change.at_s <= at_s < change.until_s for name in change.mute
        }

    def _at_swap(self, name: str, step: int) -> npt.NDArray[np.float64]:
        """What the meters that were taken down had counted, by load: their successors began at zero."""
        counted = np.zeros(len(self.world.area.network.loads))
        for change in self.world.timeline.changes:
            if change.swap and change.until_s <= step * self.world.step_s:
                swapped = int(change.until_s // self.world.step_s)
                if swapped not in self._swaps:
                    block, at = self.world.block_of(swapped)
                    self._swaps[swapped] = {name: getattr(block, flowed)[:, at] for name, flowed in _COUNTED.items()}
                loads = [load for meter in change.swap for load in self.loads[self._place[meter]]]
                counted[loads] = self._swaps[swapped][name][loads]
        return counted

    def _put_area_meter(self, row: npt.NDArray[np.float64], volts: npt.NDArray[np.complex128], amperes: npt.NDArray[np.complex128]) -> None:
        power = volts * amperes.conj()
        for place in range(len(PHASES)):
            row[self._columns["voltage_v"][place]] = abs(volts[place])
            row[self._columns["current_a"][place]] = abs(amperes[place])
            row[self._columns["active_power_w"][place]] = power[place].real
            row[self._columns["reactive_power_var"][place]] = power[place].imag
        row[COLUMN_INDEX["active_power_w"]] = power.real.sum()
