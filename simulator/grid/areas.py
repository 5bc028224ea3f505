"""Makes transformer areas as they are built in China: a feeder, branch and meter-box tree with its meters, from a seed.

Three styles. Sizes, lengths and cross-sections are plausible figures of ours (typical design handbooks, unverified), not statistics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from edge_agent.errors import ConfigError
from simulator.grid.lines import LineType, line_branch
from simulator.grid.network import CONDUCTORS, PHASES, Branch, Load, Network, Shunt, Source, Transformer

FEWEST_METERS, MOST_METERS = 50, 1000
_KVA_SIZES = (50, 80, 100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250)
_NOMINAL_KW = 1.0                # placeholder for each phase; what is drawn comes with time
_ZIP = (0.6, 0.3, 0.1)
# 100 MVA of short-circuit power at the 10 kV terminals, X/R 5; zero sequence three times that
_SOURCE_PU = (0.98, 1.01)        # 226 to 233 V at the transformer without load: within GB/T 12325 also at night
_MEDIUM_VOLTAGE = Source(kv=10.0, z1_ohm=0.196 + 0.981j, z0_ohm=0.588 + 2.942j, link_ohm=0.001 + 0.001j)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """``kva_a_meter``: transformer rating per meter, before the next size is taken; lengths in metres as (least, most)."""

    name: str
    feeders: tuple[int, int]
    branches_a_feeder: int        # at most: the supply radius is 500 m in the country, 250 m in town
    boxes_a_branch: tuple[int, int]
    meters_a_box: tuple[int, int]
    three_phase_share: float
    kva_a_meter: float
    main: LineType
    spur: LineType
    service: LineType
    service_three: LineType
    main_m: tuple[float, float]
    spur_m: tuple[float, float]
    service_m: tuple[float, float]
    end_electrode_ohm: float | None


STYLES = {
    style.name: style
    for style in (
        Style(
            name="rural_overhead", feeders=(2, 4), branches_a_feeder=4,
            boxes_a_branch=(2, 5), meters_a_box=(2, 6), three_phase_share=0.06, kva_a_meter=2.0,
            main=LineType(name="overhead insulated 120 Al", mm2=120, metal="Al", spacing_m=0.4, in_a_row=True),
            spur=LineType(name="overhead insulated 70 Al", mm2=70, metal="Al", spacing_m=0.4, in_a_row=True),
            service=LineType(name="2x16 Al", mm2=16, metal="Al", spacing_m=0.01),
            service_three=LineType(name="4x25 Al", mm2=25, metal="Al", spacing_m=0.012),
            main_m=(80.0, 200.0), spur_m=(40.0, 100.0), service_m=(12.0, 40.0), end_electrode_ohm=10.0,
        ),
        Style(
            name="urban_cable", feeders=(3, 8), branches_a_feeder=3,
            boxes_a_branch=(3, 8), meters_a_box=(8, 24), three_phase_share=0.03, kva_a_meter=2.5,
            main=LineType(name="cable 4x240 Al", mm2=240, metal="Al", spacing_m=0.024),
            spur=LineType(name="cable 4x70 Cu", mm2=70, metal="Cu", spacing_m=0.015),
            service=LineType(name="2x10 Cu", mm2=10, metal="Cu", spacing_m=0.006),
            service_three=LineType(name="4x16 Cu", mm2=16, metal="Cu", spacing_m=0.008),
            main_m=(40.0, 150.0), spur_m=(10.0, 50.0), service_m=(5.0, 40.0), end_electrode_ohm=None,
        ),
        Style(
            name="old_compound", feeders=(2, 5), branches_a_feeder=4,
            boxes_a_branch=(3, 6), meters_a_box=(6, 12), three_phase_share=0.02, kva_a_meter=1.6,
            main=LineType(name="overhead insulated 95 Al", mm2=95, metal="Al", spacing_m=0.15, in_a_row=True),
            spur=LineType(name="overhead insulated 50 Al", mm2=50, metal="Al", spacing_m=0.15, in_a_row=True),
            service=LineType(name="2x10 Al", mm2=10, metal="Al", spacing_m=0.008),
            service_three=LineType(name="4x16 Al", mm2=16, metal="Al", spacing_m=0.01),
            main_m=(40.0, 120.0), spur_m=(15.0, 60.0), service_m=(8.0, 35.0), end_electrode_ohm=10.0,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaMeter:
    """A meter and where it hangs. ``node`` is the place that feeds it, ``phases`` those of the grid, ``loads`` one id for each."""

    id: str
    node: str
    bus: str
    service: str                  # id of its service branch
    phases: str
    loads: tuple[str, ...]
    unit: int                     # serial number within the area


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A network with its meters. What feeds a place is a branch of the same name: "feeder-1", "feeder-1/branch-2", "…/box-3".

    A trunk goes on behind its first section as "feeder-1:2", "feeder-1:3": cut there, the branches from that number on are dark.
    """

    name: str
    style: str
    seed: int
    network: Network
    meters: tuple[AreaMeter, ...]


def make_area(style_name: str, meters: int, *, seed: int, name: str = "") -> Area:
    """An area of exactly ``meters`` meters. Raises ConfigError for an unknown style or a number of meters that no area has."""
    style = STYLES.get(style_name)
    if style is None:
        raise ConfigError([f"style {style_name!r}: one of {', '.join(STYLES)} is possible"])
    if not FEWEST_METERS <= meters <= MOST_METERS:
        raise ConfigError([f"{meters} meters: {FEWEST_METERS} to {MOST_METERS} are possible"])
    return _Builder(style, meters, seed, name or f"{style_name}-{meters}-{seed}").area()


class _Builder:
    def __init__(self, style: Style, meters: int, seed: int, name: str) -> None:
        self._style, self._count, self._seed, self._name = style, meters, seed, name
        self._chance = np.random.default_rng([seed, meters, *style.name.encode()])
        self._branches: list[Branch] = []
        self._loads: list[Load] = []
        self._meters: list[AreaMeter] = []

    def area(self) -> Area:
        chance, style = self._chance, self._style
        sizes = self._box_sizes()
        fewest = math.ceil(len(sizes) / (style.branches_a_feeder * sum(style.boxes_a_branch) / 2))
        most = max(1, len(sizes) // 4)          # a small area has few feeders, so that each still has branches
        n_feeders = max(fewest, min(most, int(chance.integers(style.feeders[0], style.feeders[1] + 1))))
        ends: list[str] = []
        for number, boxes in enumerate(np.array_split(np.array(sizes), n_feeders), 1):
            ends.append(self._feeder(f"feeder-{number}", boxes.tolist()))
        shunts = [Shunt(id="star-point", bus="lv", conductor="N", ohm=4.0)]
        if style.end_electrode_ohm is not None:
            shunts += [
                Shunt(id=f"electrode-{number}", bus=bus, conductor="N", ohm=style.end_electrode_ohm) for number, bus in enumerate(ends, 1)
            ]
        wanted_kva = self._count * style.kva_a_meter
        kva = next((size for size in _KVA_SIZES if size >= wanted_kva), _KVA_SIZES[-1])
        network = Network(
            name=self._name,
            source=replace(_MEDIUM_VOLTAGE, pu=float(chance.uniform(*_SOURCE_PU))),
            transformer=Transformer(kva=kva, kv_hv=10.0, kv_lv=0.4, r_percent=1.2, x_percent=3.8, vector_group="Dyn11", lv_bus="lv"),
            branches=tuple(self._branches), shunts=tuple(shunts), loads=tuple(self._loads),
        )
        return Area(name=self._name, style=style.name, seed=self._seed, network=network, meters=tuple(self._meters))

    def _box_sizes(self) -> list[int]:
        """Meters of each box: random ones until all are placed."""
        sizes: list[int] = []
        while (left := self._count - sum(sizes)) > 0:
            sizes.append(min(left, int(self._chance.integers(self._style.meters_a_box[0], self._style.meters_a_box[1] + 1))))
        return sizes

    def _feeder(self, feeder: str, boxes: list[int]) -> str:
        """A trunk in sections, a branch off the end of each, boxes at spurs of the branches; gives the bus at the trunk's end."""
        style, at, branch_number, half = self._style, "lv", 0, math.ceil(len(boxes) / 2)
        while boxes:
            branch_number += 1
            section = feeder if branch_number == 1 else f"{feeder}:{branch_number}"
            self._line(section, (at, section), CONDUCTORS, style.main, style.main_m)
            at, branch = section, f"{feeder}/branch-{branch_number}"
            self._line(branch, (section, branch), CONDUCTORS, style.main, style.spur_m)
            taken = min(half, int(self._chance.integers(style.boxes_a_branch[0], style.boxes_a_branch[1] + 1)))
            now, boxes = boxes[:taken], boxes[taken:]
            for number, meters in enumerate(now, 1):
                box = f"{branch}/box-{number}"
                self._line(box, (branch, box), CONDUCTORS, style.spur, style.spur_m)
                for _ in range(meters):
                    self._meter(box)
        return at

    def _meter(self, box: str) -> None:
        style, unit = self._style, len(self._meters) + 1
        meter, bus = f"m{unit:04d}", f"c{unit:04d}"
        is_three_phase = bool(self._chance.random() < style.three_phase_share)
        phases = PHASES if is_three_phase else (PHASES[int(self._chance.integers(3))],)
        line = style.service_three if is_three_phase else style.service
        service = self._line(f"s{unit:04d}", (box, bus), (*phases, "N"), line, style.service_m)
        loads = tuple(f"{meter}.{phase}" for phase in phases)
        self._loads += [
            Load(id=load, bus=bus, phase=phase, p_kw=_NOMINAL_KW, q_kvar=0.2 * _NOMINAL_KW, v_nom=220.0, zip=_ZIP, cuts_out=True)
            for load, phase in zip(loads, phases, strict=True)
        ]
        self._meters.append(
            AreaMeter(id=meter, node=box, bus=bus, service=service, phases="".join(phases).lower(), loads=loads, unit=unit)
        )

    def _line(
        self, branch_id: str, ends: tuple[str, str], conductors: tuple[str, ...], line: LineType, length_m: tuple[float, float]
    ) -> str:
        length = round(float(self._chance.uniform(*length_m)), 1)
        self._branches.append(line_branch(branch_id, ends, conductors, line, length))
        return branch_id
