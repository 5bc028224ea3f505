"""Searching for meters that no archive names: 11H F5 and its end. What the module says is written by hand, not by our encoder."""

from __future__ import annotations

import pytest

from edge_agent.acquire.cco import CcoSettings
from edge_agent.acquire.cco.moment import Moment
from edge_agent.model import EvidenceKind
from edge_agent.wire.gdw10376_2 import Code, DenyReason, Frame10376, deny, parse_frame, units
from tests.acquire.cco.scripted_cco import ScriptedCco, WatchedCco, run_with, watched_cco
from tests.acquire.cco.test_reports import make, raw, told, wire
from tests.acquire.scripted645 import address_of
from tests.virtual_loop import run_virtual

PAUSE, RESUME, START, STOP, COUNT = Code(0x12, 2), Code(0x12, 3), Code(0x11, 5), Code(0x11, 6), Code(0x10, 1)
SEARCH_DONE = raw("02", fn_bit="04")
STRANGER = 77


def after(watch: WatchedCco, first: Code) -> list[Code]:
    """Commands to the module from the first one of this code on; reads and confirms left out."""
    codes = [frame.code for _, frame in watch.cco.heard if frame.afn not in (0xF1, 0x13, 0x00)]
    return codes[codes.index(first):]


def run(*steps, seconds: float = 2500.0, cco: ScriptedCco | None = None, **settings: object) -> WatchedCco:
    watch = watched_cco(cco or ScriptedCco(meters=3), full_s=600.0, survey_clock_s=0.0, audit_clock_s=1e6, **settings)
    run_virtual(run_with(watch, seconds, *[(at_s, lambda act=act: act(watch)) for at_s, act in steps]))
    return watch


def test_a_search_is_asked_for_behind_a_paused_route_and_its_end_is_followed_by_a_look_at_the_archive():
    watch = run((100.0, lambda watch: watch.reader.search_soon()), (400.0, lambda watch: watch.link.say(SEARCH_DONE)))
    assert after(watch, PAUSE)[:4] == [PAUSE, START, RESUME, COUNT]
    assert watch.cco.of(START)[0].data == bytes.fromhex("000000000000 0a00 01 14")       # at once, ten minutes, once, 20 slots
    assert watch.cco.of(STOP) == []
    assert watch.reader.counters.searches == 1


def test_a_search_whose_end_is_never_reported_is_stopped_ten_minutes_after_it():
    watch = run((100.0, lambda watch: watch.reader.search_soon()))
    assert after(watch, PAUSE)[:5] == [PAUSE, START, STOP, RESUME, COUNT]
    stopped_s = next(at_s for at_s, frame in watch.cco.heard if frame.code == STOP)
    started_s = next(at_s for at_s, frame in watch.cco.heard if frame.code == START)
    assert stopped_s - started_s == pytest.approx(20 * 60.0, abs=3.0)


def test_a_second_wish_during_a_search_starts_no_other():
    watch = run((100.0, lambda watch: watch.reader.search_soon()), (200.0, lambda watch: watch.reader.search_soon()), seconds=1000.0)
    assert len(watch.cco.of(START)) == 1


def test_without_a_wish_or_a_setting_nobody_searches():
    watch = run(seconds=20_000.0)
    assert watch.cco.of(START) == []


def test_searches_come_back_as_the_setting_says():
    watch = run(seconds=12_000.0, search_clock_s=3600.0, search_min=5)
    starts_s = [at_s for at_s, frame in watch.cco.heard if frame.code == START]
    assert len(starts_s) == 3
    assert starts_s[1] - starts_s[0] == pytest.approx(3600.0, abs=5.0)
    assert watch.cco.of(START)[0].data[6:8] == b"\x05\x00"


def test_a_module_that_does_not_search_is_left_alone():
    class Without(ScriptedCco):
        def _command(self, frame: Frame10376, unit: units.Unit) -> Frame10376 | None:
            return deny(frame, DenyReason.NOT_SUPPORTED) if frame.code == START else super()._command(frame, unit)

    watch = run((100.0, lambda watch: watch.reader.search_soon()), cco=Without(meters=3))
    assert after(watch, PAUSE) == [PAUSE, START]
    assert watch.reader.counters.searches == 0


@pytest.mark.parametrize(
    "data",
    [
        raw(f"02 {wire(1)} 02 0200 {wire(STRANGER)} 02 0000", fn_bit="01"),
        raw(f"02 {wire(1)} 02 0200 01 00 00 {wire(STRANGER)} 02 0000 01 00 00", fn_bit="08"),
        raw(f"01 {wire(50)} 02 0000 00 02 02 {wire(1)} 02 {wire(STRANGER)} 02", fn_bit="08"),
    ],
    ids=["06H F1", "06H F4", "behind a collector"],
)
def test_of_what_is_found_those_are_told_that_no_archive_names_and_once(data: bytes):
    reports = make()
    (fact,) = reports.take(parse_frame(data), Moment(0.0, 0.0, 5))
    assert (fact.kind, fact.meters, fact.addresses) == (EvidenceKind.NODE_REFUSED, (), (address_of(STRANGER),))
    refused = raw(f"01 05 08 01 {wire(STRANGER)} 01")
    assert told(reports, data, 30.0) == told(reports, refused, 60.0) == []


@pytest.mark.parametrize("wrong", [{"search_clock_s": 60.0}, {"search_min": 0}], ids=str)
def test_searches_that_would_never_close_the_network_are_refused(wrong: dict[str, float]):
    with pytest.raises(ValueError, match="search_"):
        CcoSettings(**wrong)  # type: ignore[arg-type]
