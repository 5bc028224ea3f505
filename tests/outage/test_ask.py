"""Whom to ask next: suspects, one of each box first, within the budget, nobody twice while we wait."""

import numpy as np

from edge_agent.model import Archive, AreaFrame, Meter
from edge_agent.outage.ask import Questions
from tests.detect.areas import at

N = 12
ARCHIVE = Archive("a", tuple(Meter(id=f"m{i}", index=i, profile="p", bus="b", node=f"f1/x{i // 4}") for i in range(N)))


def frame(second=0, *, is_heard=True):
    """All answered long ago, the last one just now: the bus is up."""
    area = AreaFrame.empty(N, at(second))
    area.answered_utc_ms[:] = at(-100)
    if is_heard:
        area.answered_utc_ms[N - 1] = at(second - 1)
    return area


def choose(questions, second=0, *, suspects=(), failed=None, dead=None, answered=(), barred=(), is_heard=True):
    def mask(meters):
        found = np.zeros(N, np.bool_)
        found[list(meters)] = True
        return found

    return questions.choose(
        frame(second, is_heard=is_heard), suspects=mask(suspects),
        failed=np.zeros(N, np.int32) if failed is None else np.array(failed, np.int32), enough_failed=2,
        answered=mask(answered), dead=np.zeros(N) if dead is None else np.array(dead), may_be_asked=~mask(barred),
    )


def test_suspects_come_first_and_one_of_each_box_before_the_second_of_any():
    questions = Questions(ARCHIVE, most=0, at_once=4, again_s=10.0)
    doubt = np.full(N, 0.3)
    assert choose(questions, suspects=(0, 1, 5), dead=doubt)[:2] == [0, 5]
    assert len({index // 4 for index in choose(Questions(ARCHIVE, most=0, at_once=3, again_s=10.0), dead=doubt)}) == 3


def test_who_has_answered_who_failed_often_enough_and_who_may_not_be_asked_are_left_alone():
    failed = [2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    chosen = choose(
        Questions(ARCHIVE, most=0, at_once=12, again_s=10.0), suspects=(0, 4, 6), failed=failed, dead=np.full(N, 0.5), answered=(1, 2),
        barred=(3, 5),
    )
    assert not {0, 1, 2, 3, 5} & set(chosen)
    assert chosen[0] == 4


def test_a_lone_suspect_is_asked_once_more_than_it_takes_to_believe_many():
    """In a large area a false last gasp and two reads that failed by chance are not so rare beside a dead meter."""
    failed = np.array([2] + [0] * 11)
    assert 0 in choose(Questions(ARCHIVE, most=0, at_once=12, again_s=10.0), suspects=(0,), failed=failed)
    failed[0] = 3
    assert 0 not in choose(Questions(ARCHIVE, most=0, at_once=12, again_s=10.0), suspects=(0,), failed=failed)


def test_nobody_is_asked_again_while_the_answer_is_waited_for_and_the_living_keep_room():
    questions = Questions(ARCHIVE, most=0, at_once=3, again_s=10.0)
    first = choose(questions, 0, dead=np.full(N, 0.5))
    assert len(first) == 3
    assert choose(questions, 20, dead=np.full(N, 0.5)) == []          # three are waited for
    failed = np.zeros(N, np.int32)
    failed[first[0]] = 1
    assert choose(questions, 21, dead=np.full(N, 0.5), failed=failed)[0] not in first[1:]
    assert choose(questions, 200, dead=np.full(N, 0.5), failed=failed)  # an answer that has not come by now does not come


def test_the_budget_is_for_one_unclear_situation():
    questions = Questions(ARCHIVE, most=4, at_once=12, again_s=0.0)
    assert len(choose(questions, 0, dead=np.full(N, 0.5))) == 4
    assert choose(questions, 200, dead=np.full(N, 0.5)) == []
    questions.nothing_is_unclear()
    assert len(choose(questions, 400, dead=np.full(N, 0.5))) == 4


def test_what_is_certain_is_not_asked():
    assert choose(Questions(ARCHIVE, most=0, at_once=12, again_s=0.0), dead=[1.0] * 6 + [0.0] * 6) == []


def again(questions, second, meters, failed=None):
    return questions.again(meters, frame(second), np.zeros(N, np.int32) if failed is None else failed, np.ones(N, np.bool_))


def test_who_may_be_back_is_asked_in_turn_and_nobody_while_the_answer_is_waited_for():
    questions = Questions(ARCHIVE, most=0, at_once=4, again_s=10.0)
    assert again(questions, 0, range(6)) == [0, 1, 2, 3]
    assert again(questions, 20, range(6)) == []                  # four are waited for
    failed = np.zeros(N, np.int32)
    failed[[0, 1, 2]] = 1
    assert again(questions, 40, range(6), failed) == [4, 5, 0]     # the others first, then who was asked longest ago
    assert again(questions, 200, range(6), failed) == [1, 2, 3, 0]  # an answer that has not come by now does not come


def test_where_questions_are_numbered_a_lone_suspect_can_be_asked_as_often_as_it_takes_to_believe_it():
    questions = Questions(ARCHIVE, most=4, at_once=12, again_s=10.0)
    first = choose(questions, 0, suspects=(5,), dead=np.full(N, 0.5))
    assert first[0] == 5
    assert len(first) == 3
    failed = np.zeros(N, np.int32)
    failed[5] = 1
    others = tuple(index for index in first if index != 5)
    assert choose(questions, 30, suspects=(5,), dead=np.full(N, 0.5), failed=failed, answered=others) == [5]
    assert choose(questions, 60, suspects=(5,), dead=np.full(N, 0.5), failed=failed, answered=others) == []


def test_where_nobody_has_answered_lately_one_elsewhere_is_asked_whether_the_bus_is_up():
    dead = np.array([0.5] * 4 + [0.01] * 4 + [1e-6] * 4)
    questions = Questions(ARCHIVE, most=0, at_once=6, again_s=0.0)
    first = choose(questions, 0, suspects=(0,), dead=dead, is_heard=False)
    assert first[0] == 0
    assert first[1] in (8, 9, 10, 11)
    assert not {8, 9, 10, 11} & set(choose(questions, 200, suspects=(0,), dead=dead, is_heard=False))        # once
    questions.nothing_is_unclear()
    assert {8, 9, 10, 11} & set(choose(questions, 400, suspects=(0,), dead=dead, is_heard=False))


def test_a_bus_that_answers_needs_no_proof_and_one_without_suspects_neither():
    two = Archive("a", tuple(Meter(id=f"m{i}", index=i, profile="p", bus="ab"[i // 6], node=f"f1/x{i // 3}") for i in range(N)))
    dead = np.array([0.5] * 3 + [1e-6] * 9)
    assert set(choose(Questions(two, most=0, at_once=9, again_s=0.0), suspects=(0,), dead=dead, is_heard=False)) - {0, 1, 2} <= {3, 4, 5}
    heard = frame(is_heard=False)
    heard.answered_utc_ms[4] = at(-20)
    suspects = np.zeros(N, np.bool_)
    suspects[0] = True
    chosen = Questions(two, most=0, at_once=9, again_s=0.0).choose(
        heard, suspects=suspects, failed=np.zeros(N, np.int32), enough_failed=2, answered=np.zeros(N, np.bool_), dead=dead,
        may_be_asked=np.ones(N, np.bool_),
    )
    assert set(chosen) == {0, 1, 2}


def test_the_proof_leaves_a_lone_suspect_its_second_question():
    questions = Questions(ARCHIVE, most=4, at_once=12, again_s=10.0)
    dead = np.full(N, 0.3)
    first = choose(questions, 0, suspects=(0,), dead=dead, is_heard=False)
    assert len(first) == len(set(first)) == 3
    failed = np.zeros(N, np.int32)
    failed[first] = 1
    assert 0 in choose(questions, 20, suspects=(0,), dead=dead, failed=failed, is_heard=False)


def test_proofs_leave_room_for_suspects_and_those_left_over_are_asked_next():
    each = Archive("a", tuple(Meter(id=f"m{i}", index=i, profile="p", bus=f"b{i // 2}", node=f"f1/x{i // 2}") for i in range(N)))
    questions, suspects, dead = Questions(each, most=0, at_once=4, again_s=0.0), (0, 2, 4, 6, 8, 10), np.full(N, 1e-6)
    first = choose(questions, 0, suspects=suspects, dead=dead, is_heard=False)
    assert len(set(first) & set(suspects)) == len(set(first) - set(suspects)) == 2
    later = choose(questions, 200, suspects=suspects, dead=dead, is_heard=False)
    assert len(set(later) - set(suspects) - set(first)) == 2


def test_there_is_no_proof_where_two_suspects_need_all_questions():
    questions, dead = Questions(ARCHIVE, most=4, at_once=12, again_s=10.0), np.full(N, 0.3)
    assert set(choose(questions, 0, suspects=(0, 1), dead=dead, is_heard=False)) == {0, 1}
    failed = np.zeros(N, np.int32)
    failed[:2] = 1
    assert set(choose(questions, 30, suspects=(0, 1), dead=dead, failed=failed, is_heard=False)) == {0, 1}
