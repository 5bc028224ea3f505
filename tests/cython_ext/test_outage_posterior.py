"""The posterior kernel: the bits of its twin, the sums written down by hand, and what must not disturb it."""

import importlib
import itertools
import math

import numpy as np
import pytest

import cython_ext
from cython_ext.outage_posterior import COVERED, INNER, PHASE, WHOLE, ChanceOf, OutagePosterior, TreeArrays, Trust

PARENT = np.array([0, 0, 1, 1, 0], dtype=np.int32)                # area, feeder, two boxes of it, a box of its own
OWN = np.array([1, 0, 9, 3, 2])
F = 5e-4


def tree(chance, *, placed=0.95, shadowed=()):
    stop = np.cumsum(OWN).astype(np.int32)
    m = int(stop[-1])
    return TreeArrays(
        order=chance.permutation(m + 2)[:m].astype(np.int32), bus_of=(np.arange(m + 2) % 3).astype(np.int32), n_buses=3, parent=PARENT,
        own_start=(stop - OWN).astype(np.int32), own_stop=stop, is_shadowed=np.isin(np.arange(len(OWN)), shadowed),
        placed=np.column_stack([np.full(m, placed), chance.random((m, 3)) * placed]), is_three=chance.random(m) < 0.3,
        meter_prior=np.full(m, -11.0),
    )


def trust(*, points=3, unheard=1e-300):
    mean = (np.arange(8) + 0.5) / 8
    point = np.clip(mean[:, None] + (np.arange(points) - (points - 1) / 2) / 20, 0.01, 0.99)
    return Trust(
        alive_ratio=np.array([1.0, 50.0, 2450.0]), way_log=np.array([0.0, 3.7, 7.6]), way_answered=-1.6, stale=1e-4, false_gasp=F,
        floor=0.3, most=0.999, unheard_chance=unheard, relay_chance=4e-3, bus_prior=-9.0, mean=mean, point=point,
        share=np.full(point.shape, 1.0 / points),
    )


def evidence(chance, n, m, nodes):
    gasped = chance.random(n) < 0.4
    return {
        "gasped": gasped, "gasp_chance": np.where(chance.random(n) < 0.2, 0.0, chance.random(n)),
        "polls_failed": chance.integers(0, 5, n).astype(np.int32), "answered": ~gasped & (chance.random(n) < 0.3),
        "masked": chance.random(n) < 0.15, "muted": chance.random(n) < 0.15, "via": chance.integers(-1, n, n).astype(np.int32),
        "phase_ratio": np.exp(chance.normal(0, 8, (m, 3))), "phase_log": chance.normal(-3, 4, (m, 3)),
        "node_prior": chance.normal(-9, 3, (nodes, 4)),
    }


@pytest.mark.skipif(not cython_ext.COMPILED, reason="only the twin is here")
@pytest.mark.parametrize("seed", range(40))
def test_kernel_and_twin_agree_to_the_bit(seed, monkeypatch):
    chance = np.random.default_rng(seed)
    arrays, trusted = tree(chance, shadowed=(seed % 5,)), trust(unheard=0.05)
    given = evidence(chance, len(arrays.bus_of), len(arrays.order), len(PARENT))
    concerned = chance.random(len(arrays.bus_of)) < 0.5
    results = []
    for name in ("_outage_posterior", "_outage_posterior_reference"):
        monkeypatch.setattr("cython_ext.outage_posterior._kernel", importlib.import_module(f"cython_ext.{name}"))
        ours, chance_of = OutagePosterior(arrays), ChanceOf(arrays)
        ours.weigh(trusted, **given)
        found = chance_of.hypotheses(
            concerned, given["via"], mean_ratio=ours.mean_ratio, node_log=ours.node_log, meter_log=ours.meter_log,
            phase_log=given["phase_log"], relay_log=ours.relay_log, bus_log=ours.bus_log,
        )
        arrays_of = (ours.mean_ratio, ours.node_log, ours.meter_log, ours.relay_log, ours.bus_log, ours.best, ours.choice)
        chances = (found.node, found.meter, found.phase, found.relay, found.bus, found.dead)
        results.append([array.tobytes() for array in (*arrays_of, *chances)] + [found.alive])
    assert results[0] == results[1]


def simple(*, m=8, placed=1.0, three=0):
    """One box below the area; the area itself is never chosen."""
    return TreeArrays(
        order=np.arange(m, dtype=np.int32), bus_of=np.zeros(m, np.int32), n_buses=1, parent=np.array([0, 0], np.int32),
        own_start=np.array([0, 0], np.int32), own_stop=np.array([0, m], np.int32), is_shadowed=np.array([True, False]),
        placed=np.full((m, 4), placed), is_three=np.arange(m) < three, meter_prior=np.full(m, math.log(1.65e-6)),
    )


def weighed(arrays, trusted=None, **changes):
    n, m, nodes = len(arrays.bus_of), len(arrays.order), len(arrays.parent)
    given = {
        "gasped": np.zeros(n, np.bool_), "gasp_chance": np.full(n, 0.6875), "polls_failed": np.zeros(n, np.int32),
        "answered": np.zeros(n, np.bool_), "masked": np.zeros(n, np.bool_), "muted": np.zeros(n, np.bool_), "via": np.full(n, -1, np.int32),
        "phase_ratio": np.ones((m, 3)), "phase_log": np.full((m, 3), -np.inf), "node_prior": np.zeros((nodes, 4)), **changes,
    }
    ours = OutagePosterior(arrays)
    ours.weigh(trusted or trust(points=1), **given)
    return ours, given


def test_a_node_explains_the_product_of_its_meters():
    ours, _ = weighed(simple(), gasped=np.arange(8) < 3)
    expected = 3 * math.log(0.6875 / F) + 5 * math.log(0.3125 / (1 - F))
    np.testing.assert_allclose(ours.node_log[1], expected, rtol=1e-12)
    np.testing.assert_allclose(ours.node_log[0], expected, rtol=1e-12)
    assert ours.meter_log[0] == pytest.approx(math.log(1.65e-6 * 0.6875 / F))


def test_a_common_chance_is_averaged_over_the_box_and_not_over_each_meter():
    trusted = trust(points=3)
    ours, _ = weighed(simple(), trusted, gasped=np.arange(8) < 3)
    row = 5
    p = trusted.point[row]
    assert ours.node_log[1, 0] == pytest.approx(math.log(np.mean((p / F) ** 3 * ((1 - p) / (1 - F)) ** 5)), rel=1e-12)


def test_a_wrong_archive_keeps_one_answer_from_being_a_veto():
    answered = np.arange(8) == 7
    strict, _ = weighed(simple(), gasped=~answered, answered=answered)
    lenient, _ = weighed(simple(placed=0.95), gasped=~answered, answered=answered)
    # a dead meter that answers wrongly has lost its last gasp besides; one placed wrongly is just alive
    assert strict.node_log[1, 0] - 7 * math.log(0.6875 / F) == pytest.approx(math.log(1e-4 * 0.3125 / (1 - F)))
    assert lenient.node_log[1, 0] - 7 * math.log(0.05 + 0.95 * 0.6875 / F) == pytest.approx(math.log(0.05 + 0.95 * 1e-4 * 0.3125 / (1 - F)))


def test_meters_of_three_phases_live_on_and_tell():
    bits = np.ones((8, 3))
    bits[0] = (1e7, 1e-4, 1.0)
    ours, _ = weighed(simple(three=1), phase_ratio=bits)
    rest = 7 * math.log(0.3125 / (1 - F))
    np.testing.assert_allclose(ours.node_log[1, 1:] - rest, [math.log(1e7), math.log(1e-4), 0.0], rtol=1e-12, atol=1e-12)


def test_a_broken_conductor_keeps_a_whole_silent_node_possible():
    failed = np.full(800, 2, np.int32)
    ours, _ = weighed(simple(m=800), trust(points=1, unheard=0.05), polls_failed=failed)
    assert ours.node_log[1, 0] == pytest.approx(800 * math.log(2450) + math.log(0.05))


def test_a_chance_of_zero_says_nothing_either_way():
    for gasped in (False, True):
        ours, _ = weighed(simple(), gasp_chance=np.zeros(8), gasped=np.full(8, gasped))
        np.testing.assert_allclose(ours.node_log, 0.0, atol=1e-15)


def test_hundreds_of_meters_neither_overflow_nor_vanish():
    for gasped in (False, True):
        ours, _ = weighed(simple(m=2000), gasped=np.full(2000, gasped), polls_failed=np.full(2000, 2, np.int32))
        heard = 2000 * math.log(2450.0 * (0.6875 / F if gasped else 0.3125 / (1 - F)))
        unheard = 2000 * math.log(2450.0) + math.log(1e-300)
        assert ours.node_log[1, 0] == pytest.approx(max(heard, unheard), rel=1e-9)


def test_masked_meters_say_nothing_and_muted_ones_only_by_last_gasps():
    masked, _ = weighed(simple(), gasped=np.ones(8, np.bool_), polls_failed=np.full(8, 2, np.int32), masked=np.ones(8, np.bool_))
    np.testing.assert_allclose(masked.node_log, 0.0, atol=1e-15)
    muted, _ = weighed(simple(), gasped=np.ones(8, np.bool_), polls_failed=np.full(8, 2, np.int32), muted=np.ones(8, np.bool_))
    assert muted.node_log[1, 0] == pytest.approx(8 * math.log(0.6875 / F))
    assert muted.bus_log[0] == -9.0


def test_the_choice_is_the_best_of_all_sets_of_faults():
    """Against every set of nodes and columns in which none is below another, by brute force."""
    for seed in range(60):
        chance = np.random.default_rng(seed)
        arrays = tree(chance)
        given = evidence(chance, len(arrays.bus_of), len(arrays.order), len(PARENT))
        given["node_prior"] += chance.normal(0, 12, given["node_prior"].shape)
        ours = OutagePosterior(arrays)
        ours.weigh(trust(), **given)
        alone = np.maximum(ours.meter_log, 0.0)
        phases = np.where(arrays.is_three[:, None], np.maximum(given["phase_log"], 0.0), 0.0).sum(axis=1)
        alone = np.maximum(alone, phases)
        best = -math.inf
        for columns in itertools.product(range(-1, 4), repeat=len(PARENT)):
            taken = [v for v, column in enumerate(columns) if column >= 0]
            if any(u in above(v) for v in taken for u in taken if u != v):
                continue
            value = sum(ours.node_log[v, columns[v]] for v in taken)
            for v in range(len(PARENT)):
                if not any(u in taken for u in (v, *above(v))):
                    value += alone[arrays.own_start[v] : arrays.own_stop[v]].sum()
            best = max(best, value)
        assert ours.best[0] == pytest.approx(best, rel=1e-9)
        for v, choice in enumerate(ours.choice):
            assert (choice == COVERED) == any(ours.choice[u] in (WHOLE, PHASE) for u in above(v))
            assert choice in (COVERED, INNER, WHOLE, PHASE)


def above(v):
    found = []
    while v:
        v = int(PARENT[v])
        found.append(v)
    return found


def test_a_relay_explains_what_is_behind_it():
    via = np.array([-1, 0, 1, 1, -1, 4, -1, -1], dtype=np.int32)
    failed = np.array([0, 0, 2, 2, 0, 0, 0, 0], dtype=np.int32)
    ours, _ = weighed(simple(), via=via, polls_failed=failed)
    prior = math.log(4e-3 / 3)
    np.testing.assert_allclose(ours.relay_log[[0, 1, 4]], [prior + 15.2, prior + 15.2, prior])
    assert np.isneginf(ours.relay_log[[2, 3, 5, 6, 7]]).all()
    assert ours.bus_log[0] == pytest.approx(-9.0 + 15.2)


def test_a_circle_of_relays_ends():
    via = np.array([1, 2, 0, 0, 3, -1, -1, -1], dtype=np.int32)
    ours, _ = weighed(simple(), via=via, polls_failed=np.full(8, 2, np.int32))
    assert np.isfinite(ours.relay_log[[0, 1, 2, 3]]).all()


def test_chances_add_up_to_one_and_the_dead_follow_from_them():
    for seed in range(20):
        chance = np.random.default_rng(seed)
        arrays = tree(chance, placed=1.0)
        given = evidence(chance, len(arrays.bus_of), len(arrays.order), len(PARENT))
        ours = OutagePosterior(arrays)
        ours.weigh(trust(), **given)
        logs = {"node_log": ours.node_log, "meter_log": ours.meter_log, "relay_log": ours.relay_log, "bus_log": ours.bus_log}
        found = ChanceOf(arrays).hypotheses(
            np.ones(len(arrays.bus_of), np.bool_), given["via"], mean_ratio=ours.mean_ratio, phase_log=given["phase_log"], **logs
        )
        parts = (found.node, found.meter, found.phase, found.relay, found.bus)
        assert sum(part.sum() for part in parts) + found.alive == pytest.approx(1.0)
        for v in range(len(PARENT)):
            for i in range(arrays.own_start[v], arrays.own_stop[v]):
                whole = sum(found.node[u, 0] for u in (v, *above(v)))
                assert found.dead[arrays.order[i]] >= found.meter[i] + whole - 1e-12


def test_what_concerns_none_of_the_meters_has_no_chance():
    arrays = simple()
    ours, given = weighed(arrays, gasped=np.ones(8, np.bool_))
    found = ChanceOf(arrays).hypotheses(
        np.zeros(8, np.bool_), given["via"], mean_ratio=ours.mean_ratio, node_log=ours.node_log, meter_log=ours.meter_log,
        phase_log=given["phase_log"], relay_log=ours.relay_log, bus_log=ours.bus_log,
    )
    assert found.alive == 1.0
    assert found.dead.max() == 0.0


def test_the_front_refuses_what_does_not_fit():
    arrays = simple()
    with pytest.raises(ValueError, match="gasp_chance"):
        weighed(arrays, gasp_chance=np.zeros(7))
    with pytest.raises(ValueError, match="polls_failed"):
        weighed(arrays, polls_failed=np.zeros(8))
    with pytest.raises(ValueError, match="via must be below 8"):
        weighed(arrays, via=np.full(8, 8, np.int32))
    fields = {name: getattr(arrays, name) for name in TreeArrays.__slots__}
    with pytest.raises(ValueError, match="before their children"):
        TreeArrays(**{**fields, "parent": np.array([0, 1], np.int32)})
    with pytest.raises(ValueError, match="order must be within"):
        TreeArrays(**{**fields, "order": np.full(8, 8, np.int32)})
    with pytest.raises(ValueError, match="must be inside"):
        Trust(**{**{name: getattr(trust(), name) for name in Trust.__slots__}, "mean": np.linspace(0.0, 1.0, 8)})
