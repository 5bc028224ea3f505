"""What every detector must hold, for each that is found."""

import random
import tracemalloc

import numpy as np
import pytest

import cython_ext
from edge_agent.detect import find_detectors
from edge_agent.model import Archive, AreaFrame, Finding
from tests.detect.areas import archive, at, frame, sample

DETECTORS = find_detectors()
N = 12


def build(name, area=None):
    return DETECTORS[name].build(area or archive(N), DETECTORS[name].settings())


def eventful_day(n: int, *, seed: int = 1, minutes: int = 240, order: list[int] | None = None):
    """Frames of a day on which voltages leave the band, currents overload and meters fall silent, alone and together."""
    chance = random.Random(seed)
    area = frame(n)
    troubled = {index: chance.random() for index in range(n)}
    for minute in range(minutes):
        area.now_utc_ms = at(60 * minute)
        for index in range(n):
            meter = order[index] if order else index
            dark = (60 <= minute < 90 and index % 3 == 1) or (index == 0 and 30 <= minute < 50)
            if dark:
                area.poll_failed(meter, area.now_utc_ms)
                continue
            value = 220.0 + 30.0 * troubled[index] * np.sin(minute / 20 + index)
            current = 40.0 + 50.0 * troubled[index] * (1 + np.sin(minute / 30))
            if (minute + index) % 17:  # some readings are missing
                area.take(sample(meter, 60 * minute, voltage_v__a=value, current_a__a=current))
        yield area


def findings_of(detector, frames) -> list[Finding]:
    return [finding for area in frames for finding in detector.update(area)]


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_frames_give_the_same_findings(name):
    first = findings_of(build(name), eventful_day(N))
    assert first == findings_of(build(name), eventful_day(N))
    assert first, "the day was meant to be eventful"


@pytest.mark.parametrize("name", DETECTORS)
def test_the_input_is_left_as_it_was(name):
    detector = build(name)
    for area in eventful_day(N, minutes=100):
        before = [
            getattr(area, field).copy() for field in ("values", "taken_utc_ms", "answered_utc_ms", "polls_failed", "reachable", "supply_v")
        ]
        detector.update(area)
        after = [getattr(area, field) for field in ("values", "taken_utc_ms", "answered_utc_ms", "polls_failed", "reachable", "supply_v")]
        assert all(np.array_equal(one, other, equal_nan=True) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("name", DETECTORS)
def test_a_clean_day_is_quiet(name):
    detector, area = build(name), frame(N)
    for minute in range(1440):
        area.now_utc_ms = at(60 * minute)
        for index in range(N):
            area.take(sample(index, 60 * minute, voltage_v__a=220.0 + index, current_a__a=30.0))
        assert detector.update(area) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_the_order_of_the_meters_makes_no_difference(name):
    order = list(range(N))
    random.Random(5).shuffle(order)
    meters = archive(N).meters
    shuffled = [None] * N
    for index, place in enumerate(order):
        meter = meters[index]
        shuffled[place] = type(meter)(**{field: getattr(meter, field) for field in meter.__slots__} | {"index": place})
    plain = findings_of(build(name), eventful_day(N))
    other = findings_of(build(name, Archive("area-1", tuple(shuffled))), eventful_day(N, order=order))

    def told(findings):
        return sorted((f.kind, f.stage.value, f.place.id, f.place.phases, f.at_utc_ms, tuple(sorted(f.meters))) for f in findings)

    assert told(plain) == told(other)


@pytest.mark.parametrize("name", DETECTORS)
def test_state_saved_and_loaded_at_any_point_goes_on_as_if_uninterrupted(name):
    whole = findings_of(build(name), eventful_day(N))
    detector, found = build(name), []
    for number, area in enumerate(eventful_day(N)):
        if number % 7 == 3:
            saved = detector.save()
            detector = build(name)
            detector.load(saved)
        found += detector.update(area)
    assert found == whole


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
        build(name).load(build(name, archive(5)).save())


@pytest.mark.parametrize("name", DETECTORS)
def test_no_finding_is_dated_before_its_evidence(name):
    detector = build(name)
    for area in eventful_day(N):
        for finding in detector.update(area):
            assert finding.evidence_from_utc_ms <= finding.at_utc_ms <= finding.evidence_to_utc_ms <= area.now_utc_ms
            assert 0.0 <= finding.confidence <= 1.0
            assert finding.meters


@pytest.mark.parametrize("name", DETECTORS)
def test_memory_stays_flat_over_a_hundred_thousand_frames(name):
    detector, area = build(name), frame(N)
    for index in range(N):
        area.take(sample(index, 0, voltage_v__a=220.0, current_a__a=30.0))

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


def test_frames_know_nobody_at_first():
    area = AreaFrame.empty(3)
    assert np.isnan(area.values).all()
    assert (area.answered_utc_ms == -1).all()
