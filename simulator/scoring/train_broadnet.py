"""Makes ``trained/broadnet_arc.json``: python -m simulator.scoring.train_broadnet DIR/train.csv"""

from __future__ import annotations

import sys
from pathlib import Path

from simulator.scoring.broadnet_file import read_rows
from simulator.scoring.class_gaussians import fit, save
from simulator.scoring.score_set import sha256_of

TRAINED = Path(__file__).with_name("trained") / "broadnet_arc.json"


def main(path: Path) -> None:
    rows = read_rows(path)
    save(TRAINED, fit(rows.features, rows.classes, rows.arcs), sha256_of(path))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
