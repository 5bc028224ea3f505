"""Packing of points into few block reads."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.acquire.plan import make_plan, pack, split
from edge_agent.model import COLUMN_INDEX, N_COLUMNS
from firmware_profiles.loader import load_all
from firmware_profiles.schema import Point, ReadLimits
from tests.acquire.scripted import energy_points, profile_of

SHIPPED = {name: profile for name, profile in load_all().items() if profile.protocol == "modbus"}


def spans(blocks) -> list[tuple[int, int, int]]:
    return [(block.function, block.address, block.count) for block in blocks]


def test_fifteen_values_within_forty_registers_are_one_request_where_the_meter_fills_holes():
    points = energy_points(15, start=100)
    scattered = [dataclasses.replace(point, address=point.address + 2 * (index // 3)) for index, point in enumerate(points)]
    assert max(point.address + point.words for point in scattered) - 100 <= 40
    assert len(pack(scattered, ReadLimits(max_gap_words=2))) == 1


def test_fifteen_values_in_a_row_are_one_request():
    assert spans(pack(energy_points(15, start=100), ReadLimits())) == [(3, 100, 30)]


def test_holes_are_not_read_across_unless_the_meter_fills_them():
    points = (*energy_points(8), *(dataclasses.replace(point, address=point.address + 4) for point in energy_points(15)[8:]))
    assert spans(pack(points, ReadLimits())) == [(3, 0, 16), (3, 20, 14)]
    assert spans(pack(points, ReadLimits(max_gap_words=4))) == [(3, 0, 34)]
    assert len(pack(points, ReadLimits(max_gap_words=3))) == 2


def test_long_runs_are_cut_on_value_borders():
    assert spans(pack(energy_points(24), ReadLimits(max_words=15))) == [(3, 0, 14), (3, 14, 14), (3, 28, 14), (3, 42, 6)]


def test_functions_are_read_apart():
    points = (*energy_points(2), *(dataclasses.replace(point, function=4) for point in energy_points(4)[2:]))
    assert spans(pack(points, ReadLimits())) == [(3, 0, 4), (4, 4, 4)]


def test_meters_that_take_even_reads_only_get_them():
    points = [dataclasses.replace(point, type="u16", address=address) for point, address in zip(energy_points(3), (1, 4, 5), strict=True)]
    assert spans(pack(points, ReadLimits(even_only=True))) == [(3, 0, 2), (3, 4, 2)]
    for block in make_plan(profile_of(points, limits=ReadLimits(even_only=True))).resync:
        assert block.address % 2 == 0
        assert block.count % 2 == 0


def test_points_that_are_never_polled_are_not_read():
    points = (*energy_points(2), dataclasses.replace(energy_points(3)[2], poll="never"))
    assert spans(make_plan(profile_of(points)).full) == [(3, 0, 4)]


def test_profile_without_a_presence_point_is_probed_by_its_first_point():
    points = [dataclasses.replace(point, poll="full") for point in energy_points(4)]
    assert spans(make_plan(profile_of(points)).presence) == [(3, 0, 2)]


def test_profile_without_a_point_to_read_is_refused():
    with pytest.raises(ValueError, match="no point is polled"):
        make_plan(profile_of([dataclasses.replace(energy_points(1)[0], poll="never")]))


def test_a_block_is_split_into_halves_and_a_single_point_into_nothing():
    (block,) = pack(energy_points(5), ReadLimits())
    first, second = split(block, ReadLimits())
    assert spans([first, second]) == [(3, 0, 4), (3, 4, 6)]
    assert split(pack(energy_points(1), ReadLimits())[0], ReadLimits()) == ()


def test_reads_to_get_in_step_all_look_different_and_begin_on_value_borders():
    plan = make_plan(profile_of(energy_points(6), also_functions=(4,)))
    signatures = [block.signature for block in plan.resync]
    assert len(set(signatures)) == len(signatures) == 12
    assert plan.resync[0].count == 2


@given(
    addresses=st.lists(st.integers(0, 200), min_size=1, max_size=24, unique=True), max_words=st.integers(2, 125),
    max_gap_words=st.integers(0, 20), even_only=st.booleans(),
)
def test_every_point_is_read_once_and_no_limit_is_passed(addresses: list[int], max_words: int, max_gap_words: int, even_only: bool):
    limits = ReadLimits(max_words=max_words, max_gap_words=max_gap_words, even_only=even_only)
    names = energy_points(24)
    points: list[Point] = [dataclasses.replace(names[index], address=2 * address) for index, address in enumerate(addresses)]
    blocks = pack(points, limits)
    assert sorted(point.key for block in blocks for point in block.points) == sorted(point.key for point in points)
    for block in blocks:
        assert block.count <= max_words
        covered = {address for point in block.points for address in range(point.address, point.address + point.words)}
        run = longest_hole(covered, block.address, block.count)
        assert run <= max_gap_words
        values = np.full(N_COLUMNS, np.nan)
        block.decoder.decode(bytes(2 * block.count), values)
        assert not np.isnan(values[[COLUMN_INDEX[point.key] for point in block.points]]).any()


def longest_hole(covered: set[int], start: int, count: int) -> int:
    longest = run = 0
    for address in range(start, start + count):
        run = 0 if address in covered else run + 1
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_shipped_profile_has_a_plan_within_its_limits(name: str):
    profile = SHIPPED[name]
    plan = make_plan(profile)
    assert len(plan.presence) == 1
    for block in (*plan.full, *plan.presence, *plan.resync):
        assert 1 <= block.count <= profile.limits.max_words
        assert not profile.limits.even_only or (block.address % 2 == 0 and block.count % 2 == 0)
