"""What is kept of polls when the bus that they went over is found to have been down."""

import numpy as np
import pytest

from edge_agent.outage.signs import Signs
from tests.detect.areas import at, frame, sample

NONE = np.zeros(4, np.bool_)


class Bus:
    """Four meters that answered at second 0; the last two are on a bus that stays up."""

    def __init__(self):
        self.frame, self.signs = frame(4), Signs(4)
        for meter in range(4):
            self.answer(meter, 0)

    def answer(self, meter, second):
        self.frame.take(sample(meter, second))
        return self

    def fail(self, *meters, second):
        for meter in meters:
            self.frame.poll_failed(meter, at(second))
        return self

    def look(self, second, *, up, firm=NONE):
        self.frame.now_utc_ms = at(second)
        self.frame.reachable[:2] = up
        self.signs.follow_buses(self.frame, firm)
        self.signs.look(self.frame)
        return self

    @property
    def failed(self):
        return self.signs.polls_failed(self.frame).tolist()


def test_what_failed_since_anybody_answered_counts_no_more_when_the_bus_is_back():
    bus = Bus().fail(0, 1, 2, second=10).look(10, up=True).look(20, up=False).fail(0, second=25)
    assert bus.failed == [2, 1, 1, 0]
    bus.look(30, up=True)
    assert bus.failed == [0, 0, 1, 0]
    bus.fail(0, second=35).look(36, up=True)
    assert bus.failed == [1, 0, 1, 0]
    assert bus.signs.first_failed_ms(bus.frame)[0] == at(30)


def test_what_failed_while_another_answered_counts():
    bus = Bus().fail(0, second=10).answer(1, 15).look(20, up=False).look(30, up=True)
    assert bus.failed == [1, 0, 0, 0]


def test_an_answer_on_another_bus_proves_nothing_of_this_one():
    bus = Bus().fail(0, second=10).answer(3, 15).look(20, up=False).look(30, up=True)
    assert bus.failed == [0, 0, 0, 0]


def test_signs_of_a_proven_outage_stay():
    bus = Bus().fail(0, 1, second=10).look(20, up=False).look(30, up=True, firm=np.array([True, False, False, False]))
    assert bus.failed == [1, 0, 0, 0]


@pytest.mark.parametrize("second", [30, 3000])
def test_a_restart_while_the_bus_is_down_changes_nothing_of_that(second):
    bus = Bus().fail(0, second=10).look(20, up=False)
    again = Bus()
    again.signs.load(bus.signs.save(bus.frame))
    assert again.failed == [1, 0, 0, 0]
    again.look(25, up=False).look(second, up=True)
    assert again.failed == [0, 0, 0, 0]


def test_reads_that_were_under_way_when_the_way_was_mended_say_nothing_behind_a_coordinator():
    """It gives up after 25 s: what fails sooner was sent before."""
    bus = Bus()
    bus.signs = Signs(4, np.array([True, True, True, False]))
    bus.fail(0, 1, 3, second=10).look(10, up=True)
    bus.signs.way_is_mended([0, 1, 3], at(20))
    bus.fail(0, 3, second=40).look(40, up=True)
    assert bus.failed == [0, 0, 0, 1]
    bus.fail(0, 1, second=46).look(46, up=True)
    assert bus.failed == [1, 1, 0, 1]
    assert bus.signs.first_failed_ms(bus.frame).tolist()[:2] == [at(40), at(20)]
