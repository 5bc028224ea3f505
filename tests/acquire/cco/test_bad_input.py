"""Damaged, foreign, late and swapped frames on the line to the coordinator never give a value to the wrong meter."""

import dataclasses
import random

import pytest

from edge_agent.wire.gdw10376_2 import AddressField, UpInfo, encode
from tests.acquire.cco.scripted_cco import ScriptedCco, run_with, watched_cco
from tests.acquire.scripted645 import address_of
from tests.virtual_loop import run_virtual

SEED = 20261126


def changed(frame, *, sequence=None, source=None):
    info = frame.info if sequence is None else UpInfo(sequence=sequence)
    addresses = frame.addresses if source is None else AddressField(source=source, destination=frame.addresses.destination)
    return dataclasses.replace(frame, info=info, addresses=addresses)


def held(script, **more):
    """Meter 1 is answered by ``script``, the others rightly."""
    cco = ScriptedCco(meters=3, script=lambda asked: script(asked) if asked.meter == 1 else [(0.0, asked.answer())])
    return watched_cco(cco, full_s=100.0, **more)


def test_bytes_one_by_one_are_frames_all_the_same():
    watch = watched_cco(ScriptedCco(meters=10), full_s=30.0)
    watch.link.byte_s = 11 / 9600
    run_virtual(run_with(watch, 100.0))
    assert watch.wrong == []
    assert min(len(watch.of(meter)) for meter in range(10)) >= 3
    assert watch.reader.counters.discarded_bytes == 0


@pytest.mark.parametrize(
    "garbage", [b"\x00\xff\x55", b"\x68", b"\x68\x30\x00\xc3", b"\x68\xff\xff", b"\x16" * 300, bytes.fromhex("fefefefe68")],
    ids=["noise", "a start", "a head", "an endless head", "ends", "wake-up"],
)
def test_garbage_between_frames_is_counted_and_passed_over(garbage: bytes):
    watch = watched_cco(ScriptedCco(meters=5, garbage=garbage), full_s=30.0)
    run_virtual(run_with(watch, 200.0))
    assert watch.wrong == []
    assert min(len(watch.of(meter)) for meter in range(5)) >= 4
    assert watch.reader.counters.discarded_bytes >= len(garbage)
    assert watch.evidence == []


def test_an_answer_with_another_sequence_is_not_taken():
    watch = held(lambda asked: [(0.0, changed(asked.answer(), sequence=(asked.frame.sequence + 101) % 256))])
    run_virtual(run_with(watch, 300.0))
    assert watch.of(1) == []
    assert watch.reader.counters.foreign_frames >= 2
    assert watch.failed(1) >= 1
    assert watch.failed(0) == 0


def test_answers_that_the_module_swaps_between_meters_give_no_values():
    watch = held(lambda asked: [(0.0, changed(asked.answer(), source=address_of(2)))])
    run_virtual(run_with(watch, 300.0))
    assert watch.of(1) == []
    assert watch.wrong == []
    assert watch.failed(2) == 0


def test_the_frame_of_another_meter_in_an_answer_is_not_taken():
    cco = ScriptedCco(meters=4, read_s=2.0)
    waiting = {}

    def script(asked):
        """Meters 0 and 1 are answered with each other's frames, rightly addressed outside."""
        if asked.meter > 1:
            return [(0.0, asked.answer())]
        other = waiting.pop(1 - asked.meter, None)
        if other is None:
            waiting[asked.meter] = asked
            return []
        return [(0.0, asked.answer(other.payload())), (0.0, other.answer(asked.payload()))]

    cco.script = script
    watch = watched_cco(cco, full_s=50.0)
    run_virtual(run_with(watch, 300.0))
    assert watch.of(0) == watch.of(1) == []
    assert len(watch.of(2)) >= 4
    assert watch.reader.counters.foreign_frames >= 4


def test_another_identifier_than_asked_is_not_taken():
    def script(asked):
        swapped = [*asked.right[1:], asked.right[0]]
        wrong = [type(one)(address=one.address, control=one.control, data=one.data[:3] + b"\x7f" + one.data[4:]) for one in swapped]
        return [(0.0, asked.answer(asked.payload(*wrong)))]

    watch = held(script)
    run_virtual(run_with(watch, 200.0))
    assert watch.of(1) == []
    assert watch.failed(1) >= 1


def test_a_late_answer_is_counted_and_not_taken_for_the_next_one():
    watch = held(lambda asked: [(65.0, asked.answer())] if asked.number % 2 else [(0.0, asked.answer())], read_timeout_s=59.0)
    run_virtual(run_with(watch, 900.0))
    assert watch.wrong == []
    assert watch.reader.counters.late_replies >= 3
    assert watch.reader.counters.foreign_frames == 0
    assert len(watch.of(1)) >= 3


def test_a_doubled_answer_is_one_sample():
    watch = held(lambda asked: [(0.0, asked.answer()), (0.01, asked.answer()), (5.0, asked.answer())])
    run_virtual(run_with(watch, 300.0))
    assert watch.wrong == []
    assert len(watch.of(1)) == len([asked for asked in watch.cco.reads if asked.meter == 1])
    assert watch.reader.counters.foreign_frames == 2 * len(watch.of(1))


def test_a_damaged_meter_frame_gives_no_value_and_the_others_do():
    def script(asked):
        frames = [asked.payload(one) for one in asked.right]
        hurt = bytearray(frames[0])
        hurt[-3] ^= 0x10
        return [(0.0, asked.answer(bytes(hurt) + b"".join(frames[1:])))]

    watch = held(script)
    run_virtual(run_with(watch, 100.0))
    assert watch.wrong == []
    assert watch.reader.counters.crc_errors >= 1
    assert len(watch.of(1)) >= 1


def test_a_babbling_module_stays_bounded_and_raises_nothing():
    print("seed", SEED)
    rng = random.Random(SEED)
    cco = ScriptedCco(meters=5)

    def script(asked):
        wire = bytearray(encode(asked.answer()))
        for _ in range(rng.randint(0, 1)):
            wire[rng.randrange(len(wire))] ^= 1 << rng.randrange(8)
        cut = rng.choice([len(wire), len(wire), rng.randrange(1, len(wire))])
        return [(rng.uniform(0.0, 3.0), bytes(wire[:cut]) * rng.choice([1, 1, 2])), (1.0, rng.randbytes(rng.randrange(200)))]

    cco.script = script
    watch = watched_cco(cco, full_s=20.0)
    run_virtual(run_with(watch, 4000.0))
    assert watch.wrong == []
    assert watch.reader.counters.discarded_bytes > 1000
    assert len(watch.samples) > 30
    assert watch.reader._decoder.held_bytes < 10_000


def test_frames_of_our_own_direction_are_foreign():
    watch = watched_cco(ScriptedCco(meters=1), full_s=600.0)

    def echo():
        watch.link.say(encode(watch.cco.heard[0][1]))

    run_virtual(run_with(watch, 60.0, (30.0, echo)))
    assert watch.reader.counters.foreign_frames == 1
    assert watch.evidence == []
