"""Links of a generated area: what physics allows, what edits and appliances change, what the seed fixes."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from edge_agent.errors import ConfigError
from simulator.grid.areas import Area, make_area
from simulator.hplc.link_model import LinkModel
from simulator.hplc.links import LinkTable

SEED = 20261126
AREA = make_area("urban_cable", 60, seed=3)
BOX = "feeder-1/branch-1/box-1"
WHOLE = LinkModel(AREA, seed=SEED).table()
OTHERS = ~np.eye(len(AREA.meters) + 1, dtype=bool)


def behind(area: Area, branch_id: str) -> np.ndarray:
    """(modules,): which modules lose their way to the transformer without the branch. A walk of its own over the network."""
    beside: dict[str, list[str]] = {}
    for branch in area.network.branches:
        if branch.id != branch_id:
            beside.setdefault(branch.from_bus, []).append(branch.to_bus)
            beside.setdefault(branch.to_bus, []).append(branch.from_bus)
    reached, todo = {area.network.transformer.lv_bus}, deque([area.network.transformer.lv_bus])
    while todo:
        for bus in beside.get(todo.popleft(), ()):
            if bus not in reached:
                reached.add(bus)
                todo.append(bus)
    return np.array([False, *(meter.bus not in reached for meter in area.meters)])


def crossing(dark: np.ndarray) -> np.ndarray:
    return dark[:, None] != dark[None, :]


@pytest.mark.parametrize("style", ["rural_overhead", "urban_cable", "old_compound"])
def test_no_channel_gives_out_more_than_goes_in_and_both_directions_lose_the_same(style: str):
    for seed in range(4):
        print("seed", seed)
        loss_db = LinkModel(make_area(style, 80, seed=seed), seed=seed).table().attenuation_db
        loss_db = loss_db[~np.eye(len(loss_db), dtype=bool)].reshape(len(loss_db), -1)
        assert (loss_db > -1e-4).all()         # single precision
        whole = LinkModel(make_area(style, 80, seed=seed), seed=seed).table().attenuation_db
        np.fill_diagonal(whole, 0.0)
        assert whole == pytest.approx(whole.T, abs=1e-3)


def test_a_node_does_not_hear_itself():
    assert np.isneginf(np.diag(WHOLE.mean_snr_db)).all()
    assert not np.diag(WHOLE.hears).any()
    assert not any(np.diag(found).any() for found in WHOLE.success.values())


def test_a_more_robust_mode_succeeds_at_least_as_often_and_any_success_needs_the_preamble():
    table = LinkModel(AREA, seed=SEED, tmis=(4, 6, 1)).table()
    assert (table.success[4] >= table.success[6] - 2e-3).all()
    assert (table.success[6] >= table.success[1] - 2e-3).all()
    assert table.success[4][~table.hears].max() <= 0.5 + 1e-6


def test_a_branch_opened_at_its_breaker_weakens_exactly_the_links_across_by_what_the_contacts_leak():
    opened = LinkModel(AREA, seed=SEED).table(edits=[{"op": "open", "branch": BOX}])
    across = crossing(behind(AREA, BOX))
    change = np.where(OTHERS, opened.attenuation_db, 0.0) - np.where(OTHERS, WHOLE.attenuation_db, 0.0)
    above_limit = WHOLE.attenuation_db > 0.01        # where the limit of 0 dB did not take part
    assert np.isfinite(opened.mean_snr_db[across]).all()
    assert (change[across & above_limit] >= 20.0 - 1e-3).all()
    assert (change[across] <= 40.0 + 1e-3).all()
    assert np.ptp(change[across & above_limit]) < 1e-2
    assert not change[~across].any()


@pytest.mark.parametrize("edit", [
    {"op": "open", "branch": BOX, "how": "cut"}, {"op": "open", "branch": BOX, "conductors": ["A", "B", "C", "N"], "how": "cut"},
])
def test_a_line_that_is_gone_leaves_no_way_across_and_every_other_way_as_it_was(edit: dict[str, object]):
    cut = LinkModel(AREA, seed=SEED).table(edits=[edit])
    across = crossing(behind(AREA, BOX))
    assert across.any()
    assert np.isneginf(cut.mean_snr_db[across]).all()
    assert np.isposinf(cut.attenuation_db[across]).all()
    assert not cut.hears[across].any()
    assert not any(found[across].any() for found in cut.success.values())
    assert (cut.attenuation_db[~across] == WHOLE.attenuation_db[~across]).all()


def test_one_phase_cut_out_of_three_leaves_the_crosstalk_of_the_others():
    cut = LinkModel(AREA, seed=SEED).table(edits=[{"op": "open", "branch": BOX, "conductors": ["A"], "how": "cut"}])
    dark = behind(AREA, BOX)
    on_a = np.array([False, *(meter.phases == "a" for meter in AREA.meters)])
    hit, spared = dark & on_a, dark & ~on_a
    to_transformer = cut.attenuation_db[1:, 0] - WHOLE.attenuation_db[1:, 0]
    assert hit.any()
    assert spared.any()
    assert np.isfinite(to_transformer).all()
    assert (to_transformer[hit[1:]] > 3.0).all()
    assert to_transformer[spared[1:]] == pytest.approx(0.0, abs=1.0)
    assert not to_transformer[~dark[1:]].any()


def test_the_neutral_of_a_single_phase_service_takes_its_meter_away_when_it_breaks():
    row, meter = next((row, meter) for row, meter in enumerate(AREA.meters, 1) if len(meter.phases) == 1)
    cut = LinkModel(AREA, seed=SEED).table(edits=[{"op": "open", "branch": meter.service, "conductors": ["N"]}])
    assert np.isneginf(cut.mean_snr_db[row]).all()
    assert np.isneginf(cut.mean_snr_db[:, row]).all()


def test_a_dark_branch_hears_better_for_its_appliances_are_off():
    model = LinkModel(AREA, seed=SEED)
    edits = [{"op": "open", "branch": BOX}]
    dark = behind(AREA, BOX)
    assert (model.fed(edits) == ~dark).all()
    within = dark[:, None] & dark[None, :] & OTHERS
    assert (model.table(edits=edits).mean_snr_db[within] > WHOLE.mean_snr_db[within] + 3.0).all()


def test_appliances_that_are_switched_on_make_their_module_hear_worse():
    load_w = np.full(len(AREA.meters), 300.0)
    load_w[6] += 4000.0
    loud = LinkModel(AREA, seed=SEED).table(load_w=load_w)
    rows = np.flatnonzero(np.arange(len(AREA.meters) + 1) != 7)
    assert (loud.mean_snr_db[rows, 7] < WHOLE.mean_snr_db[rows, 7] - 4.0).all()
    assert (loud.attenuation_db[rows, 7] != WHOLE.attenuation_db[rows, 7]).all()


def test_louder_noise_leaves_less():
    mean = {noise: LinkModel(AREA, seed=SEED, noise=noise).table() for noise in ("quiet", "normal", "heavy")}
    snr = [table.mean_snr_db[OTHERS].mean() for table in mean.values()]
    assert snr[0] > snr[1] > snr[2]
    reached = [table.success[6].sum() for table in mean.values()]
    assert reached[0] > reached[1] > reached[2]


def without_a_way(success: np.ndarray, least: float) -> int:
    """Modules to which no chain of links leads that work so often in both directions."""
    both = np.minimum(success, success.T) >= least
    reached = np.zeros(len(both), dtype=bool)
    reached[0] = True
    while (more := reached | both[reached].any(axis=0)).sum() > reached.sum():
        reached = more
    return int((~reached).sum())


def test_under_heavy_noise_the_sturdiest_mode_reaches_nobody_more_and_a_higher_band_everybody():
    area = make_area("rural_overhead", 100, seed=2)
    low = LinkModel(area, seed=SEED, band=2, noise="heavy", tmis=(3, 4)).table()
    high = LinkModel(area, seed=SEED, band=0, noise="heavy", tmis=(4,)).table()
    lost = without_a_way(low.success[4], 0.9)
    assert lost > 0
    assert without_a_way(low.success[3], 0.9) == lost       # eleven copies: but the frame control fails before
    assert without_a_way(high.success[4], 0.9) == 0


def test_a_reference_set_gives_every_link_the_spread_over_the_band_that_was_checked_for_it():
    # band 2, mean of |H|^2 against mean of dB: Z4 -4.54 and -5.34, A5 -22.90 and -23.05; noise and mean loss are the same in both
    z4, a5 = (LinkModel(AREA, seed=SEED, multipath=name).table() for name in ("Z4", "A5"))
    long = OTHERS & (z4.attenuation_db > 30.0)
    lost = {name: table.mean_snr_db[long] + table.attenuation_db[long] for name, table in (("Z4", z4), ("A5", a5))}
    assert lost["A5"] - lost["Z4"] == pytest.approx((5.34 - 4.54) - (23.05 - 22.90), abs=0.02)


def test_an_edit_after_another_table_gives_what_a_new_model_gives():
    model, edits = LinkModel(AREA, seed=SEED), [{"op": "open", "branch": BOX, "how": "cut"}]
    model.table()
    assert_same(model.table(edits=edits), LinkModel(AREA, seed=SEED).table(edits=edits))
    assert_same(model.table(), WHOLE)


def test_the_same_seed_gives_the_same_links_and_another_one_others():
    assert_same(LinkModel(AREA, seed=SEED).table(), WHOLE)
    assert np.abs(LinkModel(AREA, seed=SEED + 1).table().attenuation_db[OTHERS] - WHOLE.attenuation_db[OTHERS]).mean() > 2.0


@pytest.mark.parametrize(("wrong", "named"), [
    ({"band": 7}, "band 7"), ({"tmis": (7,)}, "TMI 7"), ({"noise": "loud"}, "noise 'loud'"), ({"multipath": "Z5"}, "multipath 'Z5'"),
])
def test_a_wrong_setting_is_named(wrong: dict[str, object], named: str):
    with pytest.raises(ConfigError, match=named):
        LinkModel(AREA, seed=1, **wrong)


def test_a_wrong_edit_or_load_is_refused():
    model = LinkModel(AREA, seed=1)
    for edit in ({"op": "open", "branch": "nowhere"}, {"op": "open", "branch": BOX, "how": "melted"}, 7):
        with pytest.raises(ConfigError):
            model.table(edits=[edit])
    with pytest.raises(ValueError, match="60 finite numbers"):
        model.table(load_w=[-1.0] * 60)


def assert_same(one: LinkTable, other: LinkTable) -> None:
    assert np.array_equal(one.mean_snr_db, other.mean_snr_db)
    assert np.array_equal(one.attenuation_db, other.attenuation_db)
    assert np.array_equal(one.hears, other.hears)
    assert all(np.array_equal(one.success[tmi], other.success[tmi]) for tmi in one.success)
