"""The nameplate: rated current, thermal constants of the cooling and of the nameplate, what is outside physics."""

import pytest

from edge_agent.model import Transformer
from edge_agent.model.transformer import COOLING
from edge_agent.strict_table import fill


def test_the_rated_current_is_that_of_one_phase():
    assert Transformer(rated_kva=400.0, nominal_voltage_v=230.94).rated_current_a == pytest.approx(577.35, abs=0.01)  # 400 kVA at 0.4 kV


def test_a_distribution_unit_is_the_default_and_reaches_98_degrees_at_rated_load_and_20_degrees():
    thermal = Transformer(rated_kva=400.0).thermal
    assert (thermal.top_oil_rise_k, thermal.hot_spot_rise_k, thermal.loss_ratio) == (55.0, 23.0, 5.0)
    assert all(constants.top_oil_rise_k + constants.hot_spot_rise_k == 78.0 for constants in COOLING.values())


def test_what_the_nameplate_gives_replaces_the_constant_of_the_cooling():
    given = Transformer(rated_kva=2500.0, cooling="onan", loss_ratio=8.0).thermal
    assert (given.loss_ratio, given.k21, given.tau_oil_min) == (8.0, 2.0, 210.0)


def test_the_table_of_the_configuration_takes_whole_numbers_and_names_what_is_outside_physics():
    problems: list[str] = []
    table = {"rated_kva": 400, "cooling": "onaf", "top_oil_rise_k": 60, "hot_spot_rise_k": 27.6}
    found = fill(Transformer, table, where="[transformer]", problems=problems)
    assert problems == []
    assert found.thermal.top_oil_rise_k == 60.0
    for key, value in (("tau_winding_min", 240.0), ("loss_ratio", 0.1), ("top_oil_rise_k", 600.0), ("k21", 0.0), ("cooling", "water")):
        assert fill(Transformer, table | {key: value}, where="[transformer]", problems=problems) is None
        assert key in problems[-1]


@pytest.mark.parametrize("wrong", [{"rated_kva": 0.0}, {"rated_kva": float("nan")}, {"rated_kva": 100.0, "nominal_voltage_v": 10_000.0}])
def test_a_nameplate_outside_physics_is_refused(wrong):
    with pytest.raises(ValueError, match="="):
        Transformer(**wrong)
