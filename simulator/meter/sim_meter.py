"""One simulated meter: answers read requests with the registers of its profile."""

from __future__ import annotations

from collections.abc import Sequence

from edge_agent.wire.modbus import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    READ_FUNCTIONS,
    ReadRequest,
    Reply,
)
from firmware_profiles.coding import encode_point
from firmware_profiles.schema import TEXT, Profile
from simulator.load.sources import Source
from simulator.meter.quantities import columns_of

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
        self._last_block_address = last_block_address
        self._energy_wh = self._reactive_energy_varh = 0.0
        self._position: int | None = None
        self._versions: object = None
        self._words: dict[int, dict[int, bytes]] = {}     # function -> address -> the two bytes of a register

    def answer(self, request: ReadRequest) -> Reply | None:
        """The reply to ``request``, None for silence."""
        position = self.sources[0].position()
        if not self.supply or position is None:
            return None
        if request.function not in READ_FUNCTIONS:
            return self._refuse(request, ILLEGAL_FUNCTION)
        if not 1 <= request.count <= self.profile.limits.max_words:
            return self._refuse(request, ILLEGAL_VALUE)
        versions = tuple(source.version() for source in self.sources)
        if versions != self._versions:
            self._versions = versions
            self._move_to(position)
        registers = self._registers(request.function)
        data = bytearray()
        for address in range(request.address, request.address + request.count):
            word = registers.get(address)
            if word is None:
                return self._refuse(request, ILLEGAL_ADDRESS)
            data += word
        self.replies += 1
        last = self._last_block_address
        if last is not None and request.address <= last < request.address + request.count:
            self.full_reads += 1
            for source in self.sources:
                source.full_read_done()
        return Reply(unit=request.unit, function=request.function, data=bytes(data))

    def active_power_w(self) -> float:
        """What the meter measures now, all phases; 0 where the recording is blank or the supply is cut."""
        return sum(source.row().active_power_w or 0.0 for source in self.sources) if self.supply else 0.0

    def _refuse(self, request: ReadRequest, code: int) -> Reply:
        return Reply(unit=request.unit, function=request.function, exception=code)

    def _registers(self, function: int) -> dict[int, bytes]:
        if function in self._words or function not in self.profile.also_functions:
            return self._words.get(function, {})
        return next(iter(self._words.values()))

    def _move_to(self, position: int) -> None:
        """Take the row of ``position`` into the registers; what flowed since the last row goes into the energies."""
        rows = [source.row() for source in self.sources]
        if self._position is not None:
            hours = max(0, position - self._position) * self.sources[0].step_s / _SECONDS_PER_HOUR
            self._energy_wh += max(0.0, sum(row.active_power_w or 0.0 for row in rows)) * hours
            self._reactive_energy_varh += max(0.0, sum(row.reactive_power_var or 0.0 for row in rows)) * hours
        self._position = position
        columns = columns_of(rows, energy_wh=self._energy_wh, reactive_energy_varh=self._reactive_energy_varh)
        for function in {point.function for point in self.profile.points}:
            self._words[function] = self._image(function, columns)

    def _image(self, function: int, columns: dict[str, float | None]) -> dict[int, bytes]:
        points = sorted((point for point in self.profile.points if point.function == function), key=lambda point: point.address)
        image = dict(self._words.get(function, {}))
        end = None
        for point in points:
            if end is not None and 0 < point.address - end <= self.profile.limits.max_gap_words:
                for address in range(end, point.address):
                    image.setdefault(address, b"\0\0")        # such meters fill holes
            end = max(end or 0, point.address + point.words)
            try:
                data = bytes(2 * point.words) if point.type == TEXT else encode_point(point, columns.get(point.key, 0.0))
            except ValueError:
                # no marker for "not available", or too large for the register: such a meter keeps its last value
                data = b"".join(image.get(point.address + word, b"\0\0") for word in range(point.words))
            for word in range(point.words):
                image[point.address + word] = data[2 * word : 2 * word + 2]
        return image
