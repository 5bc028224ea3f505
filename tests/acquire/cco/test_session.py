"""From the first byte to a module that is ready, and back after a reset, a silence, a lost archive: scripted, in virtual time."""

import datetime
import logging

import pytest

from edge_agent.acquire.dlt645_clock import ClockSetter
from edge_agent.model import EvidenceKind, TimeSource
from edge_agent.wire.dlt645 import decode_frame, parse_request
from edge_agent.wire.gdw10376_2 import Code, confirm, deny, parse_unit, reply, report, units
from tests.acquire.cco.scripted_cco import MAIN, CcoLink, ScriptedCco, reset_report, run_with, watched_cco
from tests.acquire.scripted import LoopClock
from tests.acquire.scripted645 import address_of
from tests.virtual_loop import run_virtual

RUN_MODE, VENDOR, ADD, DELETE = Code(0x03, 10), Code(0x03, 1), Code(0x11, 1), Code(0x11, 2)
DOWN, UP = EvidenceKind.BUS_DOWN, EvidenceKind.BUS_UP


def test_a_running_module_is_asked_and_set_up():
    watch = watched_cco(ScriptedCco(meters=2))
    run_virtual(run_with(watch, 30.0))
    first = [code for code in watch.cco.codes() if code != "F1H F1"][:7]
    assert first == ["03H F10", "10H F1", "10H F2", "05H F2", "05H F200", "03H F11"]
    assert watch.cco.heard[0][0] == pytest.approx(1005.0)


def test_a_module_that_was_just_started_reports_and_is_not_waited_for():
    watch = watched_cco(ScriptedCco(meters=2))
    run_virtual(run_with(watch, 30.0, (1.0, lambda: watch.link.say(reset_report(watch.cco, sequence=77)))))
    (answer,) = watch.cco.of(Code(0x00, 1))
    assert answer.sequence == 77
    assert watch.cco.heard[0][0] == pytest.approx(1001.0)
    assert len(watch.cco.of(RUN_MODE)) == 1


def test_a_module_that_needs_a_minute_to_start_is_no_fault():
    cco = ScriptedCco(meters=2, is_silent=True)

    def start():
        cco.is_silent = False
        watch.link.say(reset_report(cco))

    watch = watched_cco(cco)
    run_virtual(run_with(watch, 90.0, (55.0, start)))
    assert watch.facts(DOWN, UP) == []
    assert len(watch.of(0)) >= 1


def test_another_main_node_address_is_set():
    watch = watched_cco(ScriptedCco(meters=1, main_address="000000000001"), main_address=MAIN)
    run_virtual(run_with(watch, 30.0))
    assert watch.cco.main_address == MAIN
    assert watch.cco.reads[0].frame.addresses.source == MAIN


def test_archives_are_made_the_same(caplog):
    caplog.set_level(logging.INFO)
    wrong = {f"0000000000{index:02d}": 2 for index in range(40)}
    kept = {address_of(index): 2 for index in range(0, 100, 2)}
    cco = ScriptedCco(meters=100, archive={**wrong, **kept, address_of(1): 3})
    watch = watched_cco(cco)
    run_virtual(run_with(watch, 60.0))
    assert cco.archive == {address_of(index): 2 for index in range(100)}
    assert [len(parse_unit(frame).addresses) for frame in cco.of(DELETE)] == [32, 9]
    assert [len(parse_unit(frame).nodes) for frame in cco.of(ADD)] == [32, 18]
    assert watch.reader.counters.archive_changes == 91
    assert sum("41 meters deleted, 50 added" in record.message for record in caplog.records) == 1
    assert all(watch.of(meter) for meter in range(100))


def test_a_module_that_counts_its_archive_from_zero_is_understood():
    class FromZero(ScriptedCco):
        def _page(self, frame, asked):
            if asked.code.fn == 2:
                nodes = [units.ArchiveNode(address=address, protocol=protocol) for address, protocol in self.archive.items()]
                return reply(frame, units.NodeList(total=len(nodes), nodes=tuple(nodes[asked.start : asked.start + asked.count])))
            return super()._page(frame, asked)

    watch = watched_cco(FromZero(meters=5))
    run_virtual(run_with(watch, 30.0))
    assert watch.reader.counters.archive_changes == 0


def test_a_reset_amid_reads_is_recovered_from_and_told_once(caplog):
    cco = ScriptedCco(meters=20, read_s=15.0)

    def reset():
        cco.is_silent = True
        watch.link._inbox.take()

    def report_it():
        cco.is_silent = False
        watch.link.say(reset_report(cco))

    watch = watched_cco(cco, full_s=300.0)
    # reads are under way from 6 s on; their answers come into the silence
    cco.script = lambda asked: [] if asked.at_s < 1010.0 else [(0.0, asked.answer())]
    run_virtual(run_with(watch, 120.0, (10.0, reset), (12.0, report_it), (13.0, report_it)))
    assert watch.evidence == []
    assert watch.wrong == []
    assert all(len(watch.of(meter)) >= 1 for meter in range(20))
    assert watch.reader.counters.module_starts == 1
    assert sum("started anew" in record.message for record in caplog.records) == 1


def test_an_answer_from_before_the_reset_is_no_answer_after_it():
    cco = ScriptedCco(meters=1, read_s=1.0)
    old = []

    def script(asked):
        if asked.number == 1:
            old.append(asked.answer())
            return []
        return [(20.0, asked.answer())]

    cco.script = script
    watch = watched_cco(cco, full_s=600.0)
    run_virtual(
        run_with(watch, 60.0, (10.0, lambda: watch.link.say(reset_report(cco))), (15.0, lambda: watch.link.say(old[0])))
    )
    assert watch.wrong == []
    assert watch.reader.counters.late_replies == 1
    assert len(watch.samples) == 1


@pytest.mark.parametrize("is_reading", [True, False])
def test_a_module_that_stops_answering_is_told_once_and_found_again(is_reading: bool, caplog):
    cco = ScriptedCco(meters=5)
    watch = watched_cco(cco, full_s=10.0 if is_reading else 3600.0)

    def silence():
        cco.is_silent = True

    def speak():
        cco.is_silent = False

    run_virtual(run_with(watch, 1500.0, (100.0, silence), (900.0, speak)))
    assert [fact.kind for fact in watch.evidence] == [DOWN, UP]       # and no meter is blamed
    assert watch.evidence[0].meters == (0, 1, 2, 3, 4)
    down_s, up_s = [fact.at_utc_ms / 1000 - 1_700_000_000 - 1000 for fact in watch.evidence]
    assert down_s <= (150.0 if is_reading else 430.0)
    assert up_s <= 990.0
    assert sum("stopped answering" in record.message for record in caplog.records) == 1
    assert watch.reader.is_up
    assert watch.wrong == []


def test_a_module_that_was_never_there_is_told_once():
    watch = watched_cco(ScriptedCco(meters=3, is_silent=True))
    run_virtual(run_with(watch, 3600.0))
    assert [fact.kind for fact in watch.evidence] == [DOWN]
    assert not watch.reader.is_up
    assert 100 < len(watch.cco.heard) < 300


def test_a_module_is_asked_who_it_is_after_five_silent_minutes():
    watch = watched_cco(ScriptedCco(meters=1), full_s=36000.0)
    run_virtual(run_with(watch, 700.0))
    times_s = [at_s for at_s, frame in watch.cco.heard if frame.code == VENDOR]
    assert len(times_s) == 2
    assert times_s[1] - times_s[0] == pytest.approx(300.0, abs=2.0)


def test_a_lost_archive_is_found_by_the_first_deny_and_filled_again(caplog):
    caplog.set_level(logging.INFO)
    cco = ScriptedCco(meters=40)
    watch = watched_cco(cco, full_s=60.0, audit_clock_s=3600.0)
    run_virtual(run_with(watch, 400.0, (100.0, cco.archive.clear)))
    assert len(cco.archive) == 40
    assert sum("0 meters deleted, 40 added" in record.message for record in caplog.records) == 1
    assert all(watch.of(meter)[-1].taken_utc_ms > 1_700_000_000_000 + 1_300_000 for meter in range(40))


def test_an_archive_that_was_changed_behind_our_back_is_found_by_the_audit():
    cco = ScriptedCco(meters=3)
    watch = watched_cco(cco, full_s=60.0, audit_clock_s=300.0)
    run_virtual(run_with(watch, 700.0, (100.0, lambda: cco.archive.update({"000000000099": 2}))))
    assert len(cco.archive) == 3


def test_a_link_that_breaks_is_opened_again():
    watch = watched_cco(ScriptedCco(meters=3), full_s=30.0)
    run_virtual(run_with(watch, 200.0, (50.0, watch.link.cut)))
    assert [fact.kind for fact in watch.evidence] == [DOWN, UP]
    assert all(len(watch.of(meter)) >= 4 for meter in range(3))


class _Speed:
    """A module whose port has two speeds: it hears one link at a time."""

    def __init__(self):
        self.cco = ScriptedCco(meters=2)
        self.is_fast = False
        self.fast, self.slow = CcoLink("fast", self.cco), CcoLink("slow", self.cco)
        for link, wants_fast in ((self.fast, True), (self.slow, False)):
            link._responder = self._only(wants_fast, link._responder)

    def _only(self, wants_fast, respond):
        def answer(data):
            if self.is_fast is not wants_fast:
                return []
            said = respond(data)
            if self.cco.heard and self.cco.heard[-1][1].code == Code(0x05, 10):
                self.is_fast = True
            return said
        return answer


def test_the_module_is_brought_to_the_speed_of_the_line_and_found_at_9600_after_its_reset():
    port = _Speed()
    watch = watched_cco(port.cco, full_s=30.0, slow_link=port.slow, baud=115200)
    watch.link = watch.reader._link = port.fast
    port.cco.archive = {address_of(index): 2 for index in range(2)}

    def reset():
        port.is_fast = False

    run_virtual(run_with(watch, 500.0, (200.0, reset)))
    speeds = port.cco.of(Code(0x05, 10))
    assert [parse_unit(frame).baud for frame in speeds] == [115200, 115200]
    assert [fact.kind for fact in watch.evidence] == [DOWN, UP]
    assert all(len(watch.of(meter)) >= 10 for meter in range(2))


def test_a_module_that_confirms_a_speed_and_keeps_its_own_is_read_at_9600():
    class Deaf(_Speed):
        is_fast = property(lambda self: False, lambda self, value: None)

    port = Deaf()
    watch = watched_cco(port.cco, full_s=30.0, slow_link=port.slow, baud=115200)
    watch.link = watch.reader._link = port.fast
    run_virtual(run_with(watch, 300.0))
    assert all(len(watch.of(meter)) >= 3 for meter in range(2))


def test_a_module_that_keeps_silent_on_one_question_is_asked_whether_it_lives():
    class Tongue(ScriptedCco):
        def _page(self, frame, asked):
            return None if asked.code.fn in (20, 21) else super()._page(frame, asked)

    watch = watched_cco(Tongue(meters=2), full_s=3600.0, survey_clock_s=60.0)
    run_virtual(run_with(watch, 150.0))
    codes = watch.cco.codes()
    assert codes[codes.index("10H F20") :].count("03H F1") >= 1
    assert watch.evidence == []
    assert watch.reader.is_up


def test_the_reset_line_is_pulled_for_a_module_that_stays_silent():
    cco, pulled = ScriptedCco(meters=2), []

    def pull():
        pulled.append(True)
        cco.is_silent = False

    def silence():
        cco.is_silent = True

    watch = watched_cco(cco, full_s=30.0, pull_reset=pull)
    run_virtual(run_with(watch, 300.0, (100.0, silence)))
    assert len(pulled) == 1
    assert [fact.kind for fact in watch.evidence] == [DOWN, UP]


def test_a_module_is_not_reset_again_while_it_starts():
    cco, pulled = ScriptedCco(meters=2, is_silent=True), []
    watch = watched_cco(cco, pull_reset=lambda: pulled.append(True))
    run_virtual(run_with(watch, 400.0))
    assert 3 <= len(pulled) <= 5          # a minute for each, after the first one


def test_clocks_are_set_by_broadcast_with_the_delay_of_the_network():
    class NtpClock(LoopClock):
        time_source = TimeSource.NTP

    watch = watched_cco(ScriptedCco(meters=2), full_s=10.0, clock=NtpClock(), clock_setter=ClockSetter(8.0))
    run_virtual(run_with(watch, 200.0))
    (broadcast,) = watch.cco.of(Code(0x05, 3))
    sent_s = next(at_s for at_s, frame in watch.cco.heard if frame is broadcast)
    told = parse_request(decode_frame(parse_unit(broadcast).payload)).time
    local = datetime.datetime(2023, 11, 15, 6, 13, 20) + datetime.timedelta(seconds=sent_s)   # 1 700 000 000 s, in China
    assert abs((told - local).total_seconds() - 7.0) <= 1.0
    # nothing is read while the broadcast takes the network, 40 s
    assert not [asked for asked in watch.cco.reads if sent_s + 1 < asked.at_s < sent_s + 39]
    assert [asked for asked in watch.cco.reads if asked.at_s > sent_s + 41]


def test_denied_settings_do_not_keep_meters_from_being_read():
    class Stubborn(ScriptedCco):
        def _command(self, frame, unit):
            if isinstance(unit, units.Permission | units.FunctionsQuery):
                return deny(frame, 10)
            return super()._command(frame, unit)

    watch = watched_cco(Stubborn(meters=2))
    run_virtual(run_with(watch, 30.0))
    assert len(watch.samples) >= 2


def test_confirms_of_the_old_form_are_understood():
    class Old(ScriptedCco):
        def _command(self, frame, unit):
            said = super()._command(frame, unit)
            if said is not None and said.code == Code(0x00, 1):
                return confirm(frame, is_old_form=True)
            return said

    watch = watched_cco(Old(meters=3), has_archive=False)
    run_virtual(run_with(watch, 30.0))
    assert watch.reader.counters.archive_changes == 3
    assert watch.reader.counters.commands_unanswered == 0


def test_a_module_that_reports_resets_without_end_is_read_all_the_same():
    cco = ScriptedCco(meters=2)
    watch = watched_cco(cco, full_s=10.0)
    storm = [(20.0 + 0.1 * turn, lambda: watch.link.say(report(cco.run_mode(), sequence=1))) for turn in range(1000)]
    run_virtual(run_with(watch, 140.0, *storm))
    assert watch.reader.counters.module_starts <= 11
    assert len(watch.of(0)) >= 8
