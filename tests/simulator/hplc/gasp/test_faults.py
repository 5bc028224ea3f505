"""Outages as edits of the grid: who is dark is what the solved grid says."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.grid.areas import Area, AreaMeter, make_area
from simulator.hplc.gasp import FaultClass, dark_meters, draw_fault


@pytest.fixture(scope="module")
def area() -> Area:
    return make_area("urban_cable", 60, seed=4)


def fault(area: Area, fault_class: FaultClass, seed: int, **how: str) -> tuple[AreaMeter, set[str]]:
    """The meter that the place was drawn by, and who is dark."""
    print(f"seed {seed}")
    meter = area.meters[int(np.random.default_rng(seed).integers(len(area.meters)))]
    edits = draw_fault(area, fault_class, np.random.default_rng(seed), **how)
    dark = dark_meters(area, edits)
    return meter, {one.id for one, is_dark in zip(area.meters, dark, strict=True) if is_dark}


@pytest.mark.parametrize("seed", range(4))
def test_an_open_service_darkens_its_meter(area: Area, seed: int) -> None:
    meter, dark = fault(area, FaultClass.METER, seed)
    assert dark == {meter.id}


@pytest.mark.parametrize("seed", range(4))
def test_an_open_box_darkens_all_meters_of_the_box(area: Area, seed: int) -> None:
    meter, dark = fault(area, FaultClass.BOX, seed)
    assert dark == {one.id for one in area.meters if one.node == meter.node}


@pytest.mark.parametrize("seed", range(4))
def test_an_open_branch_darkens_all_boxes_of_the_branch(area: Area, seed: int) -> None:
    meter, dark = fault(area, FaultClass.BRANCH, seed)
    branch = meter.node.rsplit("/", 1)[0]
    assert dark == {one.id for one in area.meters if one.node.startswith(branch + "/")}


@pytest.mark.parametrize("seed", range(4))
def test_a_lost_phase_darkens_the_single_phase_meters_on_it(area: Area, seed: int) -> None:
    meter, dark = fault(area, FaultClass.PHASE, seed)
    feeder = meter.node.split("/", 1)[0]
    assert dark == {one.id for one in area.meters if one.node.startswith(feeder + "/") and one.phases == meter.phases[0]}


def test_a_lost_high_voltage_darkens_everyone(area: Area) -> None:
    _, dark = fault(area, FaultClass.TRANSFORMER, 0)
    assert len(dark) == len(area.meters)


def test_without_a_fault_nobody_is_dark(area: Area) -> None:
    assert not dark_meters(area, ()).any()


@pytest.mark.parametrize("fault_class", [FaultClass.METER, FaultClass.BOX, FaultClass.BRANCH, FaultClass.PHASE])
def test_a_broken_conductor_is_as_dark_as_an_open_contact(area: Area, fault_class: FaultClass) -> None:
    assert fault(area, fault_class, 2, how="cut")[1] == fault(area, fault_class, 2)[1]
    assert draw_fault(area, fault_class, np.random.default_rng(2), how="cut")[0]["how"] == "cut"
