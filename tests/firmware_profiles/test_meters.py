"""What holds for every shipped profile."""

import collections

import pytest

from firmware_profiles.loader import METERS, load_all, load_profile
from firmware_profiles.quantities import QUANTITIES
from firmware_profiles.schema import MODBUS

PROFILES = load_all()
PRINTED_OR_SEEN = ("document", "capture")


def test_many_meters_of_many_makers_are_covered():
    assert len(PROFILES) >= 38
    assert len({profile.maker for profile in PROFILES.values()}) >= 15


def test_at_least_eight_profiles_carry_a_frame_that_was_printed_or_captured():
    with_frame = {
        profile.name
        for profile in PROFILES.values()
        if any((golden.response or golden.frame) and golden.origin.startswith(PRINTED_OR_SEEN) for golden in profile.golden)
    }
    assert len(with_frame) >= 8


@pytest.mark.parametrize("path", sorted(METERS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_file_is_named_like_its_profile(path):
    assert load_profile(path).name == path.stem


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
class TestShippedProfile:
    def test_every_golden_case_says_where_it_comes_from(self, profile):
        for golden in profile.golden:
            assert golden.origin.startswith((*PRINTED_OR_SEEN, "library test", "worked out by hand"))

    def test_the_presence_read_is_short(self, profile):
        if profile.protocol != MODBUS:
            presence = {point for point in profile.data_points if point.poll == "presence"}
            whole = [{point} for point in presence] + [set(block.members) for block in profile.data_blocks]
            assert presence in whole       # one identifier or one block: one request
            return
        presence = sorted((point for point in profile.points if point.poll == "presence"), key=lambda point: point.address)
        first, last = presence[0], presence[-1]
        assert sum(point.words for point in presence) == last.address + last.words - first.address <= min(12, profile.limits.max_words)

    def test_a_full_read_carries_power_and_only_carried_quantities(self, profile):
        polled = [point for point in profile.all_points if point.poll != "never"]
        assert all(point.column for point in polled)
        # one known log, one manual example: these two profiles have nothing more
        if profile.name not in ("abb-early-generation", "kbr-multicomp-f144"):
            assert any(point.quantity == "active_power_w" for point in polled)

    def test_titles_of_polled_points_differ(self, profile):
        titles = collections.Counter(point.title for point in profile.all_points if point.poll != "never")
        assert max(titles.values()) == 1

    def test_a_single_phase_meter_has_no_second_phase(self, profile):
        if profile.phases == "a":
            polled = {point.place for point in profile.all_points if point.poll != "never"}
            assert not polled & {"b", "c", "ab", "bc", "ca"}

    def test_energies_count_and_gauges_do_not(self, profile):
        for point in profile.all_points:
            assert QUANTITIES[point.quantity].unit in ("", "1") or point.unit, point.key


def test_meters_that_stand_for_secondary_values_say_so():
    for name in ("acrel-adl400", "acrel-dtsd1352", "acrel-sungrow-dtsu666"):
        assert "multiply" in PROFILES[name].notes


@pytest.mark.parametrize(
    ("name", "data", "is_it"),
    [
        ("carlo-gavazzi-em340", "0155", True), ("carlo-gavazzi-em340", "0047", False), ("carlo-gavazzi-em24", "0047", True),
        ("abb-b23", "42323420", True), ("abb-b21", "42323420", False), ("orno-or-we-514", "00a2", True),
        ("schneider-pm5330", "3ba9", True), ("schneider-pm5110", "3ba9", False), ("hager-ecr", "4861676572" + "00" * 27, True),
        ("socomec-countis-e2x", "0053004f0043004f", True),
    ],
)
def test_an_identity_read_tells_models_apart(name, data, is_it):
    assert PROFILES[name].identity.matches(bytes.fromhex(data)) is is_it
