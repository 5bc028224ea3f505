"""The pure parts by themselves, given the time: window, memory of reports, archive difference, numbers, dialogue, who is due."""

import pytest

from edge_agent.acquire import BusMeter
from edge_agent.acquire.cco import CcoSettings
from edge_agent.acquire.cco.archive_sync import diff
from edge_agent.acquire.cco.due import DueMeters
from edge_agent.acquire.cco.flights import Flight, Flights
from edge_agent.acquire.cco.moment import Moment
from edge_agent.acquire.cco.report_memory import ReportMemory
from edge_agent.acquire.cco.talk import Answer, Pause, Talk
from edge_agent.acquire.cco.window import Window
from edge_agent.acquire.schedule import Reading
from edge_agent.wire.gdw10376_2 import AddressField, confirm, reply, request, units
from edge_agent.wire.gdw10376_2.units import NodeProtocol, commands
from tests.acquire.scripted645 import SINGLE, address_of


def at(seconds: float, speed: float = 1.0) -> Moment:
    return Moment(wire_s=seconds, clock_s=seconds * speed, utc_ms=int(1000 * seconds), speed=speed)


class TestWindow:
    def test_it_is_what_the_module_took_before_it_denied(self):
        window = Window(max_in_flight=20, frames_per_read=13)
        for still_in_flight in range(19, 9, -1):
            window.denied_over_concurrency(still_in_flight)
        assert window.size == 10

    def test_it_is_never_closed(self):
        window = Window(max_in_flight=20, frames_per_read=13)
        window.denied_over_concurrency(0)
        assert window.size == 1

    def test_it_grows_by_one_after_many_answers_and_not_beyond_its_limit(self):
        window = Window(max_in_flight=3, frames_per_read=13)
        window.denied_over_concurrency(1)
        for _ in range(100):
            window.answered()
        assert window.size == 2
        for _ in range(1000):
            window.answered()
        assert window.size == 3

    def test_frames_are_halved_down_to_one(self):
        window = Window(max_in_flight=20, frames_per_read=13)
        sizes = []
        for _ in range(5):
            window.denied_too_many_frames(window.frames_per_read)
            sizes.append(window.frames_per_read)
        assert sizes == [6, 3, 1, 1, 1]


class TestReportMemory:
    def test_it_forgets_the_oldest_when_somebody_floods_it(self):
        memory = ReportMemory(300.0)
        for key in range(10_000):
            memory.is_new(key, True, 0.0)
        assert len(memory) == 4096
        assert memory.is_new(0, True, 1.0)
        assert not memory.is_new(9_999, True, 1.0)


class TestArchive:
    def test_what_is_missing_is_added_what_is_strange_deleted_what_is_wrong_both(self):
        change = diff({"a": 2, "b": 2, "c": 1}, {"b": 2, "c": 2, "d": 2})
        assert change.delete == ("c", "d")
        assert change.add == (NodeProtocol(address="a", protocol=2), NodeProtocol(address="c", protocol=1))

    def test_equal_archives_need_nothing(self):
        assert diff({"a": 2}, {"a": 2}).size == 0


def flight(sequence: int, meter: int = 0, deadline_s: float = 90.0) -> Flight:
    return Flight(
        meter=meter, address=address_of(meter), sequence=sequence, frames=1, is_concurrent=True, sent_s=0.0, deadline_s=deadline_s
    )


def answer(sequence: int, meter: int | None):
    addresses = None if meter is None else AddressField(source="000000002600", destination=address_of(meter))
    asked = request(units.ConcurrentRequest(protocol=2, payload=b"x"), sequence=sequence, addresses=addresses)
    return reply(asked, units.ConcurrentReply(protocol=2, payload=b"y"))


class TestFlights:
    def test_an_answer_needs_number_and_meter(self):
        flights = Flights(late_s=90.0)
        flights.add(flight(7, meter=1))
        assert flights.of(answer(7, meter=1)) is not None
        assert flights.of(answer(8, meter=1)) is None
        assert flights.of(answer(7, meter=2)) is None

    def test_the_number_of_a_read_that_was_given_up_rests(self):
        flights = Flights(late_s=90.0)
        flights.add(flight(5))
        flights.give_up(flight(5), 100.0)
        assert flights.is_late(answer(5, meter=0))
        assert 5 not in {flights.next_sequence(189.0) for _ in range(300)}
        assert 5 in {flights.next_sequence(191.0) for _ in range(300)}

    def test_numbers_never_run_out(self):
        flights = Flights(late_s=1e9)
        for _ in range(1000):
            one = flight(flights.next_sequence(0.0))
            flights.add(one)
            flights.give_up(one, 0.0)
        assert flights.next_sequence(0.0) in range(256)

    def test_what_waited_too_long_is_overdue(self):
        flights = Flights(late_s=90.0)
        flights.add(flight(1, deadline_s=50.0))
        flights.add(flight(2, deadline_s=60.0))
        assert flights.next_deadline_s() == 50.0
        assert [one.sequence for one in flights.overdue(55.0)] == [1]


class _Numbers:
    def __init__(self):
        self.last = 0

    def __call__(self) -> int:
        self.last += 1
        return self.last


def script_of(answers: list[Answer], *wanted):
    for one in wanted:
        answers.append((yield one))


VENDOR = units.Command(code=commands.QUERY_VENDOR)


class TestTalk:
    def make(self):
        self.silences = 0

        def count():
            self.silences += 1

        return Talk(timeout_s=6.0, tries=3, on_silence=count)

    def test_a_command_is_repeated_under_a_new_number_and_then_given_up(self):
        talk, answers, numbers = self.make(), [], _Numbers()
        talk.start(script_of(answers, VENDOR))
        sent = [(now_s, frame.sequence) for now_s in range(30) if (frame := talk.next_request(now_s, numbers))]
        assert sent == [(0, 1), (6, 2), (12, 3)]
        assert [one.is_silence for one in answers] == [True]
        assert self.silences == 1
        assert talk.is_idle

    def test_an_answer_to_an_earlier_try_is_not_taken(self):
        talk, answers, numbers = self.make(), [], _Numbers()
        talk.start(script_of(answers, VENDOR))
        first = talk.next_request(0.0, numbers)
        second = talk.next_request(6.0, numbers)
        assert not talk.take(confirm(first), 7.0)
        assert talk.take(confirm(second), 7.0)
        assert answers[0].is_confirmed

    def test_scripts_run_one_after_the_other(self):
        talk, first, second, numbers = self.make(), [], [], _Numbers()
        talk.start(script_of(first, VENDOR, VENDOR))
        talk.start(script_of(second, VENDOR))
        for now_s in range(3):
            talk.take(confirm(talk.next_request(now_s, numbers)), now_s)
        assert (len(first), len(second), talk.is_idle) == (2, 1, True)

    def test_a_pause_holds_everything_and_is_bounded(self):
        talk, answers, numbers = self.make(), [], _Numbers()
        talk.start(script_of(answers, Pause(65535), VENDOR))
        assert talk.next_request(0.0, numbers) is None
        assert talk.is_pausing
        assert talk.wake_s() == 600.0
        assert talk.next_request(600.0, numbers) is not None

    def test_abandoned_scripts_say_nothing_more(self):
        talk, answers, numbers = self.make(), [], _Numbers()
        talk.start(script_of(answers, VENDOR))
        asked = talk.next_request(0.0, numbers)
        talk.abandon()
        assert not talk.take(confirm(asked), 1.0)
        assert talk.next_request(100.0, numbers) is None
        assert answers == []


def meters(count: int, *, full_s: float = 60.0, presence_s: float | None = None) -> DueMeters:
    due = DueMeters(probe_share=0.03)
    for index in range(count):
        due.add(BusMeter(index=index, id=f"m{index}", address=address_of(index), profile=SINGLE, full_s=full_s, presence_s=presence_s))
    due.start(at(0.0))
    return due


def nobody(_: int) -> bool:
    return False


class TestDueMeters:
    def test_each_meter_is_due_once_a_period(self):
        due, taken = meters(3), []
        for second in range(181):
            while (one := due.take(at(second), nobody)) is not None:
                taken.append((second, one.meter))
        assert [meter for _, meter in taken if meter == 1] == [1] * 4
        assert due.skipped_slots == 0

    def test_a_meter_that_is_being_read_is_not_taken_twice(self):
        due = meters(1, full_s=0.0)
        assert due.take(at(0.0), nobody) == (0, Reading.FULL)
        assert due.take(at(0.0), lambda meter: True) is None
        assert due.take(at(1.1), nobody) == (0, Reading.FULL)

    def test_a_failed_read_comes_again_after_its_pause(self):
        due = meters(1, full_s=900.0)
        due.take(at(0.0), nobody)
        due.again(0, at(5.0), after_s=2.0)
        assert due.take(at(6.9), nobody) is None
        assert due.take(at(7.1), nobody) == (0, Reading.FULL)

    def test_the_dead_take_a_quarter_of_the_slots_at_most(self):
        due = meters(20)
        for index in range(20):
            due.bury(index, at(0.0))
        assert due.take(at(0.0), nobody) is None
        assert sum(due.take_probe(at(1.0), window=20, cost_s=90.0) is not None for _ in range(20)) == 5

    def test_where_the_living_would_wait_the_budget_pays_for_a_probe(self):
        due = meters(1)
        due.bury(0, at(0.0))
        assert due.take_probe(at(1000.0), window=1, cost_s=90.0) is None
        assert due.take_probe(at(3001.0), window=1, cost_s=90.0) == (0, Reading.PRESENCE)

    def test_pauses_are_wire_time_on_a_fast_clock(self):
        due = meters(1, full_s=9000.0)
        due.take(at(0.0, 60.0), nobody)
        due.again(0, at(1.0, 60.0), after_s=2.0)
        assert due.wake_s(at(1.0, 60.0)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"main_address": "12"}, {"main_address": "000000000000"}, {"max_in_flight": 0}, {"frames_per_read": 33}, {"read_timeout_s": 5.0},
        {"read_retries": -1}, {"dedup_clock_s": 60.0}, {"survey_clock_s": 1.0}, {"quiet_s": 0.0}, {"quiet_reading_s": 80.0},
    ],
    ids=str,
)
def test_settings_that_cannot_be_right_are_refused(wrong: dict):
    with pytest.raises(ValueError, match=next(iter(wrong)) if "quiet_s" not in wrong else "above 0"):
        CcoSettings(**wrong)
