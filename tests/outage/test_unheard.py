"""What failed while nobody on a bus answered, when somebody answers again."""

import numpy as np

from edge_agent.model import Archive, Meter
from edge_agent.outage.signs import Signs
from edge_agent.outage.unheard import UnheardBuses
from tests.detect.areas import at, frame, sample

ARCHIVE = Archive("a", tuple(Meter(id=f"m{i}", index=i, profile="p", bus="aab"[i // 2], node="f1/x1") for i in range(6)))      # a: 0 to 3


class Area:
    """Everybody answered at second 0."""

    def __init__(self):
        self.frame, self.signs, self.unheard = frame(6), Signs(6), UnheardBuses(ARCHIVE)
        for meter in range(6):
            self.answer(meter, 0)
        self.look(0)

    def answer(self, *meters_and_second):
        *meters, second = meters_and_second
        for meter in meters:
            self.frame.take(sample(meter, second))

    def fail(self, *meters, second):
        for meter in meters:
            self.frame.poll_failed(meter, at(second))

    def look(self, second):
        """Whose failures are found to say nothing."""
        self.frame.now_utc_ms = at(second)
        doubtful = self.unheard.look(self.frame, self.signs)
        self.signs.pass_over_failed(doubtful, self.frame)
        self.signs.look(self.frame)
        return np.flatnonzero(doubtful).tolist()


def test_what_failed_long_before_anybody_answered_again_is_dropped():
    area = Area()
    area.fail(0, 1, second=300)
    assert area.look(400) == []              # nobody has answered: it may be a dead area as well
    area.answer(3, 900)
    assert area.look(900) == [0, 1]
    assert area.signs.polls_failed(area.frame).tolist() == [0] * 6
    area.fail(0, second=910)
    area.look(910)
    assert area.signs.polls_failed(area.frame)[0] == 1                  # what fails now counts


def test_an_answer_on_another_bus_proves_nothing():
    area = Area()
    area.fail(0, 1, second=300)
    area.answer(5, 310)
    area.look(310)
    area.answer(3, 900)
    assert area.look(900) == [0, 1]


def test_what_failed_beside_an_answer_stays():
    area = Area()
    area.fail(0, second=60)                  # soon after the answers of second 0
    area.fail(1, second=850)                 # soon before the next
    area.answer(3, 900)
    assert area.look(900) == []
    area.fail(2, second=950)
    area.answer(3, 960)
    assert area.look(960) == []


def test_a_bus_that_was_silent_was_so_from_its_last_answer_to_its_next():
    """Else of all that failed on it those that were asked at its begin and its end would be left, and look like a place of their own."""
    area = Area()
    area.fail(0, second=60)
    area.fail(1, second=400)
    area.fail(2, second=850)
    area.fail(4, second=400)                 # the other bus
    area.answer(3, 900)
    area.answer(5, 401)
    assert area.look(900) == [0, 1, 2]


def test_when_it_was_heard_survives_a_restart_and_a_clock_that_is_set_back():
    area, other = Area(), UnheardBuses(ARCHIVE)
    other.load(area.unheard.save())
    area.unheard = other
    area.fail(0, second=300)
    area.answer(3, 900)
    assert area.look(900) == [0]
    area.unheard.forget_the_future(at(100))
    assert area.unheard.save() == {"a": at(100), "b": at(0)}
    gone = Archive("a", (Meter(id="m0", index=0, profile="p", bus="c", node="f1/x1"),))
    renamed = UnheardBuses(gone)
    renamed.load(area.unheard.save())
    assert renamed.save() == {"c": -1}


def test_before_the_first_answer_nothing_is_dropped():
    area = Area()
    area.frame.answered_utc_ms[:] = -1
    area.unheard = UnheardBuses(ARCHIVE)
    area.look(10)
    area.fail(0, second=300)
    area.answer(3, 900)
    assert area.look(900) == []
