"""Hold times: by meter, and by box where old modules hang together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.grid.areas import make_area
from simulator.hplc.gasp import draw_hold_s
from tests.simulator.hplc.gasp.stations import FAMILY_A

AREA = make_area("urban_cable", 300, seed=1)


def test_without_old_boxes_few_modules_hold_nothing_and_most_hold_what_is_asked() -> None:
    hold_s = np.concatenate([draw_hold_s(AREA, FAMILY_A.dying, seed=seed, old_box_share=0.0)[1:] for seed in range(10)])
    # shares of worn out and worn capacitors as meter bodies have them: 3 % and 15 %
    assert abs((hold_s == 0.0).mean() - 0.03) < 0.01
    assert abs((hold_s >= FAMILY_A.dying.hold_s).mean() - (0.82 + 0.15 / 4)) < 0.06


def test_a_box_of_old_modules_is_silent_altogether() -> None:
    boxes = np.array([meter.node for meter in AREA.meters])
    silent = []
    for seed in range(20):
        holds = draw_hold_s(AREA, FAMILY_A.dying, seed=seed, old_box_share=0.2)[1:] > 0.0
        silent += [not holds[boxes == box].any() for box in set(boxes)]
    # boxes of eight and more are never all worn out by chance
    assert abs(np.mean(silent) - 0.2) < 0.06


def test_the_hold_time_of_the_module_file_scales_all() -> None:
    usual = draw_hold_s(AREA, FAMILY_A.dying, seed=3)
    shorter = draw_hold_s(AREA, replace(FAMILY_A.dying, hold_s=FAMILY_A.dying.hold_s / 6.0), seed=3)
    assert np.allclose(shorter * 6.0, usual)


def test_nodes_are_those_of_the_link_table() -> None:
    hold_s = draw_hold_s(AREA, FAMILY_A.dying, seed=3)
    assert hold_s.shape == (301,)
    assert hold_s[0] == 0.0
