"""``[[waveform]]``: which channel of which sensing unit senses which meter's circuit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge_agent.acquire.waveform_source import Sensed, waveform_path
from edge_agent.errors import ConfigError
from edge_agent.model import Meter
from edge_agent.strict_table import fill

_CHANNELS = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveformTable:
    """``url``: ``unix:///path`` of the socket that the unit's driver serves, or ``file:///path`` of recorded frames.

    ``uid``: the user who serves the socket, where it is neither root nor the agent's own.
    """

    url: str
    meter: str
    phase: str = "a"
    channel: int = 0
    uid: int | None = None

    def __post_init__(self) -> None:
        if self.phase not in ("a", "b", "c"):
            raise ValueError(f"phase = {self.phase!r}: one of a, b, c")
        if not 0 <= self.channel < _CHANNELS:
            raise ValueError(f"channel = {self.channel}: 0 to {_CHANNELS - 1}")
        if self.uid is not None and self.uid < 0:
            raise ValueError(f"uid = {self.uid}: the number of a user")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitConfig:
    """One sensing unit, resolved."""

    url: str
    channels: Mapping[int, Sensed]
    uid: int | None


def read_waveforms(entries: object, meters: Sequence[Meter], problems: list[str]) -> tuple[UnitConfig, ...]:
    """The units that the ``[[waveform]]`` tables name; every problem in one line."""
    if not isinstance(entries, list):
        problems.append("[waveform]: write [[waveform]], once for each channel")
        return ()
    by_id = {meter.id: meter for meter in meters}
    channels: dict[str, dict[int, Sensed]] = {}
    uids: dict[str, int | None] = {}
    places: dict[Sensed, str] = {}
    for number, entry in enumerate(entries, start=1):
        where = f"[[waveform]] {number}"
        table = fill(WaveformTable, entry, where=where, problems=problems)
        if table is None:
            continue
        try:
            waveform_path(table.url)
        except ConfigError as exc:
            problems += [f"{where}: {problem}" for problem in exc.problems]
        meter = by_id.get(table.meter)
        if meter is None:
            problems.append(f"{where}: meter {table.meter!r} does not exist; name one of the [[meter]] tables")
            continue
        if table.phase not in meter.phases:
            problems.append(f"{where}: phase {table.phase!r}: meter {meter.id} has {meter.phases!r}")
        sensed = Sensed(meter=meter.index, phase=table.phase)
        of_unit = channels.setdefault(table.url, {})
        if table.channel in of_unit:
            problems.append(f"{where}: channel {table.channel} of {table.url} is named before; one channel senses one circuit")
        if sensed in places:
            problems.append(f"{where}: phase {table.phase} of meter {meter.id} is also {places[sensed]}; one circuit has one sensor")
        if uids.setdefault(table.url, table.uid) != table.uid:
            problems.append(f"{where}: uid differs from that of another channel of {table.url}")
        places.setdefault(sensed, where)
        of_unit[table.channel] = sensed
    return tuple(UnitConfig(url=url, channels=of_unit, uid=uids[url]) for url, of_unit in channels.items())
