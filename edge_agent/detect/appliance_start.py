"""What a start-up window of current says about the appliance: its level over time and its ripple, free of scale and offset.

A window is first reduced to ten points a mains cycle (``rectified``): more points would tell the waveform of one sensor from another's
before they tell appliances apart. The reduction is that of the public PLAID series (UCR edition), inferred from them: its resistive
heaters have a ripple of 0.154..0.157 at twice mains, where 4/5 of a half cycle of a rectified sine gives 0.155..0.157 and 0.72 or
0.84 of one would give 0.23 or 0.12.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

POINTS = 5              # a half cycle of mains
SHORTEST = 50           # points: five cycles
_AVERAGED = 4           # points that each point is averaged over
_EDGE = 3               # points at the end that the averaging of a cut window spoils
_TAIL = 100             # points: ten cycles of what the appliance settles at
_IDLE_SHARE = 0.02      # quantile that stands for the level before the start; a start-up window has at least this much of it
_OFF_SHARE = 0.01       # of the highest point: less at the end is switched off
_NEGATIVE = 0.05        # of what is drawn: a rectified current is below zero only by the noise of its sensor; more says it was shifted
_BEGIN = 0.2            # of the settled level: the appliance has started
_AFTER_HALF_CYCLES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
_QUARTERS = (0.1, 0.5, 0.9)

START_FEATURES = (
    "started",
    *(f"level_after_{n}" for n in _AFTER_HALF_CYCLES),
    "level_max", "level_max_at", "level_min_after_max", "level_max_late", "level_slope", "level_deviation", "level_change",
    "level_change_max", "level_fall_early", "level_fall_late", "settled_at", "share_above_1.2", "share_below_0.8", "share_below_0.4",
    *(f"level_q{q}" for q in _QUARTERS),
    "point_first", "point_second", "point_third", "point_max", "point_max_at", "point_max_first_half_cycle", "spike_over_level",
    "ripple", "ripple_second", "ripple_second_share", "ripple_phase", "half_cycles_differ", "half_cycles_differ_third",
    "ripple_early", "ripple_second_early", "ripple_growth", "unsteady", "unsteady_slow", "cycle_change", "full_cycle_change",
    "point_change_max", "ripple_top",
)


def rectified(current_a: npt.ArrayLike, rate_hz: float, mains_hz: float) -> Floats:
    """Mean of \\|i\\| over 4/5 of a half cycle of mains, every 1/5 of one: ten points a cycle.

    Args:
        current_a: shape (n,), evenly spaced; NaN is taken as 0 A.
    Returns:
        shape (about 10 n mains_hz / rate_hz,), amperes.
    Raises:
        ValueError: fewer than ten samples a cycle, or a window of less than five cycles.
    """
    samples = np.abs(np.nan_to_num(np.asarray(current_a, dtype=np.float64), posinf=0.0, neginf=0.0))
    hop = rate_hz / (2 * POINTS * mains_hz)
    if not (np.isfinite(hop) and hop >= 1.0):
        raise ValueError(f"{rate_hz} Hz is less than ten samples a cycle of {mains_hz} Hz")
    count = int((len(samples) - _AVERAGED * hop) // hop) + 1
    if count < SHORTEST:
        raise ValueError(f"{len(samples)} samples are less than the five cycles of mains that are needed")
    total = np.concatenate(([0.0], np.cumsum(samples)))
    edges = np.arange(count) * hop
    at = np.arange(len(total))
    result: Floats = (np.interp(edges + _AVERAGED * hop, at, total) - np.interp(edges, at, total)) / (_AVERAGED * hop)
    return result


def start_features(points: npt.ArrayLike) -> Floats:
    """Shape (len(START_FEATURES),); the same for ``a * points`` with a > 0, and for ``a * points + b`` where the start is in the window.

    Args:
        points: shape (n,), n >= SHORTEST, ten a mains cycle as ``rectified`` gives them. The start may be anywhere in it, or before
            it: then 0 is taken for no current, or the lowest point where points are negative.
    Raises:
        ValueError: too short, not finite, or without any change.
    """
    x = np.asarray(points, dtype=np.float64)
    if x.ndim != 1 or len(x) < SHORTEST or not np.isfinite(x).all():
        raise ValueError(f"a start-up window needs at least {SHORTEST} finite points")
    x = x[: len(x) - _EDGE]
    lowest = float(np.quantile(x, _IDLE_SHARE))
    level = _settled(x)
    drawn = level - lowest
    if drawn <= _OFF_SHARE * float(x.max() - lowest):     # switched off again before the end: what it drew at most
        drawn = float(x.max()) - lowest
    begin = int(np.argmax(x > lowest + _BEGIN * drawn))
    if begin < POINTS:
        begin = 0
        lowest = 0.0 if lowest >= -_NEGATIVE * drawn else lowest
    else:
        lowest = float(x[: begin - 2].mean())
    begin = min(begin, len(x) - 4 * POINTS)
    settled = level - lowest
    if settled <= _OFF_SHARE * float(x.max() - lowest):
        settled = float(x.max()) - lowest
    if not settled > 0.0:
        raise ValueError("the window has no current in it")
    x = (x - lowest) / settled
    return np.array([float(begin > 0), *_levels(x[begin:]), *_first_points(x[begin:]), *_ripple(x, begin)])


def _settled(x: Floats) -> float:
    """Median of the half-cycle means of the tail: of the points alone it would move with their phase against mains."""
    tail = x[-_TAIL:]
    return float(np.median(tail[len(tail) % POINTS:].reshape(-1, POINTS).mean(axis=1)))


def _levels(after: Floats) -> list[float]:
    total = np.concatenate(([0.0], np.cumsum(after)))
    level = (total[POINTS:] - total[:-POINTS]) / POINTS
    last = len(level) - 1
    late, top = level[len(level) // 2:], int(np.argmax(level))
    change = np.abs(np.diff(level))
    off = np.flatnonzero(np.abs(level - 1.0) > 0.1)
    before = max(len(level) // 4, 21)
    slope = level[-20:].mean() - level[-before - 20:-before].mean() if len(level) > before + 20 else 0.0
    return [
        *(level[min(n * POINTS, last)] for n in _AFTER_HALF_CYCLES),
        level[top], top, level[top:].min(), level[min(3 * POINTS, last):].max(), slope,
        late.std(), np.abs(np.diff(late)).mean() if len(late) > 1 else 0.0, change[2 * POINTS:].max(initial=0.0),
        level[min(2 * POINTS, last)] - level[min(8 * POINTS, last)], level[min(8 * POINTS, last)] - level[min(32 * POINTS, last)],
        off[-1] if len(off) else -1, (level > 1.2).mean(), (level < 0.8).mean(), (level < 0.4).mean(),
        *np.quantile(level[len(level) // 4:], _QUARTERS),
    ]


def _first_points(after: Floats) -> list[float]:
    top = int(np.argmax(after))
    around = after[max(top - 2, 0): top + 3].mean()
    return [*after[:3], after[top], top, after[:POINTS].max(), after[top] / max(around, 1e-9)]


def _ripple(x: Floats, begin: int) -> list[float]:
    tail = x[-min(_TAIL, len(x) - begin):]
    tail = tail[len(tail) % (2 * POINTS):]
    cycles = len(tail) // (2 * POINTS)
    line = np.linspace(-1.0, 1.0, len(tail))
    flat = tail - tail.mean() - line * (line @ tail) / (line @ line)
    parts = np.fft.rfft(flat) * (2.0 / len(tail))
    size = np.abs(parts)
    first, second = parts[2 * cycles], parts[4 * cycles]
    named = size[[cycles, 2 * cycles, 3 * cycles, 4 * cycles]]
    turn = second * np.conj(first) ** 2
    half_cycles = tail.reshape(-1, POINTS)
    early = x[begin + POINTS: begin + 4 * POINTS + POINTS]
    early = early[: len(early) // POINTS * POINTS]
    early_parts = np.abs(np.fft.rfft(early - early.mean())) * (2.0 / len(early) / max(abs(early.mean()), 1e-3))
    of_early = len(early) // POINTS
    return [
        named[1], named[3], named[3] / max(named[1], 1e-9), turn.real / max(abs(turn), 1e-30), named[0], named[2],
        early_parts[of_early], early_parts[2 * of_early], named[1] - early_parts[of_early],
        np.sqrt(max((size**2).sum() - (named**2).sum(), 0.0)), np.sqrt((size[1:cycles] ** 2).sum()),
        np.abs(np.diff(half_cycles, axis=0)).mean(), np.abs(half_cycles[2:] - half_cycles[:-2]).mean() if len(half_cycles) > 2 else 0.0,
        np.abs(np.diff(tail)).max(), half_cycles.mean(axis=0).max(),
    ]
