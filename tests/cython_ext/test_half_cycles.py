"""Half cycles counted: against a list that is kept the slow way, and the loop against its plain twin."""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cython_ext
from cython_ext.half_cycles import (
    ARCING,
    BACK,
    LIKE,
    MISSING,
    MOVED,
    N05,
    N1,
    N_COUNTS,
    N_MOVED,
    N_RETURNED,
    N_RINGS,
    N_STEADY,
    OTHER,
    STEADY,
    UNSEEN,
    arcing_slots,
    count_half_cycles,
)

codes_lists = st.lists(st.sampled_from([LIKE, ARCING, MOVED, STEADY, MISSING, MISSING, BACK, OTHER, UNSEEN]), min_size=1, max_size=260)


def counted(codes, rings=None):
    codes = np.array([codes], dtype=np.int8)
    out = np.zeros((*codes.shape, N_COUNTS), dtype=np.int32)
    rings = np.zeros((1, 2 * N_RINGS), dtype=np.uint64) if rings is None else rings
    count_half_cycles(codes, rings, out)
    return out[0], rings


def by_hand(codes):
    """What the last counts should be, from the whole history."""
    arcing, moved = [False] * len(codes), [code == MOVED for code in codes]
    pending = []
    for place, code in enumerate(codes):
        if code == MISSING:
            pending.append(place)
            continue
        pending = [slot for slot in pending if place - slot < 100]     # what is older has left the ring
        if pending and code in (ARCING, MOVED, STEADY, BACK):
            for slot in pending:
                arcing[slot] = True
            moved[place] = True
        pending = []
        arcing[place] = code in (ARCING, MOVED, STEADY)
    last = range(max(0, len(codes) - 100), len(codes))
    first = next((place for place in last if arcing[place]), len(codes))
    return [
        sum(arcing[-50:]),
        sum(arcing[-100:]),
        sum(moved[-100:]),
        sum(code == STEADY for code in codes[-100:]),
        sum(code in (LIKE, BACK) for code in codes[first:]) if first < len(codes) else 0,
    ]


@settings(max_examples=300, deadline=None)
@given(codes_lists)
def test_counts_are_those_of_the_history(codes):
    assert counted(codes)[0][-1].tolist() == by_hand(codes)


@settings(max_examples=200, deadline=None)
@given(codes_lists, codes_lists)
def test_loop_and_twin_agree_to_the_bit_and_pieces_make_the_whole(first, second):
    modules = [importlib.import_module("cython_ext._half_cycles_reference")]
    modules += [importlib.import_module("cython_ext._half_cycles")] if cython_ext.COMPILED else []
    results = []
    for module in modules:
        rings, outs = np.zeros((2, 2 * N_RINGS), dtype=np.uint64), []
        for part in (first, second):
            codes = np.array([part, part[::-1]], dtype=np.int8)
            outs.append(np.zeros((*codes.shape, N_COUNTS), dtype=np.int32))
            module.count_half_cycles(codes, rings, outs[-1])
        results.append([rings.tobytes(), *(out.tobytes() for out in outs)])
    assert results.count(results[0]) == len(results)
    assert np.array_equal(counted(first + second)[0][-1], outs[-1][0, -1])


def test_eight_arcs_in_half_a_second_and_fourteen_in_one():
    counts, _ = counted(([ARCING] * 8 + [LIKE] * 42) + [ARCING] * 6)
    assert (counts[49, N05], counts[49, N1]) == (8, 8)
    assert (counts[-1, N05], counts[-1, N1], counts[-1, N_RETURNED]) == (8, 14, 42)


def test_half_cycles_without_current_are_arcs_once_it_comes_back_disturbed():
    counts, rings = counted([LIKE] * 5 + [MISSING] * 4 + [BACK])
    assert counts[:, N1].tolist() == [0] * 9 + [4]
    assert counts[-1, N_MOVED] == 1
    assert np.flatnonzero(arcing_slots(rings[0])).tolist() == [95, 96, 97, 98]


@pytest.mark.parametrize("next_code", [LIKE, OTHER, UNSEEN])
def test_a_switch_that_opens_and_closes_is_no_arc(next_code):
    counts, _ = counted([LIKE] * 5 + [MISSING] * 20 + [next_code] + [BACK])
    assert counts[-1, N1] == 0


def test_steady_ones_are_counted_apart():
    counts, _ = counted([ARCING, ARCING, STEADY, MOVED, STEADY])
    assert (counts[-1, N1], counts[-1, N_STEADY], counts[-1, N_MOVED]) == (5, 2, 1)


def test_two_hundred_thousand_circuits_in_one_call():
    codes, rings = np.full((200_000, 2), ARCING, dtype=np.int8), np.zeros((200_000, 2 * N_RINGS), dtype=np.uint64)
    out = np.zeros((200_000, 2, N_COUNTS), dtype=np.int32)
    if not cython_ext.COMPILED:
        codes, rings, out = codes[:100], rings[:100], out[:100]
    count_half_cycles(codes, rings, out)
    assert (out[:, 1, N1] == 2).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"codes": np.array([[8]], dtype=np.int8)}, "codes must be 0 to 7"),
        ({"codes": np.array([[-1]], dtype=np.int8)}, "codes must be 0 to 7"),
        ({"codes": np.zeros((1, 1), dtype=np.int64)}, "codes must be int8"),
        ({"rings": np.zeros((1, 8), dtype=np.uint64)}, "need rings"),
        ({"out": np.zeros((1, 2, N_COUNTS), dtype=np.int32)}, "need rings"),
    ],
)
def test_the_front_refuses_what_does_not_fit(change, says):
    arguments = {
        "codes": np.zeros((1, 1), dtype=np.int8), "rings": np.zeros((1, 2 * N_RINGS), dtype=np.uint64),
        "out": np.zeros((1, 1, N_COUNTS), dtype=np.int32),
    } | change
    with pytest.raises(ValueError, match=says):
        count_half_cycles(**arguments)
