"""Raised transmit level: the rows of some senders of a link table, so many decibels further up the table's own curves.

A link keeps how far it is off the mean of links with its SNR: its success says at which SNR of the mean curve it works, and that SNR rises.
The curves are means over all links in bins of a quarter of a decibel [I]. Abstracted PHY, not calibrated against silicon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from simulator.hplc.links import Float32, LinkTable

_BIN_DB = 0.25
_EDGE = 1e-6                # chances beyond it are 0 or 1 to any who count frames
Real = npt.NDArray[np.float64]


def raised(links: LinkTable, senders: Sequence[int], gain_db: float) -> LinkTable:
    """The table with ``senders`` louder by ``gain_db`` (0 or more)."""
    if not gain_db or not len(senders):
        return links
    rows = np.asarray(senders, np.intp)
    snr_db = links.mean_snr_db.copy()
    snr_db[rows] += np.float32(gain_db)
    attenuation_db = links.attenuation_db.copy()
    attenuation_db[rows] -= np.float32(gain_db)
    bins_db = _bins(links.mean_snr_db)
    hears = links.hears.copy()
    hears[rows] |= snr_db[rows] >= _half_heard(links, bins_db)
    success = {}
    for tmi, chance in links.success.items():
        success[tmi] = chance.copy()
        success[tmi][rows] = np.where(hears[rows], _shifted(links, chance, rows, bins_db, gain_db), chance[rows])
    return replace(links, mean_snr_db=snr_db, attenuation_db=attenuation_db, hears=hears, success=success)


def _bins(snr_db: Float32) -> Real:
    found = snr_db[np.isfinite(snr_db)]
    return np.arange(np.floor(found.min()), np.ceil(found.max()) + 2 * _BIN_DB, _BIN_DB, dtype=np.float64)


def _mean_curve(snr_db: Float32, values: npt.NDArray[np.generic], bins_db: Real) -> Real:
    """Mean of ``values`` by SNR (any shape) at the middles of the bins, never falling; empty bins keep the value below them."""
    finite = np.isfinite(snr_db)
    place = np.digitize(snr_db[finite], bins_db) - 1
    count = np.bincount(place, minlength=len(bins_db))
    total = np.bincount(place, weights=values[finite].astype(np.float64), minlength=len(bins_db))
    curve: Real = np.maximum.accumulate(np.where(count > 0, total / np.maximum(count, 1), 0.0))
    return curve


def _half_heard(links: LinkTable, bins_db: Real) -> float:
    """The SNR from which at least half of the links are heard; infinity when none is."""
    curve = _mean_curve(links.mean_snr_db, links.hears, bins_db)
    return float(bins_db[int((curve >= 0.5).argmax())]) if curve[-1] >= 0.5 else float("inf")


def _shifted(links: LinkTable, chance: Float32, rows: npt.NDArray[np.intp], bins_db: Real, gain_db: float) -> Real:
    snr_db = links.mean_snr_db
    middles_db = bins_db + _BIN_DB / 2.0
    curve = _log_odds(_mean_curve(snr_db[links.hears], chance[links.hears], bins_db))
    # from the last place where nothing comes through: what is flat before it says nothing of where a link works
    rising = np.concatenate([np.diff(curve) > 1e-6, [False]]) | np.concatenate([[False], np.diff(curve) > 1e-6])
    if not rising.any():
        return chance[rows].astype(np.float64)
    works_db = np.interp(_log_odds(chance[rows]), curve[rising], middles_db[rising])
    # of a link that was not heard nothing is known but its SNR
    works_db = np.where(links.hears[rows], works_db, snr_db[rows])
    louder = 1.0 / (1.0 + np.exp(-np.interp(works_db + gain_db, middles_db, curve)))
    better: Real = np.where(np.isfinite(snr_db[rows]), np.maximum(louder, chance[rows]), 0.0)
    return better


def _log_odds(chance: npt.NDArray[np.floating]) -> Real:
    """In which error curves are nearly straight, so that few points give them."""
    inside = np.clip(chance.astype(np.float64), _EDGE, 1.0 - _EDGE)
    odds: Real = np.log(inside / (1.0 - inside))
    return odds
