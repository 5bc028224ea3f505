"""One simulated meter on a recording: answers read requests with the registers of its profile."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.wire.modbus import ReadRequest, Reply
from firmware_profiles.schema import Profile
from simulator.load.sources import Source
from simulator.meter.quantities import columns_of
from simulator.meter.registers import Registers

_SECONDS_PER_HOUR = 3600.0


class SimMeter:
    """A meter whose phases see ``sources`` (one, or three for a three-phase profile).

    A full read is complete when a reply covers ``last_block_address``; a stepped source then moves to its next row, and ``full_reads``
    counts it. ``supply`` False: the meter is dark and silent.
    """

    def __init__(self, profile: Profile, sources: Sequence[Source], *, last_block_address: int | None = None) -> None:
        self.profile, self.sources = profile, tuple(sources)
        self.supply = True
        self.replies = self.full_reads = 0
        self._registers = Registers(profile)
        self._last_block_address = last_block_address
        self._energy_wh = self._reactive_energy_varh = 0.0
        self._position: int | None = None
        self._versions: object = None

    def answer(self, request: ReadRequest) -> Reply | None:
        """The reply to ``request``, None for silence."""
        position = self.sources[0].position()
        if not self.supply or position is None:
            return None
        versions = tuple(source.version() for source in self.sources)
        if versions != self._versions:
            self._versions = versions
            self._move_to(position)
        reply = self._registers.read(request)
        if reply.exception is not None:
            return reply
        self.replies += 1
        last = self._last_block_address
        if last is not None and request.address <= last < request.address + request.count:
            self.full_reads += 1
            for source in self.sources:
                source.full_read_done()
        return reply

    def active_power_w(self) -> float:
        """What the meter measures now, all phases; 0 where the recording is blank or the supply is cut."""
        return sum(source.row().active_power_w or 0.0 for source in self.sources) if self.supply else 0.0

    def _move_to(self, position: int) -> None:
        """Take the row of ``position`` into the registers; what flowed since the last row goes into the energies."""
        rows = [source.row() for source in self.sources]
        if self._position is not None:
            hours = max(0, position - self._position) * self.sources[0].step_s / _SECONDS_PER_HOUR
            self._energy_wh += max(0.0, sum(row.active_power_w or 0.0 for row in rows)) * hours
            self._reactive_energy_varh += max(0.0, sum(row.reactive_power_var or 0.0 for row in rows)) * hours
        self._position = position
        self._registers.load(columns_of(rows, energy_wh=self._energy_wh, reactive_energy_varh=self._reactive_energy_varh))
