"""What every detector must hold, for each that is found."""

import copy
import importlib
import random
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cython_ext
from edge_agent.detect import find_detectors
from edge_agent.model import Archive, AreaFrame, Finding, Role, Stage
from tests.detect.areas import at, frame, sample

DETECTORS = find_detectors()
N = 12
CLEAN = {"current_a__a": 5.0, "active_power_w__a": 1100.0, "reactive_power_var__a": 0.0}


def day_of(name):
    """What happens on the day that makes this detector speak: ``days/NAME.py``, else ``days/usual.py``."""
    path = Path(__file__).parent / "days" / f"{name}.py"
    return importlib.import_module(f"tests.detect.days.{name if path.exists() else 'usual'}")


def archive_for(name, n=N):
    return day_of(name).archive(n)


def replace_meters(name, meters):
    return Archive("area-1", tuple(meters), transformer=archive_for(name).transformer)


def build(name, area=None):
    return DETECTORS[name].build(area or archive_for(name), DETECTORS[name].settings(**day_of(name).SETTINGS))


def eventful_day(name, n: int = N, *, order: list[int] | None = None, troubled: int | None = None, steps: int | None = None):
    """Frames of the detector's day. ``order`` says where in the archive a meter is; from ``troubled`` on meters are healthy."""
    day = day_of(name)
    area = frame(n)
    for step in range(day.STEPS if steps is None else min(steps, day.STEPS)):
        second = step * day.STEP_S
        area.now_utc_ms = at(second)
        for index in range(n):
            meter = order[index] if order else index
            columns = day.answer(index, step, is_troubled=troubled is None or index < troubled)
            if columns is None:
                area.poll_failed(meter, area.now_utc_ms)
            elif columns:
                area.take(sample(meter, second, **columns))
        yield area


def told(findings):
    """What does not depend on where a meter is in the archive."""
    return sorted((f.kind, f.stage.value, f.place.id, f.place.phases, f.at_utc_ms, tuple(sorted(f.meters))) for f in findings)


def findings_of(detector, frames) -> list[Finding]:
    return [finding for area in frames for finding in detector.update(area)]


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_frames_give_the_same_findings(name):
    first = findings_of(build(name), eventful_day(name))
    assert first == findings_of(build(name), eventful_day(name))
    assert first, "the day was meant to be eventful"


@pytest.mark.parametrize("name", DETECTORS)
def test_the_input_is_left_as_it_was(name):
    detector = build(name)
    for area in eventful_day(name, steps=100):
        before = copy.deepcopy(area)
        detector.update(area)
        for field in AreaFrame.__slots__:
            assert np.array_equal(getattr(before, field), getattr(area, field), equal_nan=field in ("values", "supply_v")), field


@pytest.mark.parametrize("name", DETECTORS)
def test_a_clean_day_is_quiet(name):
    detector, area = build(name), frame(N)
    for minute in range(1440):
        area.now_utc_ms = at(60 * minute)
        for index in range(N):
            area.take(sample(index, 60 * minute, **CLEAN, voltage_v__a=220.0 + index))
        assert detector.update(area) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_the_order_of_the_meters_makes_no_difference(name):
    order = list(range(N))
    random.Random(5).shuffle(order)
    meters = archive_for(name).meters
    shuffled = [replace(meters[order.index(place)], index=place) for place in range(N)]
    plain = findings_of(build(name), eventful_day(name))
    other = findings_of(build(name, replace_meters(name, shuffled)), eventful_day(name, order=order))
    assert told(plain) == told(other)


@pytest.mark.parametrize("name", DETECTORS)
def test_healthy_meters_elsewhere_make_no_difference(name):
    """Five more meters on a feeder of their own, in the middle of the archive."""
    added = 5
    order = [index if index < 4 else index + added for index in range(N)]
    meters = [replace(meter, index=order[meter.index]) for meter in archive_for(name).meters]
    strangers = [replace(meters[4], id=f"x{place}", index=4 + place, node="f9/b1", role=Role.CUSTOMER) for place in range(added)]
    area = replace_meters(name, sorted([*meters, *strangers], key=lambda meter: meter.index))

    def with_strangers():
        for minute, now in enumerate(eventful_day(name, N + added, order=[*order, *range(4, 4 + added)], troubled=N)):
            assert now.now_utc_ms == at(day_of(name).STEP_S * minute)
            yield now

    assert told(findings_of(build(name, area), with_strangers())) == told(findings_of(build(name), eventful_day(name)))


@pytest.mark.parametrize("name", DETECTORS)
def test_gaps_are_tolerated(name):
    """Frames that come late, twice or not at all, values that are missing, a day without any: no error, and nothing false at the end."""
    detector, chance = build(name), random.Random(3)
    for area in eventful_day(name):
        for _ in range(chance.choice((0, 0, 1, 2))):
            detector.update(area)
    area.now_utc_ms += 86_400_000
    findings = detector.update(area)
    assert all(finding.evidence_to_utc_ms <= area.now_utc_ms for finding in findings)
    second = (area.now_utc_ms - at(0)) / 1000
    begun = set()
    for _ in range(60):
        second += 60
        area.now_utc_ms = at(second)
        for index in range(N):
            area.take(sample(index, second, **CLEAN, voltage_v__a=220.0))
        begun |= {finding.stage for finding in detector.update(area)}
    assert begun <= {Stage.END}


@pytest.mark.parametrize("name", DETECTORS)
def test_seen_twice_is_told_once(name):
    once, twice = build(name), build(name)
    for area in eventful_day(name):
        assert once.update(area) == twice.update(area)
        assert twice.update(area) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_state_saved_and_loaded_at_any_point_goes_on_as_if_uninterrupted(name):
    whole = findings_of(build(name), eventful_day(name))
    detector, found = build(name), []
    for number, area in enumerate(eventful_day(name)):
        if number % day_of(name).SAVE_EVERY == 3:
            saved = detector.save()
            detector = build(name)
            detector.load(saved)
        found += detector.update(area)
    assert found == whole


@pytest.mark.parametrize("name", DETECTORS)
def test_it_remembers_exactly_what_it_has_told_as_begun_and_not_as_ended(name):
    detector, on, most = build(name), set(), 0
    for number, area in enumerate(eventful_day(name)):
        for finding in detector.update(area):
            condition = (finding.kind, finding.place)
            if finding.stage is Stage.BEGIN:
                assert condition not in on
                on.add(condition)
            elif finding.stage is Stage.END:
                on.remove(condition)
        if number % day_of(name).SAVE_EVERY == 5:
            saved = detector.save()
            detector = build(name)
            detector.load(saved)
        assert detector.conditions() == on
        most = max(most, len(on))
    assert most


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("damaged", [b"", b"{}", b"[1]", b"[99, [], {}]", b"\xff\x00"])
def test_damaged_state_is_refused_and_changes_nothing(name, damaged):
    detector = build(name)
    before = detector.save()
    with pytest.raises(ValueError, match="saved state"):
        detector.load(damaged)
    assert detector.save() == before


@pytest.mark.parametrize("name", DETECTORS)
def test_state_of_other_meters_is_refused(name):
    with pytest.raises(ValueError, match="saved state"):
        build(name).load(build(name, archive_for(name, 5)).save())


@pytest.mark.parametrize("name", DETECTORS)
def test_no_finding_is_dated_before_its_evidence(name):
    detector = build(name)
    for area in eventful_day(name):
        for finding in detector.update(area):
            assert finding.evidence_from_utc_ms <= finding.at_utc_ms <= finding.evidence_to_utc_ms <= area.now_utc_ms
            assert 0.0 <= finding.confidence <= 1.0
            assert finding.meters


@pytest.mark.parametrize("name", DETECTORS)
def test_memory_stays_flat_over_a_hundred_thousand_frames(name):
    detector, area = build(name, archive_for(name, 2)), frame(2)  # two meters: the plain twins pass this test as well
    for index in range(2):
        area.take(sample(index, 0, **CLEAN, voltage_v__a=220.0))

    def run(frames: int) -> None:
        for _ in range(frames):
            area.now_utc_ms += 1000
            area.taken_utc_ms[:] += 1000
            detector.update(area)

    run(1000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run(100_000 if cython_ext.COMPILED else 1_000)  # the plain twins are a hundred times slower
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000


@pytest.mark.parametrize("name", DETECTORS)
def test_state_does_not_grow_with_what_has_happened(name):
    detector, sizes = build(name), []
    for day in range(4):
        for area in eventful_day(name):
            area = copy.deepcopy(area)
            shift_ms = day * 86_400_000
            area.now_utc_ms += shift_ms
            for times in (area.taken_utc_ms, area.answered_utc_ms, area.first_failed_utc_ms):
                times[times >= 0] += shift_ms
            detector.update(area)
        sizes.append(len(detector.save()))
    assert max(sizes) - min(sizes) < 100


def test_frames_know_nobody_at_first():
    area = AreaFrame.empty(3)
    assert np.isnan(area.values).all()
    assert (area.answered_utc_ms == -1).all()
