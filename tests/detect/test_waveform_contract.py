"""What holds for every detector of sampled windows, found by scanning."""

import dataclasses
import random
import tracemalloc

import numpy as np
import pytest

import cython_ext
from edge_agent.detect import find_detectors, find_waveform_detectors
from edge_agent.model import Stage, Waveform
from tests.detect.waveform.waves import T0, archive, current, pattern, windows

DETECTORS = sorted(find_waveform_detectors())
SETTINGS: dict[str, dict] = {"arc": {"end_s": 0.5}}      # shorten what takes long


def build(name, area=None):
    kind = find_waveform_detectors()[name]
    return kind.build(area or archive(3), kind.settings(**SETTINGS.get(name, {})))


def eventful(meters=(0, 1, 2)):
    """Arcs in two circuits at different times, a quiet one, snapshots of a fourth; holes, and windows that come twice."""
    chance = random.Random(3)
    streams = [
        list(windows(current(pattern(40, 120, 340), seed=5), meter=meters[0])),
        list(windows(current(pattern(140, 60, 80) + pattern(20, 100, 100), seed=6), meter=meters[1], phase="c")),
        list(windows(current([False] * 500, seed=7), meter=meters[2])),
        list(windows(current(pattern(100, 120, 80, seed=9), seed=8), meter=meters[2], phase="b", every_s=0.4)),
    ]
    every = [window for stream in streams for window in stream]
    every.sort(key=lambda window: (window.taken_utc_ms, window.meter, window.phase))
    return [window for window in every if chance.random() > 0.02 for _ in range(chance.choice((1, 1, 1, 2)))]


def findings_of(detector, every):
    return [finding for window in every for finding in detector.take(window)]


def told(findings):
    return sorted((finding.kind, finding.stage.value, finding.place.id, finding.place.phases, finding.at_utc_ms) for finding in findings)


def test_detectors_of_windows_are_no_detectors_of_frames():
    assert DETECTORS
    assert not set(DETECTORS) & set(find_detectors())


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_windows_give_the_same_findings(name):
    first = findings_of(build(name), eventful())
    assert first
    assert findings_of(build(name), eventful()) == first


@pytest.mark.parametrize("name", DETECTORS)
def test_the_input_is_not_touched(name):
    detector = build(name)
    for window in eventful():
        before = dataclasses.replace(window, current_a=window.current_a.copy())
        detector.take(window)
        for field in Waveform.__slots__:
            assert np.array_equal(getattr(before, field), getattr(window, field)), field


@pytest.mark.parametrize("name", DETECTORS)
def test_a_quiet_minute_is_quiet(name):
    detector = build(name)
    for second in range(60):
        assert findings_of(detector, windows(current([False] * 100, seed=second), begin_s=second, sequence=5 * second)) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_other_circuits_make_no_difference(name):
    alone = findings_of(build(name), [window for window in eventful() if window.meter == 1])
    among = [finding for finding in findings_of(build(name), eventful()) if finding.place.id == "m1"]
    assert alone == among


@pytest.mark.parametrize("name", DETECTORS)
def test_the_order_of_the_meters_makes_no_difference(name):
    shuffled = archive(3, ids=["m2", "m0", "m1"])
    assert told(findings_of(build(name, shuffled), eventful(meters=(1, 2, 0)))) == told(findings_of(build(name), eventful()))


@pytest.mark.parametrize("name", DETECTORS)
def test_windows_in_any_order_are_no_error_and_nothing_false(name):
    detector, every = build(name), list(windows(current([False] * 1000)))
    random.Random(1).shuffle(every)
    assert findings_of(detector, every) == []


@pytest.mark.parametrize("name", DETECTORS)
def test_state_saved_and_loaded_at_any_point_goes_on_as_if_uninterrupted(name):
    whole = findings_of(build(name), eventful())
    detector, found = build(name), []
    for number, window in enumerate(eventful()):
        if number % 5 == 3:
            saved = detector.save()
            detector = build(name)
            detector.load(saved)
        found += detector.take(window)
    assert found == whole


@pytest.mark.parametrize("name", DETECTORS)
def test_it_remembers_exactly_what_it_has_told_as_begun_and_not_as_ended(name):
    detector, on, most = build(name), set(), 0
    for window in eventful():
        for finding in detector.take(window):
            condition = (finding.kind, finding.place)
            if finding.stage is Stage.BEGIN:
                assert condition not in on
                on.add(condition)
            elif finding.stage is Stage.END:
                on.remove(condition)
            else:
                assert condition in on
        assert detector.conditions() == on
        most = max(most, len(on))
    assert most


@pytest.mark.parametrize("name", DETECTORS)
def test_an_operator_has_it_begin_anew_and_what_is_on_ends(name):
    detector, every = build(name), eventful()
    number = next(number for number, window in enumerate(every) if detector.take(window))
    (condition,) = detector.conditions()
    index = int(condition[1].id[1:])
    detector.relearn([index])
    restored = build(name)
    restored.load(detector.save())
    rest = [window for window in every[number + 1 :] if (window.meter, window.phase) == (index, condition[1].phases)]
    for one in (detector, restored):
        assert [(finding.kind, finding.place, finding.stage) for finding in one.take(rest[0])] == [(*condition, Stage.END)]
        assert one.conditions() == set()


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("damaged", [b"", b"{}", b"[1]", b"[99, [], {}]", b'[1, ["m0", "m1", "m2"], {"9.a.rings": 1}]', b"\xff\x00"])
def test_damaged_state_is_refused_and_changes_nothing(name, damaged):
    detector = build(name)
    findings_of(detector, eventful()[:20])
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
    for window in eventful():
        end_ms = window.taken_utc_ms + round(1000 * len(window.current_a) / window.rate_hz)
        for finding in detector.take(window):
            assert finding.evidence_from_utc_ms <= finding.at_utc_ms <= finding.evidence_to_utc_ms <= end_ms
            assert 0.0 <= finding.confidence <= 1.0
            assert finding.meters


@pytest.mark.parametrize("name", DETECTORS)
def test_memory_stays_flat(name):
    detector, every = build(name, archive(1)), list(windows(current([False] * 20)))

    def run(first, count):
        for number in range(first, first + count):
            detector.take(dataclasses.replace(every[0], sequence=number, taken_utc_ms=T0 + 200 * number))

    run(0, 100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    run(100, 5_000 if cython_ext.COMPILED else 200)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 20_000


@pytest.mark.parametrize("name", DETECTORS)
def test_state_does_not_grow_with_what_has_happened(name):
    detector, sizes = build(name), []
    for day in range(3):
        for window in eventful():
            shifted_ms = window.taken_utc_ms + 86_400_000 * day
            detector.take(dataclasses.replace(window, taken_utc_ms=shifted_ms, sequence=window.sequence + 1000 * day))
        sizes.append(len(detector.save()))
    assert max(sizes) - min(sizes) < 100
