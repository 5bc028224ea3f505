"""Reads through the CCO: limits, refusals, time, what comes back."""

from __future__ import annotations

import pytest

from edge_agent.wire.gdw10376_2 import DenyReason, encode, request, units
from edge_agent.wire.gdw10376_2.frame import AddressField
from simulator.hplc.cco.messages import CarrierMessage
from tests.simulator.hplc.cco.scripted import MAIN, METER, OTHER, THIRD, Concentrator, with_archive

FRAME = bytes.fromhex("68610100000000681104333434351716")
READ = units.ConcurrentRequest(protocol=2, payload=FRAME)
MONITOR = units.MonitorRequest(protocol=2, payload=FRAME)


def silent(message: CarrierMessage) -> None:
    return None


def begin(concentrator: Concentrator, meter: str, *, sequence: int) -> None:
    """A concurrent read that is not waited for."""
    concentrator.send_bytes(
        encode(request(READ, sequence=sequence, addresses=AddressField(source=MAIN, destination=meter))), wait_s=0.0
    )


@pytest.mark.parametrize("unit", [READ, MONITOR, units.Forward(protocol=2, payload=FRAME)], ids=["F1H", "13H", "02H"])
def test_a_meter_outside_the_archive_is_no_such_address(unit):
    assert with_archive(METER).ask(unit, OTHER) == units.Deny(error=DenyReason.NO_SUCH_ADDRESS)


@pytest.mark.parametrize("unit", [READ, MONITOR], ids=["F1H", "13H"])
def test_a_meter_of_the_archive_that_has_not_joined_is_not_in_the_network(unit):
    concentrator = with_archive(METER, "000000000999")
    assert concentrator.ask(unit, "000000000999") == units.Deny(error=DenyReason.SLAVE_NOT_IN_NETWORK)


def test_a_second_read_of_a_meter_under_way_is_already_reading():
    concentrator = with_archive(METER)
    concentrator.carrier.answer = silent
    begin(concentrator, METER, sequence=1)
    assert concentrator.ask(READ, METER) == units.Deny(error=DenyReason.ALREADY_READING)


def test_the_limit_of_parallel_reads_counts_only_those_under_way():
    concentrator = with_archive(METER, OTHER, THIRD, max_concurrent=2)
    begin(concentrator, METER, sequence=1)
    begin(concentrator, OTHER, sequence=2)
    assert concentrator.ask(READ, THIRD) == units.Deny(error=DenyReason.OVER_CONCURRENCY)
    concentrator.run(1.0)
    assert concentrator.ask(READ, THIRD, wait_s=1.0) == units.ConcurrentReply(protocol=2, payload=FRAME)


def test_fourteen_meter_frames_in_one_read_are_too_many_and_thirteen_are_not():
    concentrator = with_archive(METER)
    too_many = units.ConcurrentRequest(protocol=2, payload=FRAME * 14)
    assert concentrator.ask(too_many, METER) == units.Deny(error=DenyReason.TOO_MANY_METER_FRAMES)
    answer = concentrator.ask(units.ConcurrentRequest(protocol=2, payload=FRAME * 13), METER, wait_s=1.0)
    assert answer == units.ConcurrentReply(protocol=2, payload=FRAME * 13)


def test_a_silent_meter_is_told_apart_from_a_silent_station():
    concentrator = with_archive(METER)
    concentrator.carrier.answer = lambda message: b""
    assert concentrator.ask(MONITOR, METER, wait_s=1.0) == units.Deny(error=DenyReason.METER_DOES_NOT_REPLY)
    concentrator.carrier.answer = silent
    assert concentrator.ask(MONITOR, METER, wait_s=90.0) == units.Deny(error=DenyReason.SLAVE_DOES_NOT_REPLY)


def test_a_read_without_answer_is_tried_again_and_ends_within_the_slave_time_out():
    concentrator = with_archive(METER)
    concentrator.carrier.answer = silent
    assert concentrator.ask(READ, METER, wait_s=90.5) == units.ConcurrentReply(protocol=2, payload=b"")
    tries = [address for address, _ in concentrator.carrier.sent]
    assert tries == [METER] * concentrator.cco.core.profile.reads_tries


def test_an_answer_to_the_second_try_ends_the_read():
    concentrator = with_archive(METER)
    answers = iter([None, FRAME])
    concentrator.carrier.answer = lambda message: next(answers)
    assert concentrator.ask(READ, METER, wait_s=20.0) == units.ConcurrentReply(protocol=2, payload=FRAME)


def test_an_answer_of_an_earlier_read_is_late_and_answers_nothing():
    concentrator = with_archive(METER, reads_tries=1, reads_wait_s=0.1, reads_wait_per_level_s=0.0, reads_wait_per_frame_s=0.0)
    assert concentrator.ask(READ, METER, wait_s=0.3) == units.ConcurrentReply(protocol=2, payload=b"")
    concentrator.carrier.answer = silent
    begin(concentrator, METER, sequence=7)
    heard = len(concentrator.answers)
    concentrator.run(0.08)
    assert len(concentrator.answers) == heard
    concentrator.run(1.0)
    assert concentrator.cco.core.reads.late_answers == 1


def test_only_one_monitored_read_runs_at_a_time():
    concentrator = with_archive(METER, OTHER)
    concentrator.carrier.answer = silent
    concentrator.ask(MONITOR, METER)
    assert concentrator.ask(MONITOR, OTHER) == units.Deny(error=DenyReason.MAIN_NODE_BUSY)


def test_the_answer_says_phase_and_relays_of_the_meter():
    concentrator = with_archive(OTHER)
    member = concentrator.carrier.table[OTHER]
    concentrator.carrier.table[OTHER] = type(member)(address=OTHER, tei=3, proxy_tei=2, level=2, role=1, phase=3)
    concentrator.ask(READ, OTHER, wait_s=1.0)
    info = concentrator.answers[-1][1].info
    assert (info.phase, info.relay_level) == (3, 1)


def test_the_time_that_an_answer_travelled_is_told():
    concentrator = with_archive(METER)
    concentrator.carrier.way_s = 6.0        # three of them back
    assert concentrator.ask(MONITOR, METER, wait_s=7.0) == units.MonitorReply(protocol=2, payload=FRAME, uplink_s=3)
