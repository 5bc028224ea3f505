"""The load of the transformer's phases from whatever its meter gives."""

import math

import numpy as np
import pytest

from edge_agent.detect.area_load import AreaLoad
from edge_agent.model import Archive, Transformer
from tests.detect.areas import at, frame, sample
from tests.detect.days.transformer import archive

RATED_A = Transformer(rated_kva=400.0).rated_current_a


def load_of(*answers, now_s=None):
    load, area = AreaLoad(archive(2)), frame(2)
    for second, columns in answers:
        area.now_utc_ms = at(second)
        area.take(sample(0, second, **columns))
    area.now_utc_ms = at(now_s if now_s is not None else answers[-1][0])
    return load if load.take(area) else None


def test_currents_speak_first_and_feed_in_is_load():
    columns = {"current_a__a": RATED_A, "current_a__b": -0.5 * RATED_A, "active_power_w__a": 1.0, "active_power_w": 2.0}
    load = load_of((0, columns))
    assert load.load_pu[:2] == pytest.approx([1.0, 0.5])
    assert math.isnan(load.load_pu[2])


def test_powers_of_the_phases_speak_where_there_are_no_currents():
    load = load_of((0, {"active_power_w__a": 80_000.0, "reactive_power_var__a": -60_000.0, "active_power_w__b": 40_000.0}))
    assert load.load_pu[:2] == pytest.approx([100 / (400 / 3), 40 / (400 / 3)])


def test_a_power_of_the_whole_counts_evenly():
    assert load_of((0, {"active_power_w": -200_000.0})).load_pu == pytest.approx([0.5] * 3)


def test_currents_that_have_not_come_for_long_give_way():
    answers = ((0, {"current_a__a": RATED_A}), (3600, {"active_power_w": 100_000.0}))
    assert load_of(*answers).load_pu == pytest.approx([0.25] * 3)


def test_a_short_circuit_or_a_garbled_register_is_no_load():
    assert np.isnan(load_of((0, {"current_a__a": 11 * RATED_A})).load_pu).all()


def test_a_reading_far_above_the_rating_counts_as_far_as_the_one_before_it_bears_it_out():
    load, area, seen = AreaLoad(archive(2)), frame(2), []
    for number, read_pu in enumerate((0.5, 6.0, 0.5, 1.9, 2.4, 2.2, 2.6)):
        area.now_utc_ms = at(60 * number)
        area.take(sample(0, 60 * number, current_a__a=read_pu * RATED_A))
        load.take(area)
        seen.append(float(load.load_pu[0]))
    assert seen == pytest.approx([0.5, 2.0, 0.5, 1.9, 2.0, 2.2, 2.2])


def test_nothing_new_or_too_soon_is_not_taken():
    load, area = AreaLoad(archive(2)), frame(2)
    taken = []
    for second in (0, 5, 10, 20, 30):
        area.now_utc_ms = at(second)
        if second < 20:
            area.take(sample(0, second, current_a__a=1.0 + second))
        taken.append(load.take(area))
    assert taken == [True, False, True, False, False]


def test_without_transformer_or_meter_at_it_there_is_no_load():
    area = frame(2)
    area.take(sample(0, 0, current_a__a=1.0))
    with_both = archive(2)
    assert not AreaLoad(Archive("a", with_both.meters)).take(area)
    assert not AreaLoad(Archive("a", with_both.meters[1:], transformer=with_both.transformer)).take(area)


def test_an_ambient_that_is_old_or_no_air_temperature_is_replaced():
    load, area = AreaLoad(archive(2)), frame(2)
    assert load.ambient_cel(area, usual_cel=20.0, max_age_s=600.0) == (20.0, False)
    area.take(sample(0, 0, ambient_temperature_cel=31.0))
    assert load.ambient_cel(area, usual_cel=20.0, max_age_s=600.0) == (31.0, True)
    area.now_utc_ms = at(601)
    assert load.ambient_cel(area, usual_cel=20.0, max_age_s=600.0) == (20.0, False)
    area.take(sample(0, 601, ambient_temperature_cel=6553.5))
    assert load.ambient_cel(area, usual_cel=20.0, max_age_s=600.0) == (20.0, False)
