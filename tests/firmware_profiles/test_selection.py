"""Finding the profile of a meter by name, model and firmware."""

import pytest

from firmware_profiles.loader import load_all
from firmware_profiles.selection import NoProfile, firmware_fits, is_firmware_range, select

PROFILES = load_all()


@pytest.mark.parametrize("asked", ["eastron-sdm630-v2", "Eastron SDM630 v2", "SDM630", "sdm630-modbus", "EASTRON sdm630 V2"])
def test_a_profile_is_found_by_name_meter_or_model_whatever_the_case(asked):
    assert select(PROFILES, asked).name == "eastron-sdm630-v2"


def test_firmware_decides_between_two_maps_of_one_model():
    assert select(PROFILES, "DDS238-2", "1.4").name == "hiking-dds238-2-v1"
    assert select(PROFILES, "DDS238-2", "2.0").name == "hiking-dds238-2"


def test_a_model_with_several_maps_is_not_guessed():
    with pytest.raises(NoProfile, match="hiking-dds238-2, hiking-dds238-2-v1"):
        select(PROFILES, "DDS238-2")


def test_an_unknown_model_is_told_with_its_neighbours():
    with pytest.raises(NoProfile, match="eastron-sdm630-v2"):
        select(PROFILES, "eastron-sdm63")


def test_a_firmware_that_no_range_covers_is_told_with_the_ranges():
    with pytest.raises(NoProfile, match=r"covers firmware 1\.9"):
        select({"hiking-dds238-2": PROFILES["hiking-dds238-2"]}, "Hiking DDS238-2 ZN/S", "1.9")


@pytest.mark.parametrize(
    ("clauses", "version", "fits"),
    [
        ("", "9", True), (">=2.1, <3.0", "2.1", True), (">=2.1, <3.0", "2.10.7", True), (">=2.1, <3.0", "3.0", False),
        (">=2.1, <3.0", "2.0.9", False), ("==1.8.3", "1.8.3", True), ("!=2", "2.0", False), (">2", "2.0.1", True), ("<=2", "2.0.1", False),
    ],
)
def test_versions_compare_number_by_number(clauses, version, fits):
    assert firmware_fits(clauses, version) is fits


@pytest.mark.parametrize(("text", "good"), [("", True), (">=2.1, <3.0", True), ("2.1", False), (">=", False), (">=2.1 <3.0", False)])
def test_a_range_is_comparisons_with_commas(text, good):
    assert is_firmware_range(text) is good
