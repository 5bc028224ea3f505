"""Levels of fire risk: which findings give which, what two together are, what a box and a branch take over."""

import dataclasses

import pytest

from edge_agent.detect.fire_risk import ActiveFinding, FireRisk
from edge_agent.detect.fire_rules import RULES, RiskLevel, combined_level
from edge_agent.events import KINDS
from edge_agent.model import Archive, Finding, Meter, Place, Stage

T0 = 1_790_000_000_000
NODES = ("f1/b1/x1", "f1/b1/x1", "f1/b1/x2", "f1/b2/x3", "f2/b3/x4")
ARCHIVE = Archive("area-1", tuple(Meter(id=f"m{i}", index=i, profile="p", bus="b", node=node) for i, node in enumerate(NODES)))


def on(kind, place="m0", severity="warning", stage=Stage.BEGIN, scope="meter", phases="", at_s=0, **changes):
    at_ms = T0 + 1000 * at_s
    base = Finding(
        kind=kind, stage=stage, place=Place(kind=scope, id=place, phases=phases), at_utc_ms=at_ms, evidence_from_utc_ms=at_ms - 500,
        evidence_to_utc_ms=at_ms, score=1.5, confidence=0.8, severity=severity, meters=(place,), observed=0.2, unit="ohm",
        alternatives=("theft",),
    )
    return dataclasses.replace(base, **changes)


def off(kind, place="m0", **changes):
    return on(kind, place, stage=Stage.END, **changes)


@pytest.fixture
def risk():
    return FireRisk(ARCHIVE)


def said(findings):
    return [(f.place.id, f.stage.value, f.severity) for f in findings]


ALONE = [
    # the rules as a truth table: kind, severity of the finding, level
    ("joint.loose", "warning", "info"), ("joint.loose", "alarm", "alarm"), ("joint.intermittent", "warning", "info"),
    ("joint.intermittent", "alarm", "warning"), ("neutral.loose", "warning", "info"), ("neutral.loose", "alarm", "warning"),
    ("neutral.intermittent", "warning", "warning"), ("neutral.open", "warning", "alarm"), ("neutral.open", "alarm", "alarm"),
    ("neutral.overvoltage", "warning", "warning"), ("neutral.overvoltage", "alarm", "alarm"), ("overload", "warning", "info"),
    ("overload", "alarm", "warning"), ("conductor.hot", "warning", "warning"), ("conductor.hot", "alarm", "alarm"),
    ("transformer.overload", "alarm", "warning"), ("transformer.hot_spot", "warning", "warning"),
    ("transformer.hot_spot", "alarm", "alarm"), ("residual.level", "alarm", "warning"), ("residual.step", "warning", "info"),
    ("residual.trend", "warning", "info"), ("temperature.level", "alarm", "alarm"), ("temperature.rise", "warning", "info"),
    ("temperature.rise", "alarm", "warning"), ("temperature.uneven", "warning", "info"), ("temperature.uneven", "alarm", "warning"),
    ("arc.series", "warning", "warning"), ("arc.series", "alarm", "alarm"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "severity", "level"), ALONE)
def test_a_finding_alone_gives_its_level(risk, kind, severity, level):
    assert said(risk.update([on(kind, severity=severity)], T0)) == [("m0", "begin", level)]


@pytest.mark.parametrize("kind", ["voltage.low", "meter.silent", "load.on", "bypass.suspected", "supply.lost"])
def test_what_says_nothing_of_fire_gives_no_level(risk, kind):
    assert risk.update([on(kind, severity="alarm")], T0) == []
    assert risk.conditions() == set()


def test_no_single_statistical_finding_sends_a_crew():
    statistical = ["joint.intermittent", "neutral.loose", "neutral.intermittent", "residual.step", "residual.trend", "temperature.rise",
                   "temperature.uneven"]  # fmt: skip
    for kind in statistical:
        assert combined_level({kind: "alarm"}) < RiskLevel.ACT


def test_every_kind_that_has_a_rule_is_a_kind_that_exists():
    assert set(RULES) <= set(KINDS)


@pytest.mark.parametrize(("one", "other", "level"), [
    ("overload", "residual.step", "warning"),       # load and leakage: one step more than watch
    ("joint.loose", "temperature.rise", "warning"),
    ("neutral.intermittent", "temperature.uneven", "alarm"),
    ("overload", "joint.loose", "alarm"),           # the current that overloads heats the contact
    ("joint.loose", "neutral.loose", "info"),       # both from the same impedance: they do not confirm each other
    ("residual.step", "residual.trend", "info"),
])  # fmt: skip
def test_two_findings_at_one_place(risk, one, other, level):
    (*_, last) = risk.update([on(one), on(other, phases="a")], T0)
    assert (last.place.id, last.severity) == ("m0", level)


def test_findings_of_different_meters_do_not_add_up(risk):
    assert said(risk.update([on("overload"), on("joint.loose", "m3")], T0)) == [("m0", "begin", "info"), ("m3", "begin", "info"),
                                                                               ("f1", "begin", "info")]  # fmt: skip


def test_the_level_falls_and_ends_with_its_findings(risk):
    risk.update([on("overload", severity="alarm"), on("residual.step")], T0)
    assert said(risk.update([off("residual.step")], T0 + 1000)) == [("m0", "change", "warning")]
    assert risk.update([], T0 + 2000) == []
    assert said(risk.update([off("overload")], T0 + 3000)) == [("m0", "end", "info")]
    assert risk.conditions() == set()


def test_a_change_of_severity_changes_the_level_and_a_repetition_does_not(risk):
    risk.update([on("overload")], T0)
    assert said(risk.update([on("overload", severity="alarm", stage=Stage.CHANGE)], T0)) == [("m0", "change", "warning")]
    assert risk.update([on("overload", severity="alarm", stage=Stage.CHANGE)], T0) == []


def test_one_phase_that_recovers_leaves_the_level_of_the_other(risk):
    risk.update([on("overload", phases="a"), on("overload", phases="b")], T0)
    assert risk.update([off("overload", phases="a")], T0) == []
    assert said(risk.update([off("overload", phases="b")], T0)) == [("m0", "end", "info")]


def test_a_single_meter_does_not_raise_its_box(risk):
    assert said(risk.update([on("joint.loose", severity="alarm")], T0)) == [("m0", "begin", "alarm")]


def test_two_meters_of_a_box_raise_it_to_what_both_reach_and_the_branch_not(risk):
    found = risk.update([on("joint.loose", "m0", severity="alarm"), on("overload", "m1")], T0)
    assert said(found) == [("m0", "begin", "alarm"), ("m1", "begin", "info"), ("f1/b1/x1", "begin", "info")]
    assert set(found[-1].meters) == {"m0", "m1"}


def test_meters_of_two_boxes_raise_the_branch_and_not_the_boxes(risk):
    risk.update([on("joint.loose", "m0")], T0)
    assert said(risk.update([on("joint.loose", "m2")], T0)) == [("m2", "begin", "info"), ("f1/b1", "begin", "info")]
    assert said(risk.update([off("joint.loose", "m0")], T0)) == [("m0", "end", "info"), ("f1/b1", "end", "info")]


def test_a_finding_of_a_node_counts_for_the_node_alone(risk):
    found = risk.update([on("neutral.open", "f1/b1", scope="node", meters=("m0", "m1", "m2"))], T0)
    assert said(found) == [("f1/b1", "begin", "alarm")]
    assert found[0].meters == ("m0", "m1", "m2")


def test_a_finding_of_the_area_gives_the_area_a_level(risk):
    found = risk.update([on("transformer.hot_spot", "area-1", scope="area", severity="alarm")], T0)
    assert [(f.place, f.severity) for f in found] == [(Place(kind="area", id="area-1"), "alarm")]


def test_the_evidence_names_each_finding_with_what_was_measured(risk):
    (found,) = risk.update([on("joint.loose", at_s=-60)], T0)
    assert dict(found.evidence) == {"level": 1.0, "findings": 1.0, "joint.loose.score": 1.5, "joint.loose.observed_ohm": 0.2}
    assert found.alternatives == ("theft",)
    assert found.evidence_from_utc_ms == T0 - 60_500
    assert found.evidence_from_utc_ms <= found.at_utc_ms <= found.evidence_to_utc_ms <= T0


def active(finding):
    return ActiveFinding(
        kind=finding.kind, place=finding.place, severity=finding.severity, score=finding.score, confidence=finding.confidence,
        evidence_from_utc_ms=finding.evidence_from_utc_ms, meters=finding.meters,
    )


def test_after_a_restart_it_goes_on_with_what_the_book_has(risk):
    events = [on("overload"), on("joint.loose", phases="a")]
    told = risk.update(events, T0)
    again = FireRisk(ARCHIVE)
    assert again.adopt([active(finding) for finding in [*events, *told[-1:]]], T0) == []
    assert again.conditions() == risk.conditions()
    assert said(again.update([off("overload")], T0)) == said(risk.update([off("overload")], T0)) == [("m0", "change", "info")]


def test_a_level_whose_findings_were_withdrawn_in_between_ends_at_the_start(risk):
    (told,) = risk.update([on("overload")], T0)
    again = FireRisk(ARCHIVE)
    assert said(again.adopt([active(told)], T0 + 5000)) == [("m0", "end", "info")]
    assert again.conditions() == set()


def test_a_level_of_a_meter_that_is_gone_ends_with_a_name(risk):
    gone = active(dataclasses.replace(on("fire.risk", severity="info"), place=Place(kind="node", id="f9/b9")))
    (found,) = risk.adopt([gone], T0)
    assert (found.stage, found.meters) == (Stage.END, ("f9/b9",))


def test_nothing_is_kept_of_places_where_nothing_is_on(risk):
    for _ in range(50):
        risk.update([on("overload", f"m{i}") for i in range(5)], T0)
        risk.update([off("overload", f"m{i}") for i in range(5)], T0)
    assert risk._held == {}
