"""What a DL/T 645 meter holds behind its identifiers: the points and blocks of its profile, filled from columns."""

from __future__ import annotations

from firmware_profiles.dlt645 import TEXT_LE, DataBlock, DataPoint
from firmware_profiles.dlt645_coding import encode_data_point
from firmware_profiles.schema import Profile
from simulator.meter.measures import Columns

_FIRST_TARIFF = ".t1"


class Memory645:
    """``tariffs``: how many an energy block gives behind the total (the standard allows 63, which takes two frames)."""

    def __init__(self, profile: Profile, *, tariffs: int = 4) -> None:
        self.profile, self._tariffs = profile, tariffs
        self._fields: dict[str, bytes] = {}
        self._blocks = {block.identifier: block for block in profile.data_blocks}

    def load(self, columns: Columns) -> None:
        """Take values by column, SI units; None or a column that nobody measures = not available.

        A meter without a tariff scheme counts everything in tariff 1, and nothing in the others.
        """
        for point in self.profile.data_points:
            self._fields[point.identifier] = self._field(point, columns)

    def read(self, identifier: str) -> bytes | None:
        """The payload of a reply, None where this meter has no such data."""
        block = self._blocks.get(identifier)
        return self._fields.get(identifier) if block is None else self._block(block)

    def _block(self, block: DataBlock) -> bytes:
        found = b"".join(self._fields.get(member.identifier, b"\xff" * member.size) for member in block.members)
        if not any(member.place.startswith("t") for member in block.members):
            return found
        size = block.members[-1].size
        held = len(block.members) - 1
        return found[: size * (1 + min(self._tariffs, held))] + bytes(size * max(0, self._tariffs - held))

    def _field(self, point: DataPoint, columns: Columns) -> bytes:
        if point.coding == TEXT_LE:
            return f"{self.profile.nominal_voltage_v:g}V".encode("ascii").ljust(point.byte_count)[::-1][: point.byte_count]
        try:
            return encode_data_point(point, _value(point, columns))
        except ValueError:
            # too large for its digits: such a meter keeps its last value
            return self._fields.get(point.identifier, b"\xff" * point.size)


def _value(point: DataPoint, columns: Columns) -> float | None:
    if point.key in columns:
        return columns[point.key]
    whole = columns.get(point.quantity)
    if point.place.startswith("t") and whole is not None:
        return whole if point.key.endswith(_FIRST_TARIFF) else 0.0
    return None
