"""Makes ``edge_agent/detect/appliance_plaid.npz``: ``python -m simulator.scoring.train_plaid PLAID_TRAIN.ts``."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np

from edge_agent.detect.appliance import APPLIANCES, PARAMETERS
from edge_agent.detect.appliance_forest import Forest, write_forest
from edge_agent.detect.appliance_start import START_FEATURES
from simulator.scoring.appliance_training import train
from simulator.scoring.plaid_cases import case_digests, class_names, features_of, training_copies
from simulator.scoring.ts_file import TsFile, read_ts

SEED = 0


def trained(found: TsFile) -> Forest:
    features, judged = features_of(found.series)
    labels = class_names(found)[judged]
    everything = [features, *training_copies(found.series, judged)]
    forest = train(np.concatenate([part[judged] for part in everything]), np.tile(labels, len(everything)), START_FEATURES, SEED)
    return dataclasses.replace(forest, trained_on=found.sha256, cases=np.sort(case_digests(found)))


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    forest = trained(read_ts(Path(arguments[0])))
    missing = sorted(set(APPLIANCES) - set(forest.classes))
    if missing:
        raise SystemExit(f"{arguments[0]}: has no case of {', '.join(missing)}")
    write_forest(PARAMETERS, forest)


if __name__ == "__main__":
    main(sys.argv[1:])
