"""Noise at each module: coloured background, narrow-band interferers, and what running appliances add. Power densities in dBm/Hz.

Background: Esmailian et al. 2003, a + b |f_MHz|^c, capped below its range as ns-3's PLC examples do. Interferers: Benyoucef 2003.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.hplc.assumptions import assumed, assumed_row
from simulator.hplc.channel.tree import Modules
from simulator.load.streams import Streams

Real = npt.NDArray[np.float64]
BEST, WORST = np.array((-140.0, 38.75, -0.720)), np.array((-145.0, 53.23, -0.337))
CAP_DBM_HZ = -90.0
LEVELS = ("quiet", "normal", "heavy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interferers:
    """What is drawn for each 10 MHz block of a kind of building: count N(mean, sd) not below 0, width exponential from a minimum, height.

    ``is_uniform``: the height lies between ``height_db``'s two numbers; otherwise they are mean and standard deviation, not below 0.
    """

    count: tuple[float, float]
    width_mhz: tuple[float, float]
    height_db: tuple[float, float]
    is_uniform: bool = False


# Table of Benyoucef 2003; the block of f_MHz // 10
BUILDINGS: dict[str, tuple[Interferers, Interferers]] = {
    "home": (
        Interferers(count=(0.88, 5.47), width_mhz=(0.20, 0.23), height_db=(0.97, 54.4), is_uniform=True),
        Interferers(count=(0.35, 3.94), width_mhz=(0.18, 0.23), height_db=(9.6, 23.2)),
    ),
    "office": (
        Interferers(count=(1.0, 6.94), width_mhz=(0.30, 0.19), height_db=(6.5, 19.2)),
        Interferers(count=(0.69, 3.64), width_mhz=(0.45, 0.19), height_db=(4.8, 16.6)),
    ),
}


def background_dbm_hz(f_hz: npt.ArrayLike, a: float, b: float, c: float) -> Real:
    """The fit itself with its cap."""
    f_mhz = np.asarray(f_hz, dtype=np.float64) / 1e6
    density: Real = np.minimum(a + b * np.abs(f_mhz) ** c, CAP_DBM_HZ)
    return density


def narrow_band_db(f_hz: Real, chance: np.random.Generator, *, building: str = "home", share: float = 1.0) -> Real:
    """What interferers add to the background, in dB. Of one ``chance`` a larger ``share`` keeps those of a smaller one and adds others.

    One interferer alone has the published shape in dB; of several, being independent, the powers add.
    """
    power = np.ones(len(f_hz))
    for block, kind in enumerate(BUILDINGS[building]):
        count = round(max(0.0, chance.normal(*kind.count)))
        middle_mhz = 10.0 * block + 10.0 * chance.random(count)
        width_mhz = kind.width_mhz[1] + chance.exponential(kind.width_mhz[0], count)
        height_db = chance.uniform(*kind.height_db, count) if kind.is_uniform else np.maximum(chance.normal(*kind.height_db, count), 0.0)
        kept = slice(round(share * count))
        offset = (f_hz[:, None] / 1e6 - middle_mhz[kept]) / width_mhz[kept]
        power += (10.0 ** (height_db[kept] * np.exp(-0.5 * offset**2) / 10.0) - 1.0).sum(axis=1)
    added: Real = 10.0 * np.log10(power)
    return added


def noise_dbm_hz(modules: Modules, f_hz: Real, *, level: str, load_w: Real, streams: Streams) -> Real:
    """Mean density at each module, (modules, carriers).

    Args:
        level: "quiet", "normal" or "heavy": presets of the assumptions.
        load_w: (modules,), what runs behind each meter now; a dark meter runs nothing.
    """
    low, high = assumed_row(f"noise.{level}.background")
    share = assumed(f"noise.{level}.interferers")
    by_box = {
        box: narrow_band_db(f_hz, streams.named(f"hplc/interferers/{box}"), share=share) for box in set(modules.box.tolist())
    }
    density = np.empty((len(modules.bus), len(f_hz)))
    for row, name in enumerate(modules.names):
        part = streams.named(f"hplc/background/{name}").random(3)
        a, b, c = BEST + (WORST - BEST) * (low + (high - low) * part)
        density[row] = background_dbm_hz(f_hz, a, b, c) + by_box[int(modules.box[row])]
    return density + appliance_noise_db(modules, load_w)[:, None]


def appliance_noise_db(modules: Modules, load_w: Real) -> Real:
    """What running loads add to the background, (modules,), in dB; negative where less runs than usual, as in an area that is dark.

    A background measured in a living network holds the usual appliances already. Neighbours in the box count less, the rest of the area
    counts at the transformer only.
    """
    in_box = np.bincount(modules.box[1:], weights=load_w[1:], minlength=int(modules.box.max()) + 1)
    near_w = load_w + assumed("noise.box_share") * (in_box[modules.box] - load_w)
    near_w[0] = assumed("noise.area_share") * load_w[1:].sum()
    floor_w, usual_w = assumed("noise.floor_w"), assumed("noise.usual_w")
    extra: Real = 10.0 * np.log10((floor_w + near_w) / (floor_w + usual_w))
    return extra
