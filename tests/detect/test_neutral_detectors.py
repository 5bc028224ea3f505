"""Open, loose and intermittent neutral at a box that was solved on its own; what looks like them and is not."""

from dataclasses import replace

import numpy as np
import pytest

from edge_agent.detect.fire import loose_neutral, neutral_overvoltage, open_neutral
from edge_agent.model import Archive, Meter, Role, Stage
from simulator.scoring.series import Series, run_detectors
from tests.detect.areas import T0
from tests.detect.solved_box import loads, solve

DAY = 1440
UNEVEN, TORN = np.array([[0.4], [1.0], [1.6]]), np.array([[0.1], [0.15], [3.0]])      # of the loads of the three phases
BOX = Meter(
    id="box", index=0, profile="p", bus="b", node="f/b", phases="abc", grid_phases="abc", nominal_voltage_v=230.0, role=Role.CUSTOMER
)


def series_of(volts, amperes, *, step_s=60.0, meters=(BOX,), columns=None):
    steps = volts.shape[1]
    found = {}
    for row, phase in enumerate("abc"):
        found[f"voltage_v.{phase}"], found[f"current_a.{phase}"] = np.round(volts[row], 1)[:, None], np.round(amperes[row], 2)[:, None]
    return Series(
        archive=Archive("a", meters), utc_ms=T0 + (1000 * step_s * np.arange(steps)).astype(np.int64), columns=columns or found
    )


def told(module, series, **settings):
    detector = module.DETECTOR.build(series.archive, module.DETECTOR.settings(**settings))
    findings = run_detectors(series, [detector])
    return [(found.kind, found.stage, found.place.id, (found.evidence_to_utc_ms - T0) / 60_000) for found in findings]


def neutral_of(minutes, changes):
    """0.15 ohm but in the spans given: (from, until, ohm)."""
    ohm = np.full(minutes, 0.15)
    for begin, end, value in changes:
        ohm[begin:end] = value
    return ohm


@pytest.mark.parametrize("seed", range(4))
def test_an_open_neutral_is_told_at_its_second_reading_and_ends(seed):
    volts, amperes = solve(loads(600, seed) * UNEVEN, neutral_ohm=neutral_of(600, [(300, 400, np.inf)]))
    assert told(open_neutral, series_of(volts, amperes)) == [
        ("neutral.open", Stage.BEGIN, "box", 301.0), ("neutral.open", Stage.END, "box", 401.0)
    ]


@pytest.mark.parametrize("seed", range(4))
def test_sag_over_voltage_lost_phase_and_a_heavy_phase_are_no_neutral(seed):
    source = np.full((3, 900), 230.0)
    source[:, 100:150], source[:, 200:250], source[1, 300:350] = 195.0, 252.0, 1.0
    admittance = loads(900, seed)
    admittance[0, 500:700] += 60.0 / 230.0
    volts, amperes = solve(admittance, source_v=source)
    for module in (open_neutral, neutral_overvoltage):
        assert told(module, series_of(volts, amperes)) == []


def pair(volts, missing_of_second):
    """Two three-phase meters side by side with the same voltages, shape (3, t), most load at the second; what that did not answer."""
    steps = volts.shape[1]
    meters = tuple(replace(BOX, id=f"m{number}", index=number, nominal_voltage_v=220.0) for number in range(2))
    second = volts.copy()
    second[:, missing_of_second] = np.nan
    amperes, heavy = (np.repeat(np.array(drawn)[:, None], steps, axis=1) for drawn in ([7.0, 1.5, 7.0], [36.0, 1.5, 7.0]))
    columns = {
        **{f"voltage_v.{phase}": np.stack([volts[row], second[row]], axis=1) for row, phase in enumerate("abc")},
        **{f"current_a.{phase}": np.stack([amperes[row], np.where(np.isnan(second[row]), np.nan, heavy[row])], axis=1)
           for row, phase in enumerate("abc")},
    }
    return series_of(volts, amperes, meters=meters, columns=columns)


@pytest.mark.parametrize("missing", [[60], [60, 61, 62], [59, 60]])
def test_a_neighbour_that_was_read_before_a_load_was_switched_is_no_match(missing):
    """A weak line with a heavy phase for an hour: then it is another phase, and of one meter only what it showed before is known."""
    volts = np.repeat(np.array([[175.0], [233.0], [214.0]]), 120, axis=1)
    volts[:, 60:] = np.array([[214.0], [233.0], [175.0]])
    assert told(open_neutral, pair(volts, missing)) == []


def test_one_reading_that_no_current_explains_is_no_neutral():
    neutral_ohm = neutral_of(600, [(300, 301, np.inf), (302, 303, np.inf), (400, 401, np.inf)])
    volts, amperes = solve(loads(600, 1) * UNEVEN, neutral_ohm=neutral_ohm)
    assert told(open_neutral, series_of(volts, amperes)) == []


def feeder_line(shifts_v, amperes):
    """A three-phase meter on each branch of one feeder, with the shift of its star point towards phase a, and the meter at the transformer.

    ``amperes``: of each meter by phase, shape (n, 3).
    """
    steps, n = 30, len(shifts_v)
    meters = tuple(replace(BOX, id=f"m{k}", index=k, node=f"f/b{k}", nominal_voltage_v=220.0) for k in range(n))
    area = replace(BOX, id="area", index=n, node="", nominal_voltage_v=220.0, role=Role.AREA)
    axes = np.exp(-2j * np.pi * np.arange(3) / 3.0)
    shift_v = np.zeros((steps, n + 1))
    shift_v[15:, :n] = shifts_v
    volts = np.abs(220.0 * axes[None, None, :] - shift_v[:, :, None])
    flowing = np.vstack([amperes, np.sum(amperes, axis=0)])
    columns = {f"voltage_v.{phase}": np.round(volts[:, :, row], 1) for row, phase in enumerate("abc")}
    columns |= {f"current_a.{phase}": np.tile(flowing[:, row], (steps, 1)) for row, phase in enumerate("abc")}
    return series_of(volts[:, 0].T, volts[:, 0].T, meters=(*meters, area), columns=columns)


# at the head of the feeder these currents add up to nothing, further out they do not
BALANCED_AT_THE_HEAD = [[1.0, 21.0, 21.0], *([6.0, 1.0, 1.0] for _ in range(4))]


def test_a_line_that_shifts_the_more_the_further_out_has_its_neutral():
    assert told(open_neutral, feeder_line([1.0, 17.0, 17.0, 17.0, 17.0], BALANCED_AT_THE_HEAD)) == []


def test_a_feeder_whose_places_all_move_as_one_has_lost_its_neutral():
    assert told(open_neutral, feeder_line([16.0, 17.0, 17.0, 17.0, 17.0], BALANCED_AT_THE_HEAD)) == [
        ("neutral.open", Stage.BEGIN, "f", 16.0)
    ]


def test_an_open_neutral_read_each_second_waits_ten_seconds():
    ohm = neutral_of(300, [(100, 105, np.inf), (200, 300, np.inf)])
    volts, amperes = solve(loads(300, 1) * UNEVEN, neutral_ohm=ohm)
    findings = told(open_neutral, series_of(volts, amperes, step_s=1.0))
    assert [(kind, round(60 * minute)) for kind, _, _, minute in findings] == [("neutral.open", 210)]


@pytest.mark.parametrize("seed", range(3))
def test_a_loose_neutral_is_told_within_half_a_day(seed):
    minutes = 3 * DAY
    volts, amperes = solve(loads(minutes, seed), neutral_ohm=neutral_of(minutes, [(2 * DAY, minutes, 0.45)]))
    findings = told(loose_neutral, series_of(volts, amperes))
    assert [found[:3] for found in findings] == [("neutral.loose", Stage.BEGIN, "box")]
    assert findings[0][3] - 2 * DAY < 720


@pytest.mark.parametrize("seed", range(2))
def test_a_joint_in_one_phase_is_not_called_a_neutral(seed):
    """0.9 ohm raises the impedance against the vector sum by 2/9 of it: 0.2 ohm, more than the limit of 0.12."""
    minutes = 3 * DAY
    phase = np.full((3, minutes), 0.15)
    phase[1, 2 * DAY :] += 0.9
    volts, amperes = solve(loads(minutes, seed), phase_ohm=phase)
    assert told(loose_neutral, series_of(volts, amperes)) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_neutral_that_opens_and_closes_is_told_within_six_hours(seed):
    minutes = 2 * DAY
    opens = np.random.default_rng(seed).random(minutes) < 0.15
    opens[: DAY + 200] = False
    ohm = np.where(opens, np.inf, 0.15)
    volts, amperes = solve(loads(minutes, seed) * UNEVEN, neutral_ohm=ohm)
    findings = [found for found in told(loose_neutral, series_of(volts, amperes)) if found[1] is Stage.BEGIN]
    assert [found[0] for found in findings] == ["neutral.intermittent"]
    assert findings[0][3] - (DAY + 200) < 360


@pytest.mark.parametrize("seed", range(2))
def test_three_healthy_days_with_gaps_a_stuck_register_and_export_are_quiet(seed):
    minutes = 3 * DAY
    chance = np.random.default_rng(seed)
    admittance = loads(minutes, seed)
    admittance[2, 600:900] -= 3000.0 / 230.0**2                      # panels on one phase; the current has no sign
    volts, amperes = solve(admittance, source_v=230.0 + np.cumsum(chance.normal(0, 0.05, (1, minutes)), axis=1))
    amperes[:, 2000:2400] = amperes[:, 2000:2001]                      # the registers of the currents stand still
    volts[:, chance.random(minutes) < 0.05] = np.nan
    series = series_of(volts, amperes)
    for module in (open_neutral, loose_neutral, neutral_overvoltage):
        assert told(module, series) == []


def test_single_phase_meters_of_a_box_show_its_open_neutral_and_the_box_beside_is_not_told():
    volts, amperes = solve(loads(400, 3) * UNEVEN, neutral_ohm=neutral_of(400, [(200, 300, np.inf)]))
    well_v, well_a = solve(loads(400, 4))
    meters = tuple(
        replace(BOX, id=f"{phase}{box}", index=3 * box + row, node=f"f/box-{box}", phases="a", grid_phases=phase)
        for box in (0, 1) for row, phase in enumerate("abc")
    )  # fmt: skip
    columns = {"voltage_v.a": np.concatenate([volts, well_v]).T.copy(), "current_a.a": np.concatenate([amperes, well_a]).T.copy()}
    findings = told(open_neutral, series_of(volts, amperes, meters=meters, columns=columns))
    assert [found[:3] for found in findings] == [("neutral.open", Stage.BEGIN, "f/box-0"), ("neutral.open", Stage.END, "f/box-0")]


def test_meters_of_one_phase_that_fall_dark_do_not_hide_an_open_neutral():
    """Behind it a third phase is so low that its meters die."""
    ohm = neutral_of(400, [(200, 300, np.inf)])
    volts, amperes = solve(loads(400, 3) * TORN, neutral_ohm=ohm, earth_ohm=1e6)
    assert volts[2, 200:300].max() < 120.0
    volts[2, 200:300] = amperes[2, 200:300] = np.nan
    well_v, well_a = solve(loads(400, 4))
    meters = tuple(
        replace(BOX, id=f"{phase}{box}", index=3 * box + row, node=f"f/box-{box}", phases="a", grid_phases=phase)
        for box in (0, 1) for row, phase in enumerate("abc")
    )  # fmt: skip
    columns = {"voltage_v.a": np.concatenate([volts, well_v]).T.copy(), "current_a.a": np.concatenate([amperes, well_a]).T.copy()}
    findings = told(open_neutral, series_of(volts, amperes, meters=meters, columns=columns))
    assert [found[:3] for found in findings] == [("neutral.open", Stage.BEGIN, "f/box-0"), ("neutral.open", Stage.END, "f/box-0")]


def test_a_third_phase_that_is_only_silent_is_no_neutral():
    volts, amperes = solve(loads(400, 3))
    volts[2, 200:300] = amperes[2, 200:300] = np.nan
    meters = tuple(replace(BOX, id=phase, index=row, node="f/box", phases="a", grid_phases=phase) for row, phase in enumerate("abc"))
    series = series_of(volts, amperes, meters=meters, columns={"voltage_v.a": volts.T.copy(), "current_a.a": amperes.T.copy()})
    assert told(open_neutral, series) == []


def test_the_voltage_behind_an_open_neutral_warns_and_is_dangerous():
    volts, amperes = solve(loads(400, 3) * TORN, neutral_ohm=neutral_of(400, [(200, 300, np.inf)]))
    findings = told(neutral_overvoltage, series_of(volts, amperes))
    assert findings[0][:3] == ("neutral.overvoltage", Stage.BEGIN, "box")
    assert findings[0][3] <= 202
    assert findings[-1][1] is Stage.END


def test_relearning_ends_what_was_told_at_the_next_update():
    volts, amperes = solve(loads(600, 1) * UNEVEN, neutral_ohm=neutral_of(600, [(300, 600, np.inf)]))
    series = series_of(volts, amperes)
    detector = open_neutral.DETECTOR.build(series.archive, open_neutral.DETECTOR.settings())
    stages = []
    for step, frame in enumerate(series.frames()):
        if step == 400:
            detector.relearn([0])
        stages += [(step, found.stage) for found in detector.update(frame)]
    assert stages[:2] == [(301, Stage.BEGIN), (400, Stage.END)]


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        (open_neutral, {"shift_v": 250.0, "blind_shift_v": 260.0}), (open_neutral, {"end_shift_v": 13.0}),
        (open_neutral, {"link_ohm": 9.0}),
        (open_neutral, {"line_band": 0.5}), (loose_neutral, {"rise_ohm": 0.001}), (loose_neutral, {"steps_kept": 3.0}),
        (loose_neutral, {"first_s": 1e6}), (neutral_overvoltage, {"danger_ratio": 1.05}), (neutral_overvoltage, {"warn_s": -1.0}),
        (neutral_overvoltage, {"low_ratio": 1.2}),
    ],
)  # fmt: skip
def test_settings_outside_their_physical_range_are_refused(module, settings):
    with pytest.raises(ValueError, match="must"):
        module.DETECTOR.settings(**settings)
