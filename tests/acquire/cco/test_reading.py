"""Reading meters through a scripted coordinator, in virtual time: concurrency, denies, parts, fallback, dead meters."""

import numpy as np
import pytest

from edge_agent.acquire import AcquireSettings
from edge_agent.model import EvidenceKind, SampleFlag
from edge_agent.wire.dlt645 import ErrorBits, error_frame
from edge_agent.wire.gdw10376_2 import Code, DenyReason, deny, report, units
from tests.acquire.cco.scripted_cco import ENERGY, VOLTAGE, ScriptedCco, run_with, watched_cco
from tests.acquire.scripted import UTC_MS
from tests.acquire.scripted645 import address_of
from tests.virtual_loop import run_virtual

F1H, MONITOR = Code(0xF1, 1), Code(0x13, 1)


def test_every_meter_is_read_on_its_schedule_with_values_of_its_own_reads():
    watch = watched_cco(ScriptedCco(meters=40))
    run_virtual(run_with(watch, 300.0))
    assert watch.wrong == []
    assert {len(watch.of(meter)) for meter in range(40)} <= {4, 5, 6}
    assert not np.isnan(watch.of(7)[-1].values[ENERGY])
    assert watch.evidence == []
    assert watch.reader.is_up
    assert watch.samples[0].turnaround_s == pytest.approx(1.0, abs=0.1)


def test_so_many_reads_are_under_way_as_allowed_and_no_more():
    watch = watched_cco(ScriptedCco(meters=100, read_s=10.0), max_in_flight=20)
    run_virtual(run_with(watch, 100.0))
    assert watch.cco.most_seen_in_flight == 20
    assert len(watch.samples) >= 100


def test_a_read_carries_at_most_so_many_meter_frames():
    watch = watched_cco(ScriptedCco(meters=1), frames_per_read=4, full_s=900.0)
    run_virtual(run_with(watch, 50.0))
    assert max(len(asked.requests) for asked in watch.cco.reads) == 4
    assert len({di for asked in watch.cco.reads for di in asked.identifiers}) > 4
    assert len(watch.samples) == 1


def test_over_concurrency_shrinks_the_window_to_what_the_module_takes():
    watch = watched_cco(ScriptedCco(meters=60, read_s=5.0, most_in_flight=7))
    run_virtual(run_with(watch, 110.0))
    assert watch.cco.most_seen_in_flight == 7
    assert watch.reader.counters.window == 7
    assert watch.reader.counters.denies < 20
    assert all(len(watch.of(meter)) >= 1 for meter in range(60))
    assert watch.evidence == []


def test_too_many_frames_in_one_read_are_halved_until_they_fit():
    watch = watched_cco(ScriptedCco(meters=5, most_frames=3))
    run_virtual(run_with(watch, 60.0))
    assert all(len(asked.requests) <= 3 for asked in watch.cco.reads)
    assert all(watch.of(meter) for meter in range(5))
    assert watch.evidence == []


def test_a_meter_that_is_already_being_read_is_left_alone_for_a_while():
    denied = []

    def script(asked):
        if asked.meter == 1 and not denied:
            denied.append(asked.at_s)
            return [(-0.9, deny(asked.frame, DenyReason.ALREADY_READING))]
        return [(0.0, asked.answer())]

    watch = watched_cco(ScriptedCco(meters=3, script=script), busy_rest_s=70.0, full_s=30.0)
    run_virtual(run_with(watch, 120.0))
    times_s = [asked.at_s for asked in watch.cco.reads if asked.meter == 1]
    assert times_s[1] - times_s[0] >= 70.0
    assert len(watch.of(0)) >= 3
    assert watch.evidence == []


@pytest.mark.parametrize("says_functions", [True, False], ids=["the module says so", "the module denies F1H"])
def test_a_module_without_concurrent_reads_is_asked_one_by_one(says_functions: bool):
    watch = watched_cco(ScriptedCco(meters=3, knows_concurrent=False, says_functions=says_functions), full_s=0.0)
    run_virtual(run_with(watch, 120.0))
    assert watch.cco.most_seen_in_flight == 1
    assert len(watch.cco.of(F1H)) <= (0 if says_functions else 20)
    assert "12H F2" in watch.cco.codes()
    assert all(len(asked.requests) == 1 for asked in watch.cco.reads)
    assert min(len(watch.of(meter)) for meter in range(3)) >= 2
    assert watch.evidence == []


def test_an_answer_that_travelled_is_dated_back():
    watch = watched_cco(ScriptedCco(meters=1, knows_concurrent=False))
    run_virtual(run_with(watch, 40.0))
    first = watch.cco.reads[0]
    # one second on the way, and the module says that the answer travelled for one
    assert watch.samples[0].taken_utc_ms == pytest.approx(UTC_MS + 1000 * first.at_s, abs=1)


def test_a_long_reply_is_put_together_from_its_parts():
    total = bytes.fromhex("56341200")
    watch = watched_cco(
        ScriptedCco(meters=1, payload=lambda di, number: total * 100 if di == "0001FF00" else b"\x00\x22" if di == "02010100" else b"")
    )
    watch.take = watch.samples.append        # type: ignore[method-assign]
    run_virtual(run_with(watch, 50.0))
    assert watch.samples[0].values[ENERGY] == 1_234_560.0
    assert watch.samples[0].values[VOLTAGE] == 220.0


def test_failed_reads_are_tried_again_and_then_told():
    watch = watched_cco(ScriptedCco(meters=2, dead={1}), acquire=AcquireSettings(quarantine_after=100))
    run_virtual(run_with(watch, 100.0))
    asked = [one.at_s for one in watch.cco.reads if one.meter == 1]
    assert 2 * watch.failed(1) <= len(asked) <= 2 * watch.failed(1) + 1
    assert watch.failed(1) in (1, 2)
    assert watch.failed(0) == 0
    assert watch.of(1) == []


def test_a_read_without_any_answer_is_given_up_after_its_time():
    watch = watched_cco(
        ScriptedCco(meters=2, script=lambda asked: [] if asked.meter == 1 else [(0.0, asked.answer())]), full_s=30.0, read_timeout_s=59.0
    )
    run_virtual(run_with(watch, 150.0))
    assert watch.reader.counters.timeouts >= 2
    assert watch.failed(1) == 1
    assert watch.failed(0) == 0
    assert watch.facts(EvidenceKind.BUS_DOWN) == []


def test_dead_meters_are_quarantined_and_found_again():
    cco = ScriptedCco(meters=30, dead=set(range(20, 30)))
    watch = watched_cco(cco, full_s=60.0)
    run_virtual(run_with(watch, 2000.0, (1000.0, cco.dead.clear)))
    assert watch.wrong == []
    probes = [asked for asked in cco.reads if asked.meter == 25 and asked.at_s < 2000.0][-3:]
    assert all(len(asked.requests) == 1 for asked in probes)
    assert min(len(watch.of(meter)) for meter in range(20, 30)) >= 10
    assert min(len(watch.of(meter)) for meter in range(20)) >= 30
    assert watch.reader.counters.quarantined == 0


def test_a_silent_identifier_costs_itself_only():
    """The station answers what it gets from the meter: one frame less than asked."""
    watch = watched_cco(ScriptedCco(meters=1, script=lambda asked: [(0.0, asked.answer(asked.payload(*asked.right[:-1])))]))
    run_virtual(run_with(watch, 50.0))
    assert not np.isnan(watch.samples[0].values[ENERGY])
    assert watch.samples[0].flags & SampleFlag.PARTIAL
    assert watch.evidence == []


def test_an_identifier_that_fails_the_whole_read_is_found_frame_by_frame():
    bad = first_identifiers()[-1]
    watch = watched_cco(
        ScriptedCco(meters=1, script=lambda asked: [(0.0, asked.answer(b"" if bad in asked.identifiers else None))])
    )
    run_virtual(run_with(watch, 400.0))
    assert watch.samples
    assert not np.isnan(watch.samples[-1].values[ENERGY])
    assert bad not in watch.cco.reads[-1].identifiers


def first_identifiers() -> list[str]:
    watch = watched_cco(ScriptedCco(meters=1))
    run_virtual(run_with(watch, 30.0))
    return watch.cco.reads[0].identifiers


def test_a_refused_identifier_is_left_out():
    refused = first_identifiers()[2]

    def script(asked):
        answers = [
            error_frame(one, address=one.address, error=ErrorBits.NO_SUCH_DATA) if di == refused else right
            for one, di, right in zip(asked.requests, asked.identifiers, asked.right, strict=True)
        ]
        # a meter answers in order; our driver takes a refusal for the oldest that is open
        return [(0.0, asked.answer(asked.payload(*answers)))]

    watch = watched_cco(ScriptedCco(meters=1, script=script))
    run_virtual(run_with(watch, 200.0))
    assert [refused in asked.identifiers for asked in watch.cco.reads] == [True] + [False] * (len(watch.cco.reads) - 1)
    assert watch.wrong == []


def test_a_refusal_among_missing_answers_blames_no_identifier():
    """The first answer is lost on the way and the second is a refusal, which names nobody: it is not that of the first."""

    def script(asked):
        if len(asked.requests) < 3:
            return [(0.0, asked.answer())]
        refusal = error_frame(asked.requests[1], address=asked.requests[1].address, error=ErrorBits.NO_SUCH_DATA)
        return [(0.0, asked.answer(asked.payload(refusal, *asked.right[2:])))]

    watch = watched_cco(ScriptedCco(meters=1, script=script), full_s=60.0)
    run_virtual(run_with(watch, 100.0))
    assert watch.cco.reads[0].identifiers == watch.cco.reads[-1].identifiers


def test_reads_are_asked_for_ahead_of_their_time():
    watch = watched_cco(ScriptedCco(meters=3), full_s=900.0)
    run_virtual(run_with(watch, 200.0, (100.0, lambda: watch.reader.read_soon([2]))))
    assert [len(watch.of(meter)) for meter in range(3)] == [1, 1, 2]


def test_the_router_that_asks_what_to_read_is_told_nothing():
    watch = watched_cco(ScriptedCco(meters=1))
    query = report(units.ContentQuery(phase=1, address=address_of(0), index=1), sequence=9)
    run_virtual(run_with(watch, 30.0, (20.0, lambda: watch.link.say(query))))
    (answer,) = watch.cco.of(Code(0x14, 1))
    assert answer.sequence == 9
    assert answer.data[0] == units.ReadFlag.FAILED
