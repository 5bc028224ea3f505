"""The CCO's gathering: thirty seconds, only what is new, and a memory that ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from simulator.hplc.gasp import CcoGathering, ReportKind
from simulator.hplc.gasp.gathering import MOST_KEPT
from tests.simulator.hplc.gasp.stations import FAMILY_A, FAMILY_B

OUTAGE, RESTORE = ReportKind.OUTAGE, ReportKind.RESTORE


def test_the_first_report_opens_a_gathering_of_thirty_seconds() -> None:
    gathering = CcoGathering(FAMILY_A.coordinator)
    gathering.hear(OUTAGE, [11], 100.0)
    gathering.hear(OUTAGE, [12, 11], 129.0)
    assert gathering.due_s(OUTAGE) == 130.0
    assert gathering.take(OUTAGE, 129.9) == ()
    assert gathering.take(OUTAGE, 130.0) == (11, 12)
    assert gathering.due_s(OUTAGE) == float("inf")


def test_a_doubled_report_is_absorbed_while_it_is_remembered() -> None:
    gathering = CcoGathering(FAMILY_A.coordinator)
    gathering.hear(OUTAGE, [11], 0.0)
    assert gathering.take(OUTAGE, 30.0) == (11,)
    gathering.hear(OUTAGE, [11], 30.0 + FAMILY_A.coordinator.memory_s - 0.1)
    assert gathering.due_s(OUTAGE) == float("inf")
    assert gathering.absorbed == 1


@pytest.mark.parametrize(("module", "memory_s"), [(FAMILY_A, 90.0), (FAMILY_B, 240.0)], ids=["family A", "family B"])
def test_after_the_memory_the_same_meter_is_given_again(module, memory_s: float) -> None:
    gathering = CcoGathering(module.coordinator)
    gathering.hear(OUTAGE, [11], 0.0)
    gathering.take(OUTAGE, 30.0)
    gathering.hear(OUTAGE, [11], 30.0 + memory_s)
    assert gathering.take(OUTAGE, 60.0 + memory_s) == (11,)


def test_outage_and_power_back_do_not_know_of_each_other() -> None:
    gathering = CcoGathering(FAMILY_A.coordinator)
    gathering.hear(OUTAGE, [11], 0.0)
    gathering.hear(RESTORE, [11], 10.0)
    assert (gathering.due_s(OUTAGE), gathering.due_s(RESTORE)) == (30.0, 40.0)
    assert gathering.take(OUTAGE, 30.0) == gathering.take(RESTORE, 40.0) == (11,)


def test_a_power_back_is_kept_for_its_memory_after_the_last_report() -> None:
    gathering = CcoGathering(FAMILY_A.coordinator)
    gathering.hear(RESTORE, [11], 0.0)
    gathering.take(RESTORE, 30.0)
    gathering.hear(RESTORE, [11], 200.0)
    gathering.hear(RESTORE, [11], 430.0)
    assert gathering.absorbed == 2


def test_a_changed_timer_of_the_module_file_moves_the_gathering() -> None:
    gathering = CcoGathering(replace(FAMILY_A.coordinator, gather_s=7.0))
    gathering.hear(OUTAGE, [11], 1.0)
    assert gathering.due_s(OUTAGE) == 8.0


def test_what_nobody_can_send_does_not_fill_the_memory() -> None:
    gathering = CcoGathering(FAMILY_A.coordinator)
    gathering.hear(OUTAGE, range(3 * MOST_KEPT), 0.0)
    assert len(gathering.take(OUTAGE, 30.0)) == MOST_KEPT
    assert gathering.refused == 2 * MOST_KEPT
