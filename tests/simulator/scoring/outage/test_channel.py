"""The channel delivers what it was given, and together what came together."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.scoring.outage.channel import LOST, ChannelFit, ClassFit, PathOutage, draw_gasps, draw_quantile
from simulator.scoring.outage.faults import OutageClass

TWO = PathOutage(share=0.6, batches=((33.0, 0.75), (63.0, 0.25)))
BOXES = ["one"] * 10 + ["two"] * 10


def many(fit, **options):
    chance = np.random.default_rng(1)
    return np.array([draw_gasps(fit, BOXES, chance, **options) for _ in range(2000)])


@pytest.mark.parametrize("delivery", [0.3, 0.9])
def test_the_share_that_arrives_is_the_one_asked_for(delivery):
    found = many(ClassFit(kappa=5.0, outages=(TWO,)), delivery=delivery)
    assert abs((found < LOST).mean() - delivery) < 0.02


def test_without_a_wish_it_is_that_of_the_path():
    assert abs((many(ClassFit(kappa=5.0, outages=(TWO,))) < LOST).mean() - 0.6) < 0.02


def test_losses_are_correlated_within_a_box_and_not_between_boxes():
    arrived = many(ClassFit(kappa=5.0, outages=(TWO,)), delivery=0.8) < LOST
    # of a Beta with concentration k two Bernoulli draws have the correlation 1 / (k + 1)
    assert abs(np.corrcoef(arrived[:, 0], arrived[:, 1])[0, 1] - 1.0 / 6.0) < 0.06
    assert abs(np.corrcoef(arrived[:, 0], arrived[:, 10])[0, 1]) < 0.06


def test_reports_come_in_the_batches_of_an_outage_of_the_path():
    found = many(ClassFit(kappa=5.0, outages=(TWO,)))
    heard = found[found < LOST]
    assert set(np.unique(heard).tolist()) == {33.0, 63.0}
    assert abs((heard == 33.0).mean() - 0.75) < 0.02


def test_an_outage_of_which_nobody_was_heard_stays_unheard_as_a_whole():
    deaf = PathOutage(share=1e-6, batches=())
    found = many(ClassFit(kappa=5.0, outages=(TWO, deaf)))
    silent = (found == LOST).all(axis=1).mean()
    assert 0.45 < silent < 0.6


def test_a_quantile_table_is_drawn_from_between_its_ends():
    chance = np.random.default_rng(2)
    drawn = [draw_quantile((1.0, 3.0, 9.0), chance) for _ in range(4000)]
    assert 1.0 <= min(drawn) <= max(drawn) <= 9.0
    assert abs(float(np.median(drawn)) - 3.0) < 0.2


def test_the_stored_fit_has_every_class_that_is_drawn():
    fit = ChannelFit.read()
    assert {OutageClass.METER, OutageClass.BOX, OutageClass.BRANCH, OutageClass.FEEDER, OutageClass.AREA} <= set(fit.classes)
    assert all(any(one.batches for one in own.outages) for own in fit.classes.values())
    assert [polls.dead for polls in fit.polls] == sorted(polls.dead for polls in fit.polls)
    for polls in fit.polls:
        assert float(np.median(polls.failed_s)) > 25.0          # the agent's patience with a meter that it asked for
        assert float(np.median(polls.answered_s)) < 10.0
    assert fit.polls_beside(0) is fit.polls[0]
    assert fit.polls_beside(1000) is fit.polls[-1]
