"""What the agent says about itself: birth, state, health."""

from __future__ import annotations

import dataclasses
import hashlib
import resource
from collections.abc import Sequence
from importlib.metadata import version

import cython_ext
from edge_agent.acquire import BusReader
from edge_agent.acquire.cco import CcoReader
from edge_agent.config import Config, MeterConfig
from edge_agent.contract import Birth, BusHealth, Header, Health, MeterGroup, QuantityInfo, State, encode
from edge_agent.contract.envelope import utc_text
from edge_agent.contract.messages import SCHEMA_VERSION
from edge_agent.journal import Journal
from edge_agent.model import COLUMNS, Clock, Role
from edge_agent.publish.publisher import Protocol, Status
from edge_agent.publish.sender import Sender
from firmware_profiles.quantities import QUANTITIES
from firmware_profiles.schema import Profile

VERSION = version("hplc-edge")
_PAGE_BYTES = resource.getpagesize()


class Announcer:
    """Builds the messages; says nothing itself."""

    def __init__(self, config: Config, header: Header, journal: Journal, clock: Clock) -> None:
        self._config, self._header, self._journal, self._clock = config, header, journal, clock
        self._started_s = clock.monotonic_s()
        self._birth = self._make_birth()
        self._birth_hash = hashlib.sha256(self._birth).hexdigest()[:16]

    def birth(self) -> bytes:
        return self._birth

    def state(self, status: Status, conn: int, protocol: Protocol) -> bytes:
        header = self._header
        return encode(
            State(
                v=1,
                agent=header.agent,
                status=status,
                epoch=header.epoch,
                conn=conn,
                boot=header.boot,
                ts=utc_text(self._clock.utc_ms()),
                version=VERSION,
                mqtt=protocol,
                refusals_visible=protocol == "5",
                birth_sha256=self._birth_hash,
                backlog=self._journal.stats().backlog,
                sim=header.sim,
            )
        )

    def health(self, readers: Sequence[BusReader | CcoReader], answering: int, sender: Sender, extra: dict[str, int], supply: str) -> bytes:
        stats = self._journal.stats()
        counters = sender.counters
        publish = {"sent": counters.sent, "acked": counters.acked, "refused": counters.refused, "in_flight": sender.in_flight, **extra}
        return encode(
            Health(
                v=1,
                agent=self._header.agent,
                ts=utc_text(self._clock.utc_ms()),
                uptime_s=self._clock.monotonic_s() - self._started_s,
                rss_bytes=rss_bytes(),
                compiled=cython_ext.COMPILED,
                meters=len(self._config.meters),
                meters_answering=answering,
                backlog=stats.backlog,
                journal_bytes=stats.size_bytes,
                publish=publish,
                supply=supply,
                sim=self._header.sim,
                buses={
                    reader.name: BusHealth(up=reader.is_up, counters=dataclasses.asdict(reader.counters))
                    for reader in readers
                },
            )
        )

    def _make_birth(self) -> bytes:
        config, header = self._config, self._header
        by_profile: dict[str, list[MeterConfig]] = {}
        for entry in config.meters:
            by_profile.setdefault(entry.profile.name, []).append(entry)
        return encode(
            Birth(
                v=1,
                schema_version=SCHEMA_VERSION,
                agent=header.agent,
                area=config.agent.area,
                epoch=header.epoch,
                boot=header.boot,
                ts=utc_text(self._clock.utc_ms()),
                version=VERSION,
                clock=self._clock.time_source.value,
                sim=header.sim,
                groups=[
                    MeterGroup(
                        profile=name,
                        model=entries[0].profile.meter,
                        quantities=_quantities(entries[0].profile),
                        meters=[entry.meter.id for entry in entries],
                    )
                    for name, entries in by_profile.items()
                ],
                nodes={
                    node: [config.archive.meters[index].id for index in config.archive.members(node)]
                    for node in sorted({meter.node for meter in config.archive.meters if meter.node})
                },
                area_meters=[meter.id for meter in config.archive.meters if meter.role is Role.AREA],
            )
        )


def _quantities(profile: Profile) -> dict[str, QuantityInfo]:
    """Columns that meters of this profile give, in the order of the quantity list."""
    points = {point.column: point for point in profile.all_points if point.column is not None and point.poll != "never"}
    found = {}
    for column in COLUMNS:
        point = points.get(column)
        if point is None:
            continue
        quantity = QUANTITIES[point.quantity]
        found[column] = QuantityInfo(unit=quantity.unit, obis=dict(quantity.obis).get(point.place, ""), resolution=point.resolution)
    return found


def rss_bytes() -> int:
    """Resident memory of this process now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * _PAGE_BYTES
