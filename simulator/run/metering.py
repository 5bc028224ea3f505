"""The meters of an area as the agent knows them, and what each of them measures at a step: all meters at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMN_INDEX, N_COLUMNS, Archive, Meter, Role, Transformer
from firmware_profiles.loader import METERS, load_profile
from simulator.grid.areas import Area
from simulator.meter.body import Kind, MeterBody, Record, power_records
from simulator.meter.grid_meter import Accuracy, Terminals
from simulator.meter.resolution import resolution_of
from simulator.run.measured import COUNTED, MeterMatrix, Piece
from simulator.scenario.world import World

AREA_METER = "area"
NOMINAL_V = 220.0
RATED_A = 60.0                       # 5(60) A, the usual household meter
_ACCURACY_STREAM, _BODY_STREAM = 11, 12      # of the area's seed
_PIECE_BYTES = 2**22
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
            grid_phases=meter.phases.lower(),
        )
        for index, meter in enumerate(area.meters)
    ]
    rated_a = area.network.transformer.kva / (3**0.5 * area.network.transformer.kv_lv)
    meters.append(Meter(
        id=AREA_METER, index=len(meters), profile=models.area, bus="bus-0", role=Role.AREA, phases="abc", nominal_voltage_v=NOMINAL_V,
        rated_current_a=rated_a, grid_phases="abc",
    ))
    transformer = Transformer(rated_kva=area.network.transformer.kva, nominal_voltage_v=NOMINAL_V)
    return Archive(area.name[:32], tuple(meters), transformer=transformer)


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
        archive = archive_of(area, models)
        profiles = {name: load_profile(METERS / f"{name}.toml") for name in {meter.profile for meter in archive.meters}}
        steps = np.zeros((len(archive.meters), N_COLUMNS))
        for meter in archive.meters:
            for column, register_step in resolution_of(profiles[meter.profile]).items():
                steps[meter.index, COLUMN_INDEX[column]] = register_step
        places = {load.id: place for place, load in enumerate(area.network.loads)}
        self.loads = [[places[load] for load in meter.loads] for meter in area.meters]
        self._place = {meter.id: place for place, meter in enumerate(area.meters)}
        self._swaps: dict[int, dict[str, npt.NDArray[np.float64]]] = {}
        chance = np.random.default_rng([_ACCURACY_STREAM, area.seed])
        self.accuracy = [Accuracy.drawn(chance) for _ in area.meters]
        chance = np.random.default_rng([_BODY_STREAM, area.seed])
        self.bodies = [MeterBody.drawn(chance) for _ in area.meters]
        self._matrix = MeterMatrix(self.loads, self.accuracy, steps, nominal_v=NOMINAL_V, seed=area.seed)
        self._piece: Piece | None = None
        self._swap_steps = any(change.swap for change in world.timeline.changes)

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
            float((getattr(block, flowed)[:, at] - self._at_swap(name, step))[loads].sum()) for name, flowed in COUNTED.items()
        )
        return Terminals(
            volts=tuple(map(complex, block.volts[loads, at])), amperes=tuple(map(complex, block.amperes[loads, at])),
            import_wh=taken, export_wh=given, reactive_varh=reactive, demand_w=self._demand_w(loads, step),
        )

    def records(self, until_step: int) -> dict[str, list[Record]]:
        """What each meter remembers, in the order in which it happened, by its own clock: supply, cover, relay, and its clock being set."""
        dark, step = [], 0
        while step <= until_step:
            block, _ = self.world.block_of(step)
            dark.append(self._matrix.dark(block))
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
        piece = self._piece
        if piece is None or not piece.first <= step < piece.first + len(piece.values):
            piece = self._piece = self._measured(step)
        at = step - piece.first
        silent = piece.is_dark[at].copy()
        silent[list(self._muted(step))] = True
        mains_v = piece.mains_v[at].tolist()
        return Measured(values=piece.values[at], silent=silent, mains_v=(mains_v[0], mains_v[1], mains_v[2]))

    def _measured(self, step: int) -> Piece:
        """The piece of a block with ``step``: steps are measured together as far as memory allows."""
        block, at = self.world.block_of(step)
        most = max(1, _PIECE_BYTES // (8 * N_COLUMNS * (len(self.loads) + 1)))
        begin = at // most * most
        end = min(begin + most, block.volts.shape[1])
        before = {
            name: np.stack([self._at_swap(name, block.first + place) for place in range(begin, end)], axis=1)
            if self._swap_steps else np.zeros((len(self.world.area.network.loads), 1)) for name in COUNTED
        }
        return self._matrix.measure(block, begin, end, before)

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
                    self._swaps[swapped] = {name: getattr(block, flowed)[:, at] for name, flowed in COUNTED.items()}
                loads = [load for meter in change.swap for load in self.loads[self._place[meter]]]
                counted[loads] = self._swaps[swapped][name][loads]
        return counted
