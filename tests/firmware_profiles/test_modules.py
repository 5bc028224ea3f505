"""Module families as data: what is shipped, and what a wrong file is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from firmware_profiles.loader import ProfileError
from firmware_profiles.modules import MODULES, load_module, load_modules

FILES = sorted(MODULES.glob("*.toml"))


def test_two_families_are_shipped() -> None:
    assert {profile.family for profile in load_modules().values()} == {"A", "B"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_number_carries_its_mark(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if re.match(r"\w+ = (\d|true|false)", line)]
    assert len(lines) >= 30
    assert [line for line in lines if not re.search(r"# \[(S1|P-\d|M|I|O)", line)] == []


def test_family_a_reaches_the_concentrator_when_the_published_timers_say() -> None:
    # 2 + (0..20) + 30 s direct, 30 s more over one relay: computed in the outage sheet from the same listing
    family = load_modules()["family-a"]
    dying = family.dying
    direct = (dying.check_s + family.coordinator.gather_s, dying.check_s + dying.sends * dying.repeat_s + family.coordinator.gather_s)
    assert direct == (32.0, 52.0)
    assert tuple(time_s + family.relay.gather_s for time_s in direct) == (62.0, 82.0)


def test_family_b_repeats_for_its_hold_time() -> None:
    dying = load_modules()["family-b"].dying
    assert dying.sends * dying.repeat_s == dying.hold_s == 60.0


def write(tmp_path: Path, change: tuple[str, str]) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text((MODULES / "family-a.toml").read_text().replace(*change, 1))
    return path


@pytest.mark.parametrize(("change", "told"), [
    (("sends = 10 ", "sends = 0 "), "dying: sends = 0: out of range"),
    (("sends = 10 ", "sendz = 10 "), "dying: unknown key 'sendz'; did you mean 'sends'?"),
    (("repeat_s = 2.0", "repeat_s = 'often'"), "dying: repeat_s = 'often' has the wrong type"),
    (("repeat_s = 2.0", "repeat_s = 0.0"), "repeats need a time between them"),
    (("first_send_least_s = 0.0", "first_send_least_s = 1.0"), "exchange them"),
    (("[relay]", "[really]"), "unknown key 'really'"),
    (('module   = "family-a"', 'module = "Family A"'), "is no name"),
    (("gather_s = 0.3", "gather_s = -1"), "network: gather_s = -1: out of range"),
])
def test_a_wrong_file_is_told_where_and_what(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = write(tmp_path, change)
    with pytest.raises(ProfileError) as caught:
        load_module(path)
    assert any(told in line and line.startswith(str(path)) for line in caught.value.problems), caught.value.problems


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ("A", "A"))
    with pytest.raises(ProfileError, match="is in another file, too"):
        load_modules([tmp_path])


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("module = ")
    with pytest.raises(ProfileError, match="is not valid TOML"):
        load_module(tmp_path / "mine.toml")
