"""Our households beside measured ones: the 100 one-minute profiles of the IEEE feeder and the UCI house. Writes docs/loads.md and its plot.

    python -m benchmarks.simulator.loads IEEE_FOLDER UCI_CSV [--out docs]

It compares and does not tune: what differs is written down as it is.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from simulator.load.household import make_household
from simulator.load.streams import Streams
from simulator.load.weather import Weather

Real = npt.NDArray[np.float64]
HOMES, DAY = 100, 1440
LAGS_MIN = (1, 5, 15, 60, 240)
CROWDS = (1, 2, 5, 10, 20, 50, 100)
_SHUFFLES = 20


def our_homes(*, first_day: int, days: int, step_min: int = 1) -> Real:
    """kW, shape (HOMES, steps)."""
    streams = Streams(1)
    weather = Weather.drawn(streams, first_day=first_day, days=days)
    return np.array([
        make_household(
            streams, f"h{number}", weather, people=int(streams.named(f"h{number}/people").integers(1, 6)),
            has_electric_heating=number % 7 == 0,
        ).mean_power(0.0, 60.0 * step_min, days * DAY // step_min)[0] / 1000.0
        for number in range(HOMES)
    ])


def ieee_homes(folder: Path) -> Real:
    """kW, shape (100, 1440): one day."""
    with np.load(folder / "load_profiles.npz") as file:
        profiles: Real = file["profiles_1min_kw"].T
    return profiles


def uci_house(path: Path) -> Real:
    """kW of each minute from the first midnight on; blank minutes hold the last value."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    midnight = next(number for number, row in enumerate(rows) if row["Datetime"].endswith(" 00:00:00"))
    values = [row["Global_active_power"] for row in rows[midnight:]]
    kw = np.array([float(value) if value and value != "?" else np.nan for value in values])
    known = np.where(np.isnan(kw), 0, np.arange(len(kw)))
    return kw[np.maximum.accumulate(known)]


def diversity(kw: Real) -> list[float]:
    """Highest demand of each home, after 1, 2, 5 … homes are added up; mean over shuffles."""
    chance = np.random.default_rng(3)
    found = []
    for crowd in CROWDS:
        peaks = [kw[chance.permutation(len(kw))[:crowd]].sum(axis=0).max() / crowd for _ in range(_SHUFFLES)]
        found.append(float(np.mean(peaks)))
    return found


def half_hours(kw: Real) -> Real:
    return kw.reshape(len(kw), -1, 30).mean(axis=2)


def autocorrelation(kw: Real) -> list[float]:
    """Mean over homes, at LAGS_MIN."""
    found = []
    for lag in LAGS_MIN:
        each = [np.corrcoef(home[:-lag], home[lag:])[0, 1] for home in kw if home.std() > 0]
        found.append(float(np.mean(each)))
    return found


def spectrum(kw: Real) -> tuple[Real, Real]:
    """Periods in minutes and mean power density of a day, homes normalised to variance 1."""
    days = kw.reshape(-1, DAY)
    days = days[days.std(axis=1) > 0]
    normal = (days - days.mean(axis=1, keepdims=True)) / days.std(axis=1, keepdims=True)
    density = (np.abs(np.fft.rfft(normal, axis=1)) ** 2).mean(axis=0) / DAY
    return DAY / np.arange(1, DAY // 2 + 1), density[1:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ieee", type=Path)
    parser.add_argument("uci", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs"))
    arguments = parser.parse_args()
    winter, ieee, uci = our_homes(first_day=20, days=1), ieee_homes(arguments.ieee), uci_house(arguments.uci)
    year = our_homes(first_day=0, days=365, step_min=30)
    uci_days = uci[: len(uci) // DAY * DAY].reshape(-1, DAY)
    sets = {"ours, a January day": winter, "IEEE, its day": ieee, "UCI house, each day": uci_days}
    (arguments.out / "loads.md").write_text(_page(year, sets), encoding="utf-8")
    _plot(arguments.out / "loads.png", sets)
    print(f"{arguments.out / 'loads.md'} and loads.png written")
    return 0


def _page(year: Real, sets: dict[str, Real]) -> str:
    annual = year.mean(axis=1) * 8760.0
    factor, alone = year.sum(axis=0).mean() / year.sum(axis=0).max(), np.mean(year.mean(axis=1) / year.max(axis=1))
    low, high = np.percentile(annual, (10, 90))
    lines = [
        "# Our households beside measured ones", "",
        "Written by `python -m benchmarks.simulator.loads`; nothing was tuned after looking. The IEEE profiles are British homes on one",
        "day, the UCI house is one French house with electric heating, ours are meant for China: they need not agree, but they should be",
        "alike in kind.", "",
        f"100 homes of ours over a year: {annual.mean():.0f} kWh in the mean ({low:.0f} to {high:.0f} for eight of ten), load factor",
        f"of all together {factor:.2f}, of one alone {alone:.2f} (half-hours).", "",
        "| | " + " | ".join(sets) + " |", "|---|" + "---|" * len(sets),
        "| mean, kW | " + " | ".join(f"{kw.mean():.2f}" for kw in sets.values()) + " |",
        "| highest minute of a home (or day), mean kW | " + " | ".join(f"{kw.max(axis=1).mean():.2f}" for kw in sets.values()) + " |",
        "| minutes below 0.2 kW | " + " | ".join(f"{100 * (kw < 0.2).mean():.0f} %" for kw in sets.values()) + " |",
    ]
    shares = {name: autocorrelation(kw) for name, kw in sets.items()}
    lines += [
        f"| correlation with {lag} min later | " + " | ".join(f"{found[place]:.2f}" for found in shares.values()) + " |"
        for place, lag in enumerate(LAGS_MIN)
    ]
    ours, ieee, *_ = sets.values()
    lines += ["", "Highest half-hour of each home when homes are added up (after-diversity maximum demand), kW:", ""]
    lines += ["| homes | " + " | ".join(map(str, CROWDS)) + " |", "|---|" + "---|" * len(CROWDS)]
    for name, kw in (("ours", ours), ("IEEE", ieee)):
        lines.append(f"| {name} | " + " | ".join(f"{peak:.2f}" for peak in diversity(half_hours(kw))) + " |")
    return "\n".join([*lines, "", "![mean day, diversity, spectrum](loads.png)", ""])


def _plot(path: Path, sets: dict[str, Real]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (day, crowd, density) = pyplot.subplots(1, 3, figsize=(15, 4.2))
    for name, kw in sets.items():
        day.plot(np.arange(48) / 2.0, half_hours(kw).mean(axis=0), label=name)
        if len(kw) >= max(CROWDS) and not name.startswith("UCI"):
            crowd.plot(CROWDS, diversity(half_hours(kw)), "o-", label=name)
        density.loglog(*spectrum(kw), label=name)
    for axes, title, x, y in (
        (day, "mean day", "hour", "kW"), (crowd, "highest half-hour of each home", "homes", "kW"), (density, "spectrum", "period, min", ""),
    ):
        axes.set_title(title)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(alpha=0.3)
    crowd.set_xscale("log")
    density.invert_xaxis()
    day.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    sys.exit(main())
