"""What is read out: golden texts of each class, every priority customer named, no symbol that a voice stumbles over."""

import dataclasses
import random
import re
from typing import get_args

import pytest

from edge_agent.contract.envelope import utc_ms_of
from edge_agent.events import KINDS, EventBook, EventIds, EventSettings, words
from edge_agent.events.places import Device
from edge_agent.events.sentences import spoken
from edge_agent.events.words import KINDS_IN_WORDS, OF_KINDS
from edge_agent.model import Finding, Outage, Place, Stage
from edge_agent.model.finding import Cause
from edge_agent.model.site import PRIORITY_TAGS
from tests.events.areas import make_archive

T0 = utc_ms_of("2026-11-21T12:10:00.000Z")      # 20:10 in China
BOX = Place(kind="node", id="feeder-1/branch-1/box-1")
ENGLISH, CHINESE = re.compile(r"[\w ,.]+"), re.compile(r"[\w ，。、]+")


def finding(state="localised", at_s=0.0, *, place=BOX, meters=("m01", "m02", "m03"), kind="supply.lost", confidence=0.973, **outage):
    return Finding(
        kind=kind, stage=Stage.END if state in ("restored", "closed", "discarded") else Stage.BEGIN, place=place,
        at_utc_ms=T0 + round(1000 * at_s), evidence_from_utc_ms=T0, evidence_to_utc_ms=T0 + round(1000 * at_s), score=1.0,
        confidence=confidence, severity="alarm", meters=meters,
        outage=Outage(**{"incident": "i1", "state": state, "original": meters, "cause": "fault", **outage}),
    )


def body(*findings):
    book = EventBook(EventSettings(), EventIds(random.Random(1)).new, make_archive())
    *_, last = [book.apply(one, one.evidence_to_utc_ms) for one in findings]
    return last.body


GOLDEN = {
    "a box": (
        [finding()],
        "Outage at a meter box, north 1 feeder 1 branch 1 box 1, Lane 4 no 7, B 0417. It began on 21 November at 20 10. "
        "3 customers are out. Look first after school at meter m03. This is 97 percent sure. Cause, a fault. "
        "Send a crew to the meter box. Check its incoming switch and fuses.",
        "north 1 feeder 1 branch 1 box 1，Lane 4 no 7，B 0417，表箱停电。11月21日20点10分开始。停电3户。请优先照顾学校用户m03。"
        "把握为百分之97。原因，故障。请派抢修人员到表箱，检查进线开关和熔断器。",
    ),
    "one customer, suspected": (
        [finding("suspected", place=Place(kind="meter", id="m01"), meters=("m01",), confidence=0.6, cause="unknown", uncertainty_s=90.0)],
        "Possible outage at one customer, north 1 feeder 1 branch 1 box 1 m01, Lane 4 no 7 flat 2, B 0417. "
        "It began on 21 November at 20 10, give or take 2 minutes. 1 customer is out. This is 60 percent sure. Cause, not known yet. "
        "Do not send a crew yet. Ask the customers or wait for the next message.",
        "north 1 feeder 1 branch 1 box 1 m01，Lane 4 no 7 flat 2，B 0417，用户疑似停电。11月21日20点10分开始，前后误差2分钟。停电1户。"
        "把握为百分之60。原因，待查。暂不派工，请先联系用户核实或等待下一条消息。",
    ),
    "one phase of the area": (
        [finding(place=Place(kind="area", id="north-1", phases="a"), meters=("m04",), confidence=1.0, ambiguous_with=("upstream",))],
        "Outage at the whole area, phase A, north 1, 泰安路变压器. It began on 21 November at 20 10. 1 customer is out. "
        "This is 99 percent sure. It may also lie further up, in the medium voltage line. Cause, a fault. "
        "Ask first whether the medium voltage line or neighbouring areas are out. If not, send a crew to the transformer. "
        "Look for a blown fuse or a broken conductor of phase A. Customers with three phases must switch their motors off.",
        "north 1，泰安路变压器，整个台区A相停电。11月21日20点10分开始。停电1户。把握为百分之99。也可能是上级中压线路停电。原因，故障。"
        "请先核实中压线路和相邻台区是否停电，如正常，请派抢修人员检查变压器及其熔断器。重点检查A相熔断器和导线，请三相用户先停用电动机。",
    ),
    "restored": (
        [finding(), finding("restored", 3900)],
        "The outage at a meter box, north 1 feeder 1 branch 1 box 1, Lane 4 no 7, B 0417, is over. "
        "It began on 21 November at 20 10 and ended at 21 15, after 1 hour and 5 minutes. 3 customers had been out. Nothing to do.",
        "north 1 feeder 1 branch 1 box 1，Lane 4 no 7，B 0417，表箱的停电已结束。11月21日20点10分开始，21点15分结束，历时1小时5分钟。"
        "共影响3户。无需处理。",
    ),
    "discarded": (
        [finding("suspected"), finding("discarded", 60, reason="communication failure")],
        "There is no outage at a meter box, north 1 feeder 1 branch 1 box 1, Lane 4 no 7, B 0417. Reason, communication failure. "
        "Nothing to do.",
        "north 1 feeder 1 branch 1 box 1，Lane 4 no 7，B 0417，表箱没有停电，原因是通信故障。无需处理。",
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_the_words_are_these(case):
    findings, english, chinese = GOLDEN[case]
    found = body(*findings)
    assert found.sentence_en == english
    assert found.sentence_zh == chinese


CLASSES = {
    "meter": Place(kind="meter", id="m01"), "box": BOX, "branch": Place(kind="node", id="feeder-1/branch-1"),
    "feeder": Place(kind="node", id="feeder-1"), "area": Place(kind="area", id="north-1"), "phase": dataclasses.replace(BOX, phases="b"),
}


def test_each_class_of_device_has_its_own_action():
    actions = {name: body(finding(place=place)) for name, place in CLASSES.items()}
    assert len({found.suggested_action for found in actions.values()}) == len(CLASSES)
    assert len({found.suggested_action_zh for found in actions.values()}) == len(CLASSES)
    assert "upstream" not in actions["box"].scope_ambiguous_with


@pytest.mark.parametrize("state", ["suspected", "confirmed", "localised", "partial", "restored", "closed", "discarded"])
@pytest.mark.parametrize("kind", [*KINDS_IN_WORDS, "supply.lost"])
def test_nothing_is_said_that_cannot_be_read_out(kind, state):
    meters = tuple(f"m{number:02}" for number in range(1, 13))
    begin = finding(kind=kind, meters=meters, place=Place(kind="area", id="north-1", phases="ab"))
    last = dataclasses.replace(finding(state, 600, kind=kind, reason="a/b (c)"), meters=("m03",))
    close = [dataclasses.replace(last, outage=dataclasses.replace(last.outage, state="restored"))] if state == "closed" else []
    found = body(begin, *close, last)
    assert ENGLISH.fullmatch(found.sentence_en), found.sentence_en
    assert CHINESE.fullmatch(found.sentence_zh), found.sentence_zh
    assert found.suggested_action
    assert found.suggested_action_zh


def test_every_priority_customer_is_named_the_most_urgent_first():
    found = body(finding(place=Place(kind="area", id="north-1"), meters=tuple(f"m{number:02}" for number in range(1, 25))))
    assert "Look first after medical equipment at meter m05, cold store at meter m11, school at meter m03." in found.sentence_en
    assert "请优先照顾医疗设备用户m05、冷链用户m11、学校用户m03。" in found.sentence_zh
    assert (found.priority, [one.id for one in found.priority_meters]) == ("medical", ["m05", "m11", "m03"])


def test_a_priority_customer_who_is_back_is_not_named_any_longer():
    took = ("m01", "m03", "m05")
    found = body(finding(meters=took), dataclasses.replace(finding("partial", 60, original=took), meters=("m03",)))
    assert "school at meter m03." in found.sentence_en
    assert "m05" not in found.sentence_en
    assert [(one.id, one.back) for one in found.priority_meters] == [("m05", True), ("m03", False)]
    assert "1 customer of 3 is still out." in found.sentence_en


def test_signs_of_fire_before_change_what_is_looked_for():
    book = EventBook(EventSettings(), EventIds(random.Random(1)).new, make_archive())
    early = T0 - 600_000
    joint = Finding(kind="joint.loose", stage=Stage.BEGIN, place=Place(kind="meter", id="m01"), at_utc_ms=early, evidence_from_utc_ms=early,
                    evidence_to_utc_ms=early, score=1.0, confidence=0.9, meters=("m01",))  # fmt: skip
    book.apply(joint, early)
    assert book.apply(finding(), T0).body.suggested_action.startswith("Signs of overheating came before.")


def test_what_is_no_longer_watched_is_not_said_to_be_over():
    book = EventBook(EventSettings(), EventIds(random.Random(1)).new, make_archive())
    book.apply(finding(), T0)
    (change,) = book.withdraw_unwatched(set(), T0 + 1000)
    assert "is no longer watched" in change.body.sentence_en
    assert change.body.suggested_action == "Ask whether it is over."


def test_every_kind_with_words_says_what_to_do_in_chinese_too():
    assert set(OF_KINDS) | {"supply.lost"} == set(KINDS_IN_WORDS)


@pytest.mark.parametrize(("text", "said"), [("feeder-1/box_3", "feeder 1 box 3"), ("A相", "A相"), ("no. 7, 2nd", "no 7 2nd"), ("--", "")])
def test_names_are_read_as_letters_and_digits(text, said):
    assert spoken(text) == said


def test_there_are_words_for_every_tag_cause_and_device():
    assert set(words.TAGS) == set(PRIORITY_TAGS)
    assert set(words.CAUSES) == set(get_args(Cause)) - {""}
    assert set(words.DEVICES) == set(get_args(Device)) - {""}
    assert {kind for kind, found in KINDS.items() if found.event_class == "outage"} <= set(KINDS_IN_WORDS)


@pytest.mark.parametrize("kind", KINDS_IN_WORDS)
def test_a_finding_without_an_incident_is_read_out_as_well(kind):
    begin = dataclasses.replace(finding(kind=kind, place=Place(kind="meter", id="m03"), meters=("m03",)), outage=None)
    end = dataclasses.replace(begin, stage=Stage.END, at_utc_ms=T0 + 60_000, evidence_to_utc_ms=T0 + 60_000)
    for found in (body(begin), body(begin, end)):
        assert ENGLISH.fullmatch(found.sentence_en), found.sentence_en
        assert CHINESE.fullmatch(found.sentence_zh), found.sentence_zh
        assert "m03" in found.sentence_en
        assert "m03" in found.sentence_zh


def test_a_silent_meter_is_never_said_to_be_healthy_or_out():
    begin = dataclasses.replace(finding(kind="meter.silent", place=Place(kind="meter", id="m01"), meters=("m01",)), outage=None)
    found = body(begin)
    assert found.state == "unknown"
    assert found.sentence_en.startswith("Meter without answer at one customer")
    assert "may be without supply or only mute" in found.sentence_en
