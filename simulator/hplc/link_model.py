"""From an area to its ``LinkTable``: channel, noise and decoding for each two modules, and again after an edit for those that it touches.

Abstracted PHY, not calibrated against silicon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.errors import ConfigError
from simulator.grid.areas import Area
from simulator.grid.edits import Edit
from simulator.grid.one_thread import one_thread
from simulator.hplc.assumptions import assumed
from simulator.hplc.channel.conductors import coupling, is_fed, wires_of
from simulator.hplc.channel.gains import Gains, gains
from simulator.hplc.channel.multipath import REFERENCE_SETS, transfer
from simulator.hplc.channel.noise import LEVELS, noise_dbm_hz
from simulator.hplc.channel.tree import common_depth, make_tree, place_modules
from simulator.hplc.links import LinkTable
from simulator.hplc.phy.bands import BANDS, carrier_hz
from simulator.hplc.phy.modes import max_pbs
from simulator.hplc.reception import Reception
from simulator.load.streams import Streams

Float32 = npt.NDArray[np.float32]
Real = npt.NDArray[np.float64]
DEFAULT_TMIS = (4, 6, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Last:
    """What the last table was made from."""

    load_w: Real
    gains: Gains
    coupling: Float32
    receiving: Float32
    table: LinkTable


class LinkModel:
    """Links of one area, whose random part (spread, houses, contacts, noise) hangs on ``seed`` alone.

    Args:
        band: 0 to 3.
        tmis: modes whose success is wanted.
        noise: "quiet", "normal" or "heavy".
        multipath: None for the echoes that the area's own branches and houses make, or a reference set ("Z4", "Z15", "A5", "A17") whose
            shape over the band every link takes instead.
    Raises:
        ConfigError: a level, set or mode that there is not.
    """

    def __init__(
        self, area: Area, *, seed: int, band: int = 2, tmis: Sequence[int] = DEFAULT_TMIS, noise: str = "normal",
        multipath: str | None = None,
    ) -> None:
        _check(band, tmis, noise, multipath)
        self._area, self._band, self._noise, self._multipath = area, band, noise, multipath
        self._streams = Streams(seed)
        self._f_hz = carrier_hz(band)
        self._tree = make_tree(area.network)
        self._modules = place_modules(area, self._tree)
        self._depth = common_depth(self._tree, self._modules.bus)
        self._spread = self._drawn_spread()
        self._reception = Reception.of(band, tuple(tmis), noise)
        self._last: _Last | None = None

    @one_thread
    def table(self, *, edits: Sequence[Edit] = (), load_w: npt.ArrayLike | None = None) -> LinkTable:
        """The links as they are after ``edits`` of the area's network.

        Args:
            edits: as the grid takes them; an ``open`` may say ``how``: "contact" or "cut" (``channel.conductors``).
            load_w: shape (meters,), what is switched on behind each meter, in watts; None for the usual load. It loads the lines as long as
                it is connected and makes noise as long as it is fed.
        Raises:
            ConfigError: an edit that cannot be made.
            ValueError: loads of a wrong shape, below 0 or not finite.
        """
        loads = self._loads(load_w)
        wires = wires_of(self._area.network, self._tree, edits, self._streams)
        coupled = (coupling(self._tree, self._modules, wires, self._streams) * self._spread).astype(np.float32)
        running_w = np.where(is_fed(self._modules, wires), loads, 0.0)
        density = noise_dbm_hz(self._modules, self._f_hz, level=self._noise, load_w=running_w, streams=self._streams)
        receiving = (10.0 ** ((assumed("phy.psd.dbm_hz") - density) / 10.0)).astype(np.float32)
        last = self._last
        if last is not None and np.array_equal(last.load_w, loads):
            way = last.gains
            stale = (last.coupling != coupled) | (last.receiving != receiving).any(axis=1)[None, :]
        else:
            way, stale = self._gains(loads), np.ones(coupled.shape, dtype=np.bool_)
        table = self._table(way, coupled, receiving, stale, None if last is None else last.table)
        self._last = _Last(load_w=loads, gains=way, coupling=coupled, receiving=receiving, table=table)
        return table

    def fed(self, edits: Sequence[Edit] = ()) -> npt.NDArray[np.bool_]:
        """(modules,): which modules have supply on at least one phase after ``edits``; the first is the coordinator."""
        return is_fed(self._modules, wires_of(self._area.network, self._tree, edits, self._streams))

    def _loads(self, load_w: npt.ArrayLike | None) -> Real:
        meters = len(self._area.meters)
        given = np.full(meters, assumed("noise.usual_load_w")) if load_w is None else np.asarray(load_w, dtype=np.float64)
        if given.shape != (meters,) or not (np.isfinite(given) & (given >= 0.0)).all():
            raise ValueError(f"load_w: {meters} finite numbers of 0 or more are needed")
        return np.concatenate(([0.0], given))

    def _drawn_spread(self) -> Real:
        """Log-normal, one draw for each two modules, (modules, modules)."""
        n = len(self._modules.bus)
        drawn_db = self._streams.named("hplc/spread").normal(0.0, assumed("channel.spread_db"), (n, n))
        upper = np.triu(drawn_db, 1)
        spread: Real = 10.0 ** ((upper + upper.T) / 10.0)
        return spread

    def _gains(self, loads: Real) -> Gains:
        found = gains(self._tree, self._modules, self._f_hz, loads, self._streams)
        if self._multipath is None:
            return found
        shape = np.abs(transfer(REFERENCE_SETS[self._multipath], self._f_hz))
        shape = (shape / np.sqrt((shape**2).mean())).astype(np.float32)
        flat = np.ones_like(shape)
        module, meeting = found.module.mean(axis=1), found.meeting.mean(axis=1)
        return Gains(module=module[:, None] * shape, meeting=meeting[:, None] * flat)

    def _table(self, way: Gains, coupled: Float32, receiving: Float32, stale: npt.NDArray[np.bool_], before: LinkTable | None) -> LinkTable:
        """Row by row, so that no array over pairs and carriers is ever held."""
        n = len(coupled)
        np.fill_diagonal(stale, False)
        if before is None:
            mean_db, loss_db = np.full((n, n), -np.inf, dtype=np.float32), np.full((n, n), np.inf, dtype=np.float32)
            hears = np.zeros((n, n), dtype=np.bool_)
            success = {tmi: np.zeros((n, n), dtype=np.float32) for tmi in self._reception.tmis}
        else:
            mean_db, loss_db, hears = before.mean_snr_db.copy(), before.attenuation_db.copy(), before.hears.copy()
            success = {tmi: found.copy() for tmi, found in before.success.items()}
        meeting_bus = self._tree.ancestors[self._modules.bus]
        for sender in np.flatnonzero(stale.any(axis=1)).tolist():
            to = np.flatnonzero(stale[sender])
            meeting = way.meeting[meeting_bus[sender, self._depth[sender, to]]]
            gain = way.module[sender] * meeting * way.module[to] * coupled[sender, to, None]
            np.minimum(gain, np.float32(1.0), out=gain)        # the spread may lift a short link above what wires can do
            received = self._reception.of_links(gain * receiving[to])
            with np.errstate(divide="ignore"):
                loss_db[sender, to] = -10.0 * np.log10(gain.mean(axis=1))
            mean_db[sender, to], hears[sender, to] = received.mean_snr_db, received.preamble >= 0.5
            for tmi, rate in received.success.items():
                success[tmi][sender, to] = rate
        return LinkTable(band=self._band, mean_snr_db=mean_db, success=success, hears=hears, attenuation_db=loss_db)


def _check(band: int, tmis: Sequence[int], noise: str, multipath: str | None) -> None:
    problems = []
    if band not in range(len(BANDS)):
        problems.append(f"band {band}: 0 to 3 are possible")
    else:
        unusable = [tmi for tmi in tmis if tmi not in range(15) or max_pbs(tmi, band) == 0]
        problems += [f"TMI {tmi}: cannot be used in band {band}" for tmi in unusable]
    if noise not in LEVELS:
        problems.append(f"noise {noise!r}: {', '.join(LEVELS)} are possible")
    if multipath is not None and multipath not in REFERENCE_SETS:
        problems.append(f"multipath {multipath!r}: {', '.join(REFERENCE_SETS)} are possible")
    if problems:
        raise ConfigError(problems)
