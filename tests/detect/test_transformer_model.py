"""Golden vectors of the distribution set, from steady load 0.6: temperatures, ageing, the time to 140 degC on a grid of half a minute."""

import numpy as np
import pytest

from cython_ext.hot_spot import TOP_OIL_CEL
from edge_agent.detect.transformer_model import Span, TransformerModel
from edge_agent.model.transformer import COOLING, ThermalConstants


def after(load_pu, minutes, ambient_cel, *, constants=None, step_s=60):
    model = TransformerModel(constants or ThermalConstants(), 1)
    model.start(0, load_pu=0.6, ambient_cel=ambient_cel)
    for second in range(0, 60 * minutes + 1, step_s):
        model.update(np.array([load_pu]), np.array([float(ambient_cel)]), np.array([1000 * second]), max_gap_s=900.0)
    return model


@pytest.mark.parametrize(("ambient_cel", "load_pu", "minutes", "top_oil_cel", "hot_cel", "rate"), [
    (20, 1.0, 6000, 75.0, 98.0, 1.00),
    (-2, 1.6, 120, 65.5, 114.2, 6.5),
    (-2, 2.0, 60, 61.9, 131.6, 48),
    (20, 1.6, 120, 87.5, 136.2, 83),
    (35, 1.5, 120, 97.7, 141.7, 156),
    (35, 2.0, 60, 98.9, 168.6, 3478),
])  # fmt: skip
def test_oil_hot_spot_and_ageing_after_a_step_of_the_load(ambient_cel, load_pu, minutes, top_oil_cel, hot_cel, rate):
    for step_s in (60, 300):
        model = after(load_pu, minutes, ambient_cel, step_s=step_s)
        assert model.state[TOP_OIL_CEL, 0] == pytest.approx(top_oil_cel, abs=0.06)
        assert model.hot_spot_cel[0] == pytest.approx(hot_cel, abs=0.06)
        assert 2 ** ((model.hot_spot_cel[0] - 98.0) / 6.0) == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize(("ambient_cel", "load_pu", "expected_min"), [
    (-2, 1.6, 309), (-2, 1.8, 141.5), (-2, 2.0, 78.5), (-2, 2.2, 44.5),
    (20, 1.6, 138), (20, 1.8, 69.5), (20, 2.0, 35), (35, 1.6, 75.5), (35, 1.8, 34.5), (35, 2.0, 18.5),
])  # fmt: skip
def test_the_time_to_the_limit(ambient_cel, load_pu, expected_min):
    model = TransformerModel(ThermalConstants(), 1)
    model.start(0, load_pu=0.6, ambient_cel=ambient_cel)
    spans = [Span(load_pu=load_pu, oil_load_pu=load_pu, minutes=720.0)]
    assert model.minutes_to(140.0, 0, ambient_cel=ambient_cel, spans=spans) == expected_min
    in_parts = [Span(load_pu=load_pu, oil_load_pu=load_pu, minutes=30.0)] * 24
    assert model.minutes_to(140.0, 0, ambient_cel=ambient_cel, spans=in_parts) == expected_min


@pytest.mark.parametrize("cooling", COOLING)
def test_the_predicted_time_is_when_the_recursion_gets_there(cooling):
    model = after(1.0, 30, 30, constants=COOLING[cooling])
    spans = [Span(load_pu=1.2, oil_load_pu=1.2, minutes=40.0), Span(load_pu=1.7, oil_load_pu=1.7, minutes=600.0)]
    predicted_min = model.minutes_to(140.0, 0, ambient_cel=30.0, spans=spans)
    for half_minute in range(1, round(2 * predicted_min) + 1):
        load_pu = np.array([1.2 if half_minute <= 80 else 1.7])
        assert model.hot_spot_cel[0] < 140.0
        model.update(load_pu, np.array([30.0]), np.array([1_800_000 + 30_000 * half_minute]), max_gap_s=900.0)
    assert model.hot_spot_cel[0] >= 140.0


def test_a_load_that_never_gets_there_has_no_time():
    model = after(0.6, 1, 20)
    assert model.minutes_to(140.0, 0, ambient_cel=20.0, spans=[Span(load_pu=1.0, oil_load_pu=1.0, minutes=1e6)]) is None


def test_a_limit_that_is_reached_already_is_no_time_away():
    assert after(1.6, 120, 20).minutes_to(130.0, 0, ambient_cel=20.0, spans=[]) == 0.0
