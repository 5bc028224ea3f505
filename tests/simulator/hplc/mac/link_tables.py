"""Link tables made by hand: who hears whom, and how well."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.hplc.links import LinkTable


def links_of(snr_db: npt.ArrayLike, *, band: int = 2, success: float = 1.0, heard_above_db: float = 0.0) -> LinkTable:
    """``snr_db`` (n, n); a pair under ``heard_above_db`` does not hear each other; every mode has the same success."""
    mean = np.array(snr_db, np.float32)
    np.fill_diagonal(mean, -np.inf)
    hears = mean >= heard_above_db
    chance = np.where(hears, np.float32(success), np.float32(0.0))
    return LinkTable(band=band, mean_snr_db=mean, success={tmi: chance for tmi in range(15)}, hears=hears,
                     attenuation_db=(60.0 - mean).astype(np.float32))


def all_hear_all(nodes: int, *, success: float = 1.0) -> LinkTable:
    return links_of(np.full((nodes, nodes), 20.0), success=success)
