"""The late-reply guard on a line without transaction numbers: whatever comes late, no value is ever that of an older request."""

import asyncio
import dataclasses
import random
from itertools import pairwise

import pytest

from edge_agent.acquire import AcquireSettings
from edge_agent.model import SampleFlag
from edge_agent.transport.base import Framing
from tests.acquire.scripted import Asked, BreakableLink, ScriptedBus, energy_points, profile_of, run_for, watched
from tests.virtual_loop import run_virtual

# four blocks of the same length: nothing but the guard tells their replies apart
SAME_LENGTH = profile_of([
    dataclasses.replace(point, address=100 * (index // 2) + 2 * (index % 2), poll="presence")
    for index, point in enumerate(energy_points(8))
])


def late_by(chances: dict[int, float]):
    """A script: request number -> so many seconds late."""
    return lambda asked: (chances.get(asked.number, 0.0), asked.right)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("profile", [SAME_LENGTH, profile_of(energy_points(6))], ids=["same-length blocks", "one block"])
def test_one_percent_late_replies_give_no_wrong_value(profile, seed: int):
    rng = random.Random(seed)

    def script(asked: Asked):
        return (rng.uniform(0.1, 3.0) if rng.random() < 0.01 else 0.0), asked.right

    watch = watched(ScriptedBus(script=script), profile=profile, meters=3)
    run_virtual(run_for(600.0, watch))
    counters = watch.reader.counters
    assert watch.wrong == [], f"seed {seed}"
    assert counters.requests > 10_000
    assert counters.late_replies > 50            # else the test did not test
    assert counters.replies > 0.95 * counters.requests


def test_the_sequence_that_puts_others_out_of_step_for_ever():
    # the first reply 350 ms after the request, all others after 200 ms, a time-out of 300 ms: an unguarded reader stays one reply behind
    bus = ScriptedBus(turnaround_s=0.2, script=late_by({1: 0.15}))
    watch = watched(bus, profile=SAME_LENGTH, settings=AcquireSettings(reply_timeout_s=0.3, reply_timeout_floor_s=0.1))
    run_virtual(run_for(30.0, watch))
    assert watch.wrong == []
    assert watch.reader.counters.timeouts >= 1
    assert watch.reader.counters.late_replies >= 1
    assert len(watch.samples) > 20


def test_two_late_replies_in_a_row_give_no_wrong_value():
    bus = ScriptedBus(script=late_by({3: 1.5, 4: 1.5, 5: 0.8, 40: 2.2, 41: 2.5}))
    watch = watched(bus, profile=SAME_LENGTH)
    run_virtual(run_for(60.0, watch))
    assert watch.wrong == []
    assert watch.reader.counters.late_replies >= 2
    assert len(watch.of(0)) > 200


def test_late_exception_is_not_taken_for_the_answer_to_a_later_request():
    def script(asked: Asked):
        return (1.2, asked.refusal(2)) if asked.number == 5 else (0.0, asked.right)

    watch = watched(ScriptedBus(script=script), profile=SAME_LENGTH)
    run_virtual(run_for(30.0, watch))
    assert watch.wrong == []
    assert watch.reader.counters.refused == 0                    # the late one refused nothing that was asked now
    assert not any(sample.flags & SampleFlag.PARTIAL for sample in watch.samples[3:])


def test_meter_with_a_single_form_of_reply_is_left_alone_and_the_others_go_on():
    # one register pair and one function: no second form to ask, so the unit rests until no late reply can come
    only = profile_of(energy_points(1))
    bus = ScriptedBus(script=lambda asked: (4.0, asked.right) if asked.number == 20 else (0.0, asked.right))
    watch = watched(bus, profile=only, meters=2)
    run_virtual(run_for(60.0, watch))
    assert watch.wrong == []
    late = bus.asked[19]
    after = [asked.at_s for asked in bus.asked if asked.request.unit == late.request.unit and asked.at_s > late.at_s]
    others = [asked.at_s for asked in bus.asked if asked.request.unit != late.request.unit and asked.at_s > late.at_s]
    assert after[0] > late.at_s + 4.0
    assert others[0] < late.at_s + 1.2


def test_a_reply_that_never_comes_costs_a_single_form_unit_its_rest_without_evidence():
    only = profile_of(energy_points(1))
    bus = ScriptedBus(script=lambda asked: None if asked.number == 20 else (0.0, asked.right))
    watch = watched(bus, profile=only)
    run_virtual(run_for(60.0, watch))
    assert watch.failed(0) == 1                                  # asked once, unanswered once; while it rests nothing is claimed
    pause_s = max(later.at_s - earlier.at_s for earlier, later in pairwise(bus.asked))
    assert 10.0 < pause_s < 13.0


def test_second_function_serves_to_get_in_step_at_once():
    only = profile_of(energy_points(1), also_functions=(4,))
    bus = ScriptedBus(script=lambda asked: (4.0, asked.right) if asked.number == 20 else (0.0, asked.right))
    watch = watched(bus, profile=only)
    run_virtual(run_for(60.0, watch))
    assert watch.wrong == []
    pause_s = max(later.at_s - earlier.at_s for earlier, later in pairwise(bus.asked))
    assert pause_s < 4.1
    assert {asked.request.function for asked in bus.asked} == {3, 4}


def test_reply_to_a_request_from_before_a_lost_link_is_not_credited_after_it():
    bus = ScriptedBus(script=late_by({10: 1.0}))
    link = DeviceServerLink("bus", bus.respond)
    watch = watched(bus, profile=SAME_LENGTH, link=link)

    async def scenario() -> None:
        # requests go out every 32 ms: the tenth is under way
        asyncio.get_running_loop().call_later(9.5 * 0.032, link.cut)
        await run_for(30.0, watch)

    run_virtual(scenario())
    assert watch.wrong == []
    assert watch.reader.counters.link_failures == 1
    assert watch.reader.counters.late_replies >= 1


class DeviceServerLink(BreakableLink):
    """Like a serial device server: it hands a reply to whoever is connected when it comes."""

    def write(self, data: bytes) -> None:
        for delay_s, reply in self._responder(data):
            asyncio.get_running_loop().call_later(delay_s, self._deliver, reply)

    def _deliver(self, reply: bytes) -> None:
        if self._inbox is not None:
            self._inbox.put(reply)


def test_tcp_tells_late_replies_by_their_transaction_and_needs_no_other_question():
    rng = random.Random(4)

    def script(asked: Asked):
        return (rng.uniform(0.2, 2.0) if rng.random() < 0.01 else 0.0), asked.right

    bus = ScriptedBus(framing=Framing.TCP, script=script)
    watch = watched(bus, profile=SAME_LENGTH, meters=3)
    run_virtual(run_for(300.0, watch))
    assert watch.wrong == []
    assert watch.reader.counters.late_replies > 20
    assert {asked.request.count for asked in bus.asked} == {4}
