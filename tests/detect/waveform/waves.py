"""Windows of current in closed form: no circuit is solved, an arc is a voltage with the sign of the current that strikes late."""

import numpy as np

from edge_agent.model import Archive, Meter, TimeSource, Waveform

T0 = 1_790_000_000_000
RATE_HZ, MAINS_HZ, PEAK_V = 12_800.0, 50.0, 325.0
PER_HALF = 128


def archive(n: int = 2, ids=None) -> Archive:
    ids = ids or [f"m{index}" for index in range(n)]
    return Archive("area-1", tuple(Meter(id=name, index=index, profile="p", bus="b", phases="abc") for index, name in enumerate(ids)))


def current(arcing, *, amperes: float = 10.0, seed: int = 1, noise_a: float = 0.005, level=1.0) -> np.ndarray:
    """A resistive load of ``amperes`` rms, times ``level`` (one, or one for each half cycle); where ``arcing`` half cycles of it arc.

    In an arc 20 to 40 V are lost, and nothing flows before 20 to 100 V are there.
    """
    chance = np.random.default_rng(seed)
    ohm = PEAK_V / np.sqrt(2) / amperes
    levels = np.broadcast_to(level, len(arcing))
    out = np.empty(len(arcing) * PER_HALF)
    for half, is_arcing in enumerate(arcing):
        volts = PEAK_V * np.sin(np.pi * np.arange(PER_HALF) / PER_HALF)
        arc_v, strike_v = chance.uniform(20, 40), chance.uniform(50, 100)
        if is_arcing:
            struck = np.maximum.accumulate(volts >= strike_v)
            volts = np.where(struck, np.maximum(volts - arc_v, 0.0), 0.0)
        out[half * PER_HALF : (half + 1) * PER_HALF] = (-1) ** half * levels[half] * volts / ohm
    return out + chance.normal(0, noise_a, len(out))


def voltage(half_cycles: int, level=1.0) -> np.ndarray:
    levels = np.repeat(np.broadcast_to(level, half_cycles), PER_HALF)
    return levels * PEAK_V * np.sin(np.pi * np.arange(half_cycles * PER_HALF) / PER_HALF)


def windows(current_a, *, meter=0, phase="a", cycles=10, begin_s=0.0, every_s=None, sequence=0, voltage_v=None, rate_hz=RATE_HZ):
    """The current cut into windows that follow each other, or one each ``every_s``."""
    size = round(cycles * rate_hz / MAINS_HZ)
    for number in range(len(current_a) // size):
        part = slice(number * size, (number + 1) * size)
        at_s = begin_s + number * (size / rate_hz if every_s is None else every_s)
        yield Waveform(
            meter=meter, phase=phase, taken_utc_ms=T0 + round(1000 * at_s), time_source=TimeSource.NTP, rate_hz=rate_hz, mains_hz=MAINS_HZ,
            sequence=sequence + number, current_a=current_a[part].astype(np.float32),
            voltage_v=None if voltage_v is None else voltage_v[part].astype(np.float32),
        )


def pattern(quiet: int, arcs: int, rest: int, *, share: float = 0.85, seed: int = 3) -> list[bool]:
    """Quiet half cycles, then such of which a share arcs, then quiet ones."""
    chance = np.random.default_rng(seed)
    return [False] * quiet + (chance.random(arcs) < share).tolist() + [False] * rest
