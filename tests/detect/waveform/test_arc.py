"""Series arcs: when they are told, what looks like them and is none, what units do wrong."""

import dataclasses

import numpy as np
import pytest

from edge_agent.detect.waveform.arc import DETECTOR, ArcSettings
from edge_agent.model import Stage
from tests.detect.waveform.waves import PER_HALF, RATE_HZ, T0, archive, current, pattern, voltage, windows


def build(**settings):
    return DETECTOR.build(archive(), ArcSettings(**settings))


def told(detector, *parts):
    return [finding for part in parts for window in part for finding in detector.take(window)]


def stages(findings):
    return [finding.stage for finding in findings]


def test_a_sustained_arc_is_told_within_half_a_second_of_its_fourteenth_half_cycle():
    arcing = pattern(40, 160, 0)
    fourteenth_s = (np.flatnonzero(np.cumsum(arcing) == 14)[0] + 1) / 100
    (finding, *_) = told(build(), windows(current(arcing)))
    assert finding.kind == "arc.series"
    assert finding.stage is Stage.BEGIN
    assert (finding.place.id, finding.place.phases, finding.meters) == ("m0", "a", ("m0",))
    assert finding.severity == "alarm"
    assert fourteenth_s <= (finding.evidence_to_utc_ms - T0) / 1000 <= fourteenth_s + 0.5
    assert finding.at_utc_ms == T0 + 10 * arcing.index(True)


def test_a_finding_states_the_share_of_time_that_was_seen():
    arcing = pattern(40, 160, 0)
    (finding, *_) = told(build(), windows(current(arcing)))
    evidence = dict(finding.evidence)
    assert evidence["seen_share"] == 1.0
    assert evidence["arcing_half_cycles_in_1_s"] >= 14
    assert evidence["usual_current_a"] == pytest.approx(10.0, rel=0.01)
    assert evidence["iec_62606_break_time_s"] == 0.25       # of 10 A
    assert finding.alternatives


def test_every_half_cycle_is_marked_as_it_burned():
    arcing = pattern(40, 60, 0)
    detector = build()
    told(detector, windows(current(arcing)))
    assert detector.arcing(0, "a").tolist() == arcing


@pytest.mark.parametrize("amperes", [3.0, 6.0, 16.0, 40.0])
def test_nine_arcing_half_cycles_in_a_second_are_not_told(amperes):
    arcing = [False] * 40 + ([True] * 2 + [False] * 20) * 20
    assert told(build(), windows(current(arcing, amperes=amperes))) == []


def test_an_arc_that_stops_ends_after_the_time_set():
    arcing = pattern(40, 100, 560)
    findings = told(build(end_s=2.0), windows(current(arcing)))
    assert stages(findings)[0] is Stage.BEGIN
    assert stages(findings)[-1] is Stage.END
    end = findings[-1]
    assert 1.2 <= (end.at_utc_ms - T0) / 1000 <= 2.4
    assert end.evidence_to_utc_ms >= end.at_utc_ms + 2000


def test_the_iec_class_reached_later_is_a_change():
    arcing = pattern(40, 200, 0)
    findings = told(build(), windows(current(arcing, amperes=3.0)))      # 3 A may arc for 1 s: 85 half cycles never fill it
    assert stages(findings) == [Stage.BEGIN]
    findings = told(build(), windows(current(arcing, amperes=6.0)))      # 6 A may for 0.5 s
    assert stages(findings) == [Stage.BEGIN, Stage.CHANGE]
    assert dict(findings[1].evidence)["iec_62606_reached"] == 1.0


def inrush():
    at = np.arange(300)
    return current([False] * 300, level=1.0 + 6.0 * np.exp(-np.maximum(0, at - 100) / 15) * (at >= 100))


STEPS = {
    "half the load goes": lambda: current([False] * 300, level=[1.0] * 100 + [0.5] * 200),
    "load comes": lambda: current([False] * 300, level=[1.0] * 100 + [2.5] * 200),
    "load comes for a quarter of a second": lambda: current([False] * 300, level=[1.0] * 100 + [3.0] * 25 + [1.0] * 175),
    "switched off and on": lambda: current([False] * 300, level=[1.0] * 100 + [0.0] * 30 + [1.0] * 170),
    "switched off": lambda: current([False] * 300, level=[1.0] * 100 + [0.0] * 200),
    "bursts of six half cycles": lambda: current([False] * 300, level=[float(half // 6 % 2) for half in range(300)]),
    "sag": lambda: current([False] * 300, level=[1.0] * 100 + [0.8] * 20 + [1.0] * 180),
    "inrush that decays": inrush,
    "turned down slowly": lambda: current([False] * 300, level=np.linspace(1.0, 0.2, 300)),
    "off from the begin": lambda: current([False] * 300, level=0.0),
    "half waves": lambda: np.maximum(current([False] * 300), 0.0),
}


@pytest.mark.parametrize("make", STEPS.values(), ids=STEPS)
def test_what_switching_does_is_no_arc(make):
    assert told(build(), windows(make())) == []


def other_load(half_cycles, amperes=6.0):
    """A lagging load with a third harmonic."""
    at = np.pi * np.arange(half_cycles * PER_HALF) / PER_HALF
    return np.sqrt(2) * amperes * (np.sin(at - 0.5) + 0.15 * np.sin(3 * at))


def test_another_load_in_parallel_that_goes_is_no_arc():
    whole = current([False] * 300) + other_load(300) * (np.arange(300 * PER_HALF) < 100 * PER_HALF)
    assert told(build(), windows(whole)) == []


def test_a_noisy_load_after_a_quiet_one_is_no_arc():
    chance = np.random.default_rng(8)
    noisy = np.sin(np.pi * np.arange(200 * PER_HALF) / PER_HALF - 0.6) * np.repeat(chance.normal(7, 0.8, 200), PER_HALF)
    noisy += chance.normal(0, 0.5, len(noisy))
    assert told(build(), windows(np.concatenate([current([False] * 100), noisy]))) == []


def test_an_arc_after_a_load_step_is_told():
    """The reference starts anew with the load: the quiet half cycles after the step are what arcs are held against."""
    arcing = [False] * 160 + pattern(0, 140, 0)
    assert stages(told(build(), windows(current(arcing, level=[1.0] * 100 + [0.5] * 200))))[:1] == [Stage.BEGIN]


def test_a_supply_that_sags_is_not_the_circuit():
    """With the voltage at hand, what the supply does is left out, whatever shape it has."""
    level = np.where((np.arange(300) >= 100) & (np.arange(300) % 3 > 0) & (np.arange(300) < 160), 0.85, 1.0)
    ripple = 0.04 * np.repeat(level < 1, PER_HALF) * np.sin(7 * np.pi * np.arange(300 * PER_HALF) / PER_HALF)
    bent = current([False] * 300, level=level) * (1 + ripple)
    assert stages(told(build(), windows(bent)))[:1] == [Stage.BEGIN]      # without the voltage it cannot be told from an arc
    findings = told(build(), windows(bent, voltage_v=voltage(300, level)))
    assert findings == []


@pytest.mark.parametrize("shift", [0, 40, 128, 200])
def test_where_a_window_begins_makes_no_difference_with_the_voltage_at_hand(shift):
    arcing = pattern(40, 160, 2)
    whole, volts = current(arcing), voltage(len(arcing))
    findings = told(build(), windows(whole[shift:], voltage_v=volts[shift:]))
    assert stages(findings)[:1] == [Stage.BEGIN]
    assert abs(findings[0].at_utc_ms - (T0 + 10 * arcing.index(True) - 1000 * shift / RATE_HZ)) <= 20


def test_snapshots_of_ten_cycles_a_minute_tell_an_arc_by_its_share_and_say_how_little_they_saw():
    arcing = [False] * 100 + pattern(0, 200, 0, share=0.5)
    findings = told(build(), windows(current(arcing), every_s=60.0))
    assert stages(findings)[:1] == [Stage.BEGIN]
    begin = findings[0]
    assert dict(begin.evidence)["seen_share"] == pytest.approx(0.2 / 60, rel=0.2)
    assert begin.evidence_from_utc_ms >= T0 + 240_000


def test_snapshots_with_few_arcs_are_not_told():
    arcing = ([False] * 9 + [True]) * 40
    assert told(build(), windows(current([False] * 40 + arcing), every_s=60.0)) == []


def test_time_that_was_not_seen_does_not_add_up():
    """Ten arcs, a hole of a second, ten arcs: never fourteen in one second."""
    arcing = [False] * 40 + [True, True, False, True, True, False, True, True, False, True, True, False, True, True] + [False] * 6
    first, second = current(arcing), current([False] * 20 + arcing[40:], seed=5)
    assert told(build(), windows(first), windows(second, begin_s=1.6, sequence=40)) == []


def test_windows_that_come_twice_or_late_are_taken_once():
    arcing = pattern(40, 160, 0)
    plain = told(build(), windows(current(arcing)))
    every = list(windows(current(arcing)))
    again = [window for number, window in enumerate(every) for window in (window, every[max(0, number - 3)], window)]
    assert told(build(), again) == plain


def test_a_clock_that_is_set_back_loses_nothing_while_windows_are_numbered():
    every = list(windows(current(pattern(40, 160, 0))))
    back = [dataclasses.replace(window, taken_utc_ms=window.taken_utc_ms - 3_600_000) for window in every[3:]]
    assert stages(told(build(), every[:3], back))[:1] == [Stage.BEGIN]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_samples_that_cannot_be_are_no_arc(value):
    whole = current([False] * 400)
    chance = np.random.default_rng(1)
    for place in chance.integers(0, len(whole), 200):
        whole[place : place + 40] = value
    with np.errstate(over="ignore"):
        assert told(build(), windows(whole)) == []


@pytest.mark.parametrize(
    "change", [{"rate_hz": 100.0}, {"mains_hz": 5.0}, {"mains_hz": float("nan")}, {"meter": 7}, {"meter": -1}, {"phase": "x"}]
)
def test_a_window_of_no_use_is_passed_over(change):
    detector = build()
    assert [detector.take(dataclasses.replace(window, **change)) for window in windows(current([False] * 40))] == [[], []]
    assert detector.conditions() == set()


def test_an_operator_has_a_circuit_learned_anew_and_what_is_told_of_it_ends():
    detector = build()
    every = list(windows(current(pattern(40, 300, 0))))
    told(detector, every[:8])
    assert detector.conditions()
    detector.relearn([0])
    (end, *_) = detector.take(every[8])
    assert end.stage is Stage.END
    assert detector.conditions() == set()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"alarm_half_cycles": 9}, "release_half_cycles < alarm_half_cycles"),
        ({"alarm_half_cycles": 101}, "a second has 100"),
        ({"min_current_a": 0.0}, "min_current_a"),
        ({"min_drop_ratio": 0.6}, "a part of the voltage"),
        ({"snapshot_share": 0.0}, "snapshot_share"),
        ({"snapshot_windows": 0}, "snapshot_windows"),
        ({"end_s": -1.0}, "end_s"),
    ],
)
def test_settings_outside_their_range_are_refused_with_the_reason(settings, says):
    with pytest.raises(ValueError, match=says):
        ArcSettings(**settings)
