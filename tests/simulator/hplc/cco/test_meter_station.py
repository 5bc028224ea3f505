"""The module in a meter: serial time, several frames, repeats, what is not meant for it."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

import pytest

from edge_agent.wire.gdw10376_2.addresses import address_bytes
from simulator.hplc.cco.messages import LONGEST_DATA_BYTES, CarrierMessage, Identifier, decode_message, encode_message
from simulator.hplc.cco.meter_station import MeterStation, StationPort, StationSettings

METER = "000000000161"
# requests for voltage A and forward energy, and an answer, from the vector file
VOLTAGE = bytes.fromhex("68610100000000681104333434351716")
ENERGY = bytes.fromhex("68610100000000681104333333331316")
ANSWER = bytes.fromhex("68610100000000689106333434353443dd16")


class Bench:
    """A station, its meter and time."""

    def __init__(self, answer: Callable[[bytes], bytes | None] = lambda frame: ANSWER, **settings: float) -> None:
        self.asked: list[tuple[float, bytes]] = []
        self.sent: list[tuple[float, CarrierMessage]] = []
        self.now_s = 0.0
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        port = StationPort(lambda wire: self.sent.append((self.now_s, decode_message(wire))), self._call_later)

        def ask(frame: bytes) -> bytes | None:
            self.asked.append((self.now_s, frame))
            return answer(frame)

        print("seed 1")
        self.station = MeterStation(
            METER, ask, port, settings=StationSettings(**settings), chance=random.Random(1), owner=lambda: "000000002700"
        )

    def take(self, data: bytes, *, identifier: Identifier = Identifier.CONCURRENT_READ, sequence: int = 1, address: str = METER) -> None:
        self.station.take(encode_message(CarrierMessage(
            identifier=identifier, function=2, is_up=False, sequence=sequence, address=address, data=data,
        )))

    def run(self) -> None:
        while self._timers:
            self.now_s, _, call = heapq.heappop(self._timers)
            call()

    def _call_later(self, delay_s: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self.now_s + delay_s, next(self._numbers), call))


def test_an_answer_takes_its_time_on_the_serial_port_of_2400_baud():
    bench = Bench(reply_delay_s=0.1)
    bench.take(VOLTAGE)
    bench.run()
    ((at_s, answer),) = bench.sent
    characters = 4 + len(VOLTAGE) + len(ANSWER)       # four FE before the request
    assert at_s == pytest.approx(0.1 + characters * 11 / 2400)
    assert (answer.data, answer.is_up, answer.sequence) == (ANSWER, True, 1)


def test_frames_of_one_message_are_asked_one_after_the_other_and_answered_together():
    bench = Bench()
    bench.take(VOLTAGE + ENERGY)
    bench.run()
    assert [frame for _, frame in bench.asked] == [b"\xfe" * 4 + VOLTAGE, b"\xfe" * 4 + ENERGY]
    assert bench.asked[1][0] > bench.asked[0][0]
    assert [message.data for _, message in bench.sent] == [ANSWER * 2]


def test_a_meter_that_says_nothing_costs_the_waiting_time_and_an_empty_answer_goes_up():
    bench = Bench(lambda frame: None, meter_wait_s=1.5)
    bench.take(VOLTAGE)
    bench.run()
    ((at_s, answer),) = bench.sent
    assert answer.data == b""
    assert at_s == pytest.approx(1.5 + (4 + len(VOLTAGE)) * 11 / 2400)


def test_a_repeated_request_is_answered_again_without_asking_the_meter():
    bench = Bench()
    for _ in range(2):
        bench.take(VOLTAGE)
        bench.run()
    assert len(bench.asked) == 1
    assert [message.data for _, message in bench.sent] == [ANSWER] * 2


def test_the_same_number_with_another_question_is_another_read():
    bench = Bench(lambda frame: frame[4:])
    bench.take(VOLTAGE)
    bench.run()
    bench.take(ENERGY)
    bench.run()
    assert [message.data for _, message in bench.sent] == [VOLTAGE, ENERGY]


def test_a_request_that_comes_again_while_the_meter_is_asked_is_one():
    bench = Bench()
    bench.take(VOLTAGE)
    bench.take(VOLTAGE)
    bench.run()
    assert len(bench.asked) == len(bench.sent) == 1


def test_reads_wait_for_each_other_at_the_port_and_a_flood_does_not_pile_up():
    bench = Bench()
    for sequence in range(100):
        bench.take(VOLTAGE, sequence=sequence)
    bench.run()
    assert [message.sequence for _, message in bench.sent] == [0, 1, 2, 3]


def test_requests_for_other_meters_and_damaged_messages_are_ignored():
    bench = Bench()
    bench.take(VOLTAGE, address="000000000162")
    for wire in (b"", b"\x11\x03\x00", bytes(60), bytes(range(60))):
        bench.station.take(wire)
    bench.run()
    assert bench.asked == bench.sent == []


def test_a_broadcast_reaches_the_meter_and_nothing_goes_up():
    bench = Bench(lambda frame: None)
    bench.take(VOLTAGE, identifier=Identifier.BROADCAST)
    bench.run()
    assert [frame for _, frame in bench.asked] == [VOLTAGE]
    assert bench.sent == []


def test_without_supply_nothing_is_read_and_what_was_under_way_is_dropped():
    bench = Bench()
    bench.take(VOLTAGE + ENERGY)
    bench.station.lose_supply()
    bench.take(ENERGY, sequence=2)
    bench.run()
    assert bench.sent == []


def test_answers_that_do_not_fit_one_message_are_left_out():
    bench = Bench(lambda frame: bytes(216))
    bench.take(VOLTAGE * 13)
    bench.run()
    ((_, answer),) = bench.sent
    assert len(answer.data) == LONGEST_DATA_BYTES // 216 * 216


def test_a_search_is_answered_within_its_slots_and_area_with_the_owner():
    bench = Bench()
    bench.take(bytes([10]), identifier=Identifier.SEARCH)
    bench.run()
    assert bench.sent[0][1].data == bytes([1, 2])
    assert 0.0 < bench.sent[0][0] <= 10 * 0.15
    bench.take(b"", identifier=Identifier.AREA)
    bench.run()
    assert bench.sent[1][1].data == address_bytes("000000002700")
