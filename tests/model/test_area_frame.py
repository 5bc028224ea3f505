"""The frame under a clock that is set."""

import numpy as np

from edge_agent.model import AreaFrame


def test_when_the_clock_is_set_back_answers_move_with_it_and_forwards_they_stay():
    area = AreaFrame.empty(3, 10_000)
    area.answered_utc_ms[:2] = 9_000, 4_000
    area.poll_failed(1, 9_500)
    area.tick(7_000)
    assert area.answered_utc_ms.tolist() == [6_000, 1_000, -1]
    assert area.first_failed_utc_ms.tolist() == [-1, 9_500, -1]
    area.tick(50_000)
    assert area.answered_utc_ms.tolist() == [6_000, 1_000, -1]
    area.tick(0)
    assert np.array_equal(area.answered_utc_ms, [-1, -1, -1])
    assert area.now_utc_ms == 0
