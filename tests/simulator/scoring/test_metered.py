"""Frames of a scenario: who answers, who does not, and the same values that meters show."""

import numpy as np

from edge_agent.model import COLUMN_INDEX
from edge_agent.model.area_frame import NEVER
from simulator.run.metering import Metering
from simulator.scenario.scenario_file import load_scenario
from simulator.scoring.metered import frames_of


def world():
    return load_scenario("momentary_burst").world()


def test_a_frame_has_what_each_meter_shows_at_that_step():
    metering = Metering(world())
    for step, frame in enumerate(frames_of(Metering(world()), 5)):
        measured = metering.at(step)
        lit = ~measured.silent
        assert np.array_equal(frame.values[:, lit], measured.values.T[:, lit], equal_nan=True)
        assert (frame.answered_utc_ms[lit] == frame.now_utc_ms).all()


def test_an_answer_that_is_lost_leaves_the_value_of_before_and_counts_as_a_failed_poll():
    column = COLUMN_INDEX["voltage_v.a"]
    before, lost = None, 0
    for frame in frames_of(Metering(world()), 20, holes=0.3):
        failed = frame.polls_failed > 0
        if before is not None:
            assert np.array_equal(frame.values[column, failed], before[failed], equal_nan=True)
            assert ((frame.first_failed_utc_ms == NEVER) == ~failed).all()
        before, lost = frame.values[column].copy(), lost + int(failed.sum())
    assert 0.2 < lost / (20 * frame.n_meters) < 0.4
