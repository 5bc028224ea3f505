"""Terminal temperature: the truth table of the standard, heating up, warm at low load, uneven phases, loosening; what must not alarm."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from edge_agent.detect.fire.temperature import TemperatureDetector, TemperatureSettings
from edge_agent.detect.heat_slope import HeatSlopes
from edge_agent.model import Archive, Meter, Place, Stage
from tests.detect.areas import at, frame, sample

RATED_A = 60.0
DAY_S = 86_400


class Watch:
    """One meter and its detector; a value may be a function of the seconds since ``feed`` began."""

    def __init__(self, phases="abc", rated_current_a=RATED_A, **settings):
        meter = Meter(id="m0", index=0, profile="p", bus="b", phases=phases, rated_current_a=rated_current_a)
        self.archive = Archive("area-1", (meter,))
        self.detector = TemperatureDetector(self.archive, TemperatureSettings(**settings))
        self.frame, self.second, self.found = frame(1), 0.0, []

    def feed(self, for_s, every_s=10.0, **columns):
        for number in range(1, round(for_s / every_s) + 1):
            self.second += every_s
            self.frame.now_utc_ms = at(self.second)
            given = {name: value(number * every_s) if callable(value) else value for name, value in columns.items()}
            names = {"amb": "ambient_temperature_cel"}
            names |= {f"t{terminal}": f"terminal_temperature_cel__{terminal}" for terminal in "abcn"}
            names |= {f"i{terminal}": f"current_a__{terminal}" for terminal in "abcn"}
            self.frame.take(sample(0, self.second, **{names[name]: value for name, value in given.items()}))
            self.found += self.detector.update(self.frame)
        return self

    def told(self, kind="level"):
        return [(finding.stage, finding.severity) for finding in self.found if finding.kind == f"temperature.{kind}"]

    def stages(self, kind="level"):
        return [stage for stage, _ in self.told(kind)]


# The table of GB 14287.3: setpoint 45..140 degC, alarm error 10 %, within 40 s.
@pytest.mark.parametrize(
    ("setpoint_cel", "alarm_ratio", "begin_s"), list(itertools.product((45.0, 70.0, 105.0, 140.0), (0.9, 1.0, 1.1), (0.0, 20.0, 40.0)))
)
def test_the_table_of_setpoint_band_and_delay(setpoint_cel, alarm_ratio, begin_s):
    settings = {"setpoint_cel": setpoint_cel, "alarm_ratio": alarm_ratio, "release_ratio": 0.8, "begin_s": begin_s}
    exact_cel = round(setpoint_cel * alarm_ratio, 6)
    assert Watch(**settings).feed(120, 1.0, ta=0.89 * setpoint_cel).stages() == []
    assert Watch(**settings).feed(120, 1.0, ta=exact_cel - 1e-5).stages() == []
    assert Watch(**settings).feed(41, 1.0, ta=exact_cel).stages() == [Stage.BEGIN]
    watch = Watch(**settings).feed(begin_s, 1.0, ta=exact_cel)            # one second short of the delay
    assert watch.stages() == []
    assert watch.feed(1, 1.0, ta=exact_cel).stages() == [Stage.BEGIN]


@pytest.mark.parametrize("is_latched", [False, True])
@pytest.mark.parametrize(("falls_to_cel", "ends"), [(69.9, False), (63.1, False), (63.0, True), (20.0, True)])
def test_the_table_of_hysteresis_and_latch(is_latched, falls_to_cel, ends):
    watch = Watch(is_latched=is_latched).feed(60, ta=75.0).feed(300, ta=falls_to_cel)
    assert watch.stages() == ([Stage.BEGIN, Stage.END] if ends and not is_latched else [Stage.BEGIN])


def test_each_terminal_has_an_alarm_of_its_own():
    watch = Watch().feed(60, ta=75.0, tb=30.0, tc=30.0, tn=80.0)
    assert watch.detector.conditions() == {("temperature.level", Place(kind="meter", id="m0", phases=phase)) for phase in "an"}


def test_a_latched_alarm_ends_when_somebody_has_looked():
    watch = Watch().feed(60, ta=75.0, amb=20.0).feed(600, ta=30.0, amb=20.0)
    assert watch.stages() == [Stage.BEGIN]
    watch.detector.relearn([0])
    watch.feed(10, ta=30.0, amb=20.0)
    assert watch.stages() == [Stage.BEGIN, Stage.END]
    assert watch.detector.conditions() == set()


@pytest.mark.parametrize(("field", "value"), [
    ("setpoint_cel", 44.0), ("setpoint_cel", 141.0), ("alarm_ratio", 0.89), ("alarm_ratio", 1.11), ("release_ratio", 1.0),
    ("begin_s", 41.0), ("end_s", -1.0), ("fast_k_per_min", 0.5), ("rise_k", 5.0), ("uneven_warn_k", 31.0), ("slope_growth", 1.0),
    ("slope_sigmas", 1.0), ("setpoint_cel", math.nan),
])  # fmt: skip
def test_settings_outside_their_physical_range_are_refused_with_the_reason(field, value):
    with pytest.raises(ValueError, match=field):
        TemperatureSettings(**{field: value})


@pytest.mark.parametrize("every_s", [1.0, 10.0, 30.0, 60.0])
@pytest.mark.parametrize(("k_per_min", "told"), [(4.5, []), (5.5, [(Stage.BEGIN, "alarm")])])
def test_a_terminal_that_heats_up_for_more_than_a_minute_is_an_alarm(every_s, k_per_min, told):
    watch = Watch().feed(600, every_s, ta=20.0).feed(180, every_s, ta=lambda s: 20.0 + k_per_min * s / 60)
    assert watch.told("rise") == told


def test_half_a_minute_of_it_is_not_enough():
    watch = Watch().feed(600, ta=20.0).feed(30, ta=lambda s: 20.0 + 8.0 * s / 60).feed(600, ta=24.0)
    assert watch.found == []


def test_it_ends_when_the_terminal_no_longer_heats_up():
    watch = Watch().feed(600, ta=20.0).feed(180, ta=lambda s: 20.0 + 6 * s / 60).feed(300, ta=38.0)
    assert watch.told("rise") == [(Stage.BEGIN, "alarm"), (Stage.END, "info")]


def test_warm_at_a_small_load_is_a_warning():
    watch = Watch().feed(1200, 60.0, ta=66.0, ia=10.0, amb=20.0)
    assert watch.told("rise") == [(Stage.BEGIN, "warning")]
    assert watch.found[0].observed == pytest.approx(46.0)
    assert watch.feed(600, 60.0, ta=55.0, ia=10.0, amb=20.0).stages("rise") == [Stage.BEGIN, Stage.END]


@pytest.mark.parametrize("why", ["large load", "unknown rating", "no ambient", "no current"])
def test_the_same_warmth_is_not_judged_where_it_may_be_normal(why):
    columns = {"ta": 66.0, "ia": 10.0, "amb": 20.0}
    if why == "large load":
        columns["ia"] = 35.0
    if why in ("no ambient", "no current"):
        del columns["amb" if why == "no ambient" else "ia"]
    watch = Watch(rated_current_a=None if why == "unknown rating" else RATED_A).feed(3600, 60.0, **columns)
    assert watch.found == []


def test_a_terminal_that_is_still_warm_from_its_load_is_no_warning():
    """45 K above ambient and more after full load: it cools with its time constant of 15 minutes."""
    watch = Watch(setpoint_cel=100.0).feed(7200, 60.0, ta=90.0, ia=60.0, amb=25.0)
    watch.feed(7200, 60.0, ta=lambda s: 25.0 + 65.0 * math.exp(-s / 900), ia=1.0, amb=25.0)
    assert watch.found == []


@pytest.mark.parametrize(("warmer_k", "severity"), [(14.0, None), (16.0, "warning"), (31.0, "alarm")])
def test_a_phase_that_is_warmer_than_one_with_the_same_current(warmer_k, severity):
    watch = Watch().feed(1800, 60.0, ta=30.0, tb=30.0 + warmer_k, tc=32.0, ia=20.0, ib=20.0, ic=20.0)
    assert watch.told("uneven") == ([] if severity is None else [(Stage.BEGIN, severity)])
    assert all(finding.place.phases == "b" for finding in watch.found)


def test_a_phase_that_is_warmer_since_it_carries_more_is_no_finding():
    assert Watch().feed(7200, 60.0, ta=30.0, tb=60.0, tc=30.0, ia=10.0, ib=40.0, ic=10.0).found == []


def test_without_currents_phases_are_not_compared():
    assert Watch().feed(7200, 60.0, ta=30.0, tb=60.0, tc=30.0).found == []


def test_phase_and_neutral_of_a_single_phase_meter_carry_the_same_and_compare():
    watch = Watch(phases="a").feed(1800, 60.0, ta=30.0, tn=48.0, ia=20.0)
    assert watch.told("uneven") == [(Stage.BEGIN, "warning")]
    assert watch.found[0].place.phases == "n"


def terminal(days, *, k_per_a2, seed=1, every_s=300, tau_s=900.0, noise_k=0.5, load=None):
    """Seconds, current, ambient and terminal temperature over days: a first-order terminal, worked out here on its own."""
    chance = np.random.default_rng(seed)
    seconds = np.arange(0, days * DAY_S, every_s, dtype=float)
    busy = 8.0 + 6.0 * np.sin(2 * np.pi * seconds / DAY_S) + 12.0 * (chance.random(len(seconds)) < 0.2)
    current_a = np.abs(busy + chance.normal(0, 1, len(seconds))) if load is None else load(seconds)
    ambient_cel = 22.0 + 8.0 * np.sin(2 * np.pi * (seconds / DAY_S - 0.3))
    rise_k, rises = 0.0, []
    for second, amps in zip(seconds, current_a, strict=True):
        factor = k_per_a2(second / DAY_S) if callable(k_per_a2) else k_per_a2
        rise_k += (1 - math.exp(-every_s / tau_s)) * (factor * amps**2 - rise_k)
        rises.append(rise_k)
    return seconds, current_a, ambient_cel, ambient_cel + np.array(rises) + chance.normal(0, noise_k, len(seconds))


def run_terminal(**changes):
    seconds, current_a, ambient_cel, terminal_cel = terminal(**changes)
    watch, every_s = Watch(phases="a"), seconds[1] - seconds[0]
    for place in range(len(seconds)):
        watch.feed(every_s, every_s, ta=terminal_cel[place], ia=current_a[place], amb=ambient_cel[place])
    return watch


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("growth", "told"), [(1.0, []), (1.25, []), (1.9, [(Stage.BEGIN, "warning")])])
def test_a_terminal_that_warms_up_more_for_its_current_has_loosened(seed, growth, told):
    watch = run_terminal(days=8, k_per_a2=lambda day: 0.02 * (growth if day > 4 else 1.0), seed=seed)
    assert watch.told("rise") == told
    if told:
        assert watch.found[0].observed == pytest.approx(growth, rel=0.1)


def test_weather_and_more_load_alone_do_not_look_like_loosening():
    watch = run_terminal(days=8, k_per_a2=0.02, load=lambda s: np.where(s > 4 * DAY_S, 20.0, 8.0) * (1 + 0.5 * np.sin(s / 5000)))
    assert watch.found == []


def test_a_terminal_without_load_says_nothing_of_its_contact():
    assert run_terminal(days=8, k_per_a2=lambda day: 0.02 * (3.0 if day > 4 else 1.0), load=lambda s: np.zeros(len(s))).found == []


def test_the_slope_and_its_error_are_those_of_scipy():
    chance = np.random.default_rng(5)
    x = chance.uniform(0, 400, 96)
    y = 3.0 + 0.02 * x + chance.normal(0, 0.5, 96)
    slopes = HeatSlopes(1, growth=1.5, sigmas=4.0, tau_s=450.0)       # 900 s: each value counts as one of its own
    for one, other in zip(x, y, strict=True):
        slopes.add(np.array([0]), np.full((1, 4), one), np.full((1, 4), other), np.array([900.0]))
    expected = stats.linregress(x, y)
    assert slopes.state["base"][0, 0] == pytest.approx(expected.slope, rel=1e-9)
    assert slopes.state["base_variance"][0, 0] ** 0.5 == pytest.approx(expected.stderr, rel=1e-6)


@pytest.mark.parametrize("bad", [
    lambda s: 25.0 if s % 600 else 300.0,                # beyond any terminal
    lambda s: 25.0 if s % 600 else 120.0,                # single odd values that could be
    lambda s: math.nan if s % 20 else 25.0,
    lambda s: math.inf if s % 20 else 25.0,
    lambda s: 25.0 + 2.0 * (s % 20 > 5),                 # quantised to 2 K
    lambda s: -273.0,
], ids=["overflow", "spikes", "nan", "inf", "quantised", "cut wire"])  # fmt: skip
def test_bad_values_are_no_alarm(bad):
    watch = Watch().feed(7200, 10.0, ta=bad, ia=5.0, amb=20.0)
    assert watch.found == []
    assert watch.feed(120, 10.0, ta=100.0, ia=5.0, amb=20.0).stages("level") == [Stage.BEGIN]


def test_a_clock_that_is_set_and_long_pauses_are_no_alarm():
    watch = Watch().feed(3600, 60.0, ta=25.0, ia=5.0, amb=20.0)
    for jump_s, cel in ((-5000, 40.0), (90_000, 20.0), (-400_000, 45.0), (10 * DAY_S, 25.0)):
        watch.second += jump_s
        watch.feed(3600, 60.0, ta=cel, ia=5.0, amb=20.0)
    assert watch.found == []
