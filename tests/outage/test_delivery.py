"""Delivery of last gasps: learned from outages, shrunk to what is known, never told."""

import numpy as np
import pytest

from edge_agent.model import Archive, Meter
from edge_agent.outage.delivery import Delivery


def archive(boxes=20, per_box=10, area="A"):
    return Archive(area, [
        Meter(id=str(i), index=i, profile="any", bus="b", node=f"f/x{i // per_box}") for i in range(boxes * per_box)
    ])


def learn_outages(delivery, of_box, *, outages, seed=3, per_box=10):
    chance = np.random.default_rng(seed)
    for _ in range(outages):
        box = int(chance.integers(len(of_box)))
        dead = np.arange(box * per_box, (box + 1) * per_box)
        delivery.learn(dead, chance.random(per_box) < of_box[box])


def test_before_anything_is_known_the_prior_is_said():
    delivery = Delivery(archive())
    np.testing.assert_allclose(delivery.chance(), 0.8)
    assert 3 < delivery.concentration() < 8


@pytest.mark.parametrize("true", [0.3, 0.6, 0.95])
def test_the_true_delivery_is_found_from_some_outages(true):
    delivery = Delivery(archive())
    learn_outages(delivery, np.full(20, true), outages=100)
    np.testing.assert_allclose(delivery.chance(), true, atol=0.12)


def test_a_box_with_old_modules_is_told_from_the_others():
    delivery = Delivery(archive())
    of_box = np.full(20, 0.9)
    of_box[4] = 0.1
    learn_outages(delivery, of_box, outages=120)
    chance = delivery.chance().reshape(20, 10)[:, 0]
    assert chance[4] < 0.3
    assert np.delete(chance, 4).min() > 0.7


def test_a_box_never_seen_has_the_mean_of_the_area_and_one_outage_does_not_decide():
    delivery = Delivery(archive())
    delivery.learn(np.arange(10), np.zeros(10, bool))
    chance = delivery.chance()
    assert chance[0] < 0.4
    assert 0.5 < chance[150] < 0.8


@pytest.mark.parametrize(("true", "low", "high"), [(2.0, 1.0, 4.0), (100.0, 20.0, 250.0)])
def test_how_alike_boxes_are_is_learned(true, low, high):
    delivery, chance = Delivery(archive(boxes=200)), np.random.default_rng(5)
    of_box = chance.beta(true * 0.7, true * 0.3, 200)
    for box in range(200):
        delivery.learn(np.arange(10 * box, 10 * box + 10), chance.random(10) < of_box[box])
    assert low < delivery.concentration() < high


def test_delays_start_at_the_windows_of_the_modules():
    share = Delivery(archive()).arrived_share(np.array([0.0, 30.0, 42.0, 57.0, 72.0, 90.0]))
    np.testing.assert_allclose(share, [0.01, 0.01, 0.2575, 0.505, 0.7525, 1.0], atol=0.01)


def test_delays_follow_what_was_measured():
    delivery, chance = Delivery(archive()), np.random.default_rng(2)
    delivery.learn_delays(np.append(chance.normal(20.0, 2.0, 1900), [np.nan, -3.0]))
    share = delivery.arrived_share(np.array([10.0, 20.0, 30.0]))
    np.testing.assert_allclose(share, [0.01, 0.5, 0.98], atol=0.04)


def test_old_delays_fade():
    delivery = Delivery(archive())
    delivery.learn_delays(np.full(2000, 100.0))
    for _ in range(40):
        delivery.learn_delays(np.full(500, 10.0))
    assert delivery.arrived_share(np.array([20.0]))[0] > 0.95


def test_what_was_learned_survives_save_and_load():
    delivery, other = Delivery(archive()), Delivery(archive())
    learn_outages(delivery, np.linspace(0.2, 0.9, 20), outages=60)
    delivery.learn_delays(np.full(50, 12.0))
    other.load(delivery.save())
    np.testing.assert_array_equal(other.chance(), delivery.chance())
    assert other.concentration() == delivery.concentration()
    elapsed_s = np.arange(100.0)
    np.testing.assert_array_equal(other.arrived_share(elapsed_s), delivery.arrived_share(elapsed_s))


def test_a_changed_archive_keeps_the_boxes_that_are_still_there():
    delivery, smaller = Delivery(archive(boxes=20)), Delivery(archive(boxes=5))
    delivery.learn(np.arange(40, 50), np.zeros(10, bool))
    smaller.load(delivery.save())
    assert smaller.chance()[40] < 0.4


@pytest.mark.parametrize(
    "damage", [lambda s: b"", lambda s: s[:-1], lambda s: s[:9] + b"\0" + s[10:], lambda s: Delivery(archive(area="B")).save()],
    ids=["empty", "cut", "flipped", "of another area"],
)
def test_damaged_or_foreign_state_is_refused_and_nothing_is_taken(damage):
    delivery = Delivery(archive())
    learn_outages(delivery, np.full(20, 0.3), outages=20)
    before = delivery.chance()
    with pytest.raises(ValueError, match="saved delivery"):
        delivery.load(damage(delivery.save()))
    np.testing.assert_array_equal(delivery.chance(), before)


def test_meters_outside_the_archive_and_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="within"):
        Delivery(archive()).learn(np.array([200]), np.array([True]))
    with pytest.raises(ValueError, match="both must be"):
        Delivery(archive()).learn(np.array([1, 2]), np.array([True]))
