"""From the fault to the CCO's report: the windows that the timers imply, and what moves them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from firmware_profiles.modules import MODULES, ModuleProfile, load_module
from simulator.hplc.gasp.trial import Formed, Outcome, Way, form, run_outage
from simulator.hplc.gasp.windows import direct_window, relay_window
from simulator.hplc.links import LinkTable
from tests.simulator.hplc.gasp.stations import FAMILY_A, FAMILY_B, one_relay
from tests.simulator.hplc.mac.link_tables import all_hear_all, links_of
from tests.simulator.hplc.network.networks import DEAF_DB, macs_of

SEEDS = range(8)
MEDIUM_S = 5.0              # waiting for beacons and contention, on top of timers


def formed_on(links: LinkTable, directory: Path, module: ModuleProfile = FAMILY_A) -> Formed:
    nodes = len(links.hears)
    return form(links, module, macs=macs_of(nodes), phases=np.zeros(nodes, np.int8), seed=1, directory=directory)


def outcomes(
    formed: Formed, dark: list[int], *, links: LinkTable | None = None, hold_s: float = 60.0, without: tuple[int, ...] = (),
) -> list[Outcome]:
    print(f"seeds {SEEDS}")
    return [
        run_outage(formed, dark=dark, links=links or formed.links, hold_s=np.full(len(formed.macs), hold_s), seed=seed, watch_s=160.0,
                   without=without)
        for seed in SEEDS
    ]


def delays(found: list[Outcome], node: int) -> list[float]:
    return [one.delays_s[node] for one in found]


def test_the_windows_are_those_that_the_outage_sheet_works_out() -> None:
    direct, relayed = direct_window(FAMILY_A), relay_window(FAMILY_A)
    assert (direct.least_s, direct.most_s) == (32.0, 52.0)
    assert (relayed.least_s, relayed.most_s) == (62.0, 82.0)


def test_a_dying_meter_that_the_cco_hears_well_is_reported_right_after_check_and_gathering(tmp_path: Path) -> None:
    found = outcomes(formed_on(all_hear_all(4), tmp_path), [3])
    assert all(one.heard == {3: Way.DIRECT} for one in found)
    assert all(32.0 <= delay_s <= 32.2 + MEDIUM_S for delay_s in delays(found, 3))


def test_one_that_it_hears_badly_is_reported_anywhere_in_the_direct_window(tmp_path: Path) -> None:
    formed = formed_on(links_of(np.full((2, 2), 20.0)), tmp_path)
    weak = links_of(np.full((2, 2), 20.0), success=0.15)
    found = [one for one in outcomes(formed, [1], links=weak) if one.delays_s]
    assert len(found) >= 4                                            # 1 - 0.85^10 = 0.80 of eight are 6.4
    assert all(32.0 <= delay_s <= 52.0 + MEDIUM_S for delay_s in delays(found, 1))
    assert max(delays(found, 1)) > 36.0


@pytest.mark.parametrize("module", [FAMILY_A, FAMILY_B], ids=["family A", "family B"])
def test_over_one_relay_the_delay_is_in_the_window_of_its_module(module: ModuleProfile, tmp_path: Path) -> None:
    found = outcomes(formed_on(one_relay(), tmp_path, module), [3])
    assert all(one.heard == {3: Way.RELAYED} for one in found)
    window = relay_window(module)
    assert all(window.least_s <= delay_s <= window.most_s + MEDIUM_S for delay_s in delays(found, 3))


@pytest.mark.parametrize(
    ("table", "line", "moves_s"),
    [("[relay]", "gather_s = 10.0", -20.0), ("[coordinator]", "gather_s = 45.0", 15.0), ("[dying]", "check_s = 6.0", 4.0)],
    ids=["relays gather less", "the CCO gathers more", "modules make sure for longer"],
)
def test_a_changed_timer_in_a_copied_module_file_moves_the_relay_path_by_its_change(
    table: str, line: str, moves_s: float, tmp_path: Path,
) -> None:
    before = outcomes(formed_on(one_relay(), tmp_path), [3])
    head, _, rest = (MODULES / "family-a.toml").read_text(encoding="utf-8").partition(table + "\n")
    (tmp_path / "copied.toml").write_text(f"{head}{table}\n{line}\n" + rest.partition("\n")[2], encoding="utf-8")
    after = outcomes(formed_on(one_relay(), tmp_path, load_module(tmp_path / "copied.toml")), [3])
    assert abs(np.median(delays(after, 3)) - np.median(delays(before, 3)) - moves_s) < 1.5


def test_with_its_relays_removed_the_meter_is_not_heard_of(tmp_path: Path) -> None:
    assert all(not one.delays_s and not one.heard for one in outcomes(formed_on(one_relay(), tmp_path), [3], without=(1, 2)))


def test_a_broken_conductor_cuts_delivery(tmp_path: Path) -> None:
    broken = np.full((4, 4), 20.0)
    broken[3, :] = broken[:, 3] = DEAF_DB
    assert all(not one.delays_s for one in outcomes(formed_on(one_relay(), tmp_path), [3], links=links_of(broken)))


def test_without_capacitor_nothing_is_delivered(tmp_path: Path) -> None:
    assert all(not one.delays_s for one in outcomes(formed_on(all_hear_all(4), tmp_path), [2, 3], hold_s=0.0))


def test_an_area_outage_arrives_when_the_cco_has_a_backup(tmp_path: Path) -> None:
    found = outcomes(formed_on(all_hear_all(8), tmp_path), list(range(1, 8)))
    assert np.mean([len(one.delays_s) for one in found]) > 0.97 * 7


def test_many_who_speak_at_once_collide_and_some_are_never_heard(tmp_path: Path) -> None:
    """Ten sends without acknowledgement, all within 200 ms of each other: broadcasts do not widen their window after a collision."""
    found = outcomes(formed_on(all_hear_all(30), tmp_path), list(range(1, 30)))
    assert 0.75 * 29 < np.mean([len(one.delays_s) for one in found]) < 29


def test_an_area_outage_without_backup_reports_nothing(tmp_path: Path) -> None:
    found = outcomes(formed_on(all_hear_all(10), tmp_path), list(range(1, 10)), without=(0,))
    assert all(not one.delays_s for one in found)


@pytest.mark.parametrize("module", [FAMILY_A, FAMILY_B], ids=["family A", "family B"])
def test_doubled_reports_are_absorbed_and_nobody_with_supply_is_reported(module: ModuleProfile, tmp_path: Path) -> None:
    found = outcomes(formed_on(all_hear_all(12), tmp_path, module), [9, 10, 11])
    assert all(one.absorbed > 10 for one in found)
    assert all((one.given_twice, one.false) == (0, 0) for one in found)


def test_a_cco_that_forgets_too_soon_gives_a_meter_twice(tmp_path: Path) -> None:
    text = (MODULES / "family-b.toml").read_text(encoding="utf-8")
    (tmp_path / "copied.toml").write_text(text.replace("memory_s = 240.0  ", "memory_s = 1.0  ", 1), encoding="utf-8")
    forgetful = load_module(tmp_path / "copied.toml")
    assert forgetful.coordinator.memory_s == 1.0
    assert all(one.given_twice > 0 for one in outcomes(formed_on(one_relay(), tmp_path, forgetful), [3]))


def test_one_seed_gives_the_same_outcome_and_another_another(tmp_path: Path) -> None:
    formed = formed_on(all_hear_all(6), tmp_path)
    first, again = outcomes(formed, [4, 5]), outcomes(formed, [4, 5])
    assert first == again
    assert len({one.delays_s[4] for one in first}) > 1


def test_a_network_is_formed_once_and_then_taken_from_its_file(tmp_path: Path) -> None:
    formed = formed_on(all_hear_all(4), tmp_path)
    written = formed.file.stat().st_mtime_ns
    assert formed_on(all_hear_all(4), tmp_path).file.stat().st_mtime_ns == written
    assert formed_on(all_hear_all(4, success=0.9), tmp_path).file != formed.file
