"""Link tables of modules scattered over a square: for studies of the network alone, without a grid behind them.

Signal falls with distance and scatters from link to link; another phase costs a coupling loss. Success of a mode is a logistic curve of
the mean SNR; one octave less energy per coded bit moves it by 3 dB. None of this is a channel model: that is ``simulator.hplc.channel``.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.hplc.links import LinkTable
from simulator.hplc.phy import BANDS, MODES, max_pbs
from simulator.load.streams import Streams

_SNR_AT_CCO_DB = 40.0       # at no distance
_LOSS_DB_PER_M = 0.3
_PHASE_LOSS_DB = 12.0
_SCATTER_DB = 4.0
_HEARD_DB = -4.0
_FIRST_MODE_DB = 6.0        # half success of QPSK with two copies
_SLOPE_DB = 0.8


def scattered_links(
    modules: int, *, seed: int, density: float = 60.0, band: int = 2,
) -> tuple[LinkTable, npt.NDArray[np.int8], npt.NDArray[np.float64]]:
    """Links, phases (n,) and places (n, 2) in m of a CCO (node 0, in the middle of one side, on all phases) and modules.

    ``density``: modules in a square of 200 m; with the values above a frame reaches about 140 m on its own phase.
    """
    rng = Streams(seed).named("scattered")
    side_m = 200.0 * float(np.sqrt(modules / density))
    places = rng.random((modules + 1, 2)) * side_m
    places[0] = (side_m / 2.0, 0.0)
    phases = np.concatenate([[0], rng.integers(1, 4, modules)]).astype(np.int8)
    distance_m = np.hypot(*(places[:, None, :] - places[None, :, :]).transpose(2, 0, 1))
    scatter_db = rng.normal(0.0, _SCATTER_DB, distance_m.shape)
    loss_db = _LOSS_DB_PER_M * distance_m + (scatter_db + scatter_db.T) / np.sqrt(2.0)
    loss_db += _PHASE_LOSS_DB * ((phases[:, None] != phases[None, :]) & (phases[:, None] > 0) & (phases[None, :] > 0))
    return links_of_loss(loss_db, band=band), phases, places


def links_of_loss(loss_db: npt.NDArray[np.float64], *, band: int = 2) -> LinkTable:
    """Links from losses (n, n) in dB."""
    snr_db = (_SNR_AT_CCO_DB - loss_db).astype(np.float32)
    np.fill_diagonal(snr_db, -np.inf)
    hears = snr_db >= _HEARD_DB
    success = {}
    for mode in MODES:
        if max_pbs(mode.tmi, band) == 0:
            continue
        half_db = _FIRST_MODE_DB - 10.0 * np.log10(mode.copies / 2.0 * 2.0 / mode.bits)
        chance = 1.0 / (1.0 + np.exp(-np.clip((snr_db - half_db) / _SLOPE_DB, -50.0, 50.0)))
        success[mode.tmi] = np.where(hears, chance, 0.0).astype(np.float32)
    return LinkTable(band=BANDS[band].number, mean_snr_db=snr_db, success=success, hears=hears,
                     attenuation_db=np.where(np.isfinite(snr_db), loss_db, np.inf).astype(np.float32))
