"""The registers of a profile, filled from columns and read by requests."""

from __future__ import annotations

from edge_agent.wire.modbus import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, READ_FUNCTIONS, ReadRequest, Reply
from firmware_profiles.coding import encode_point
from firmware_profiles.schema import TEXT, Profile


class Registers:
    """What lies behind the addresses of one meter."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._words: dict[int, dict[int, bytes]] = {}     # function -> address -> the two bytes of a register

    def load(self, columns: dict[str, float | None]) -> None:
        """Take values by column, SI units; None = not available, a column that is missing reads 0."""
        for function in {point.function for point in self.profile.points}:
            self._words[function] = self._image(function, columns)

    def read(self, request: ReadRequest) -> Reply:
        """The registers asked for, or the exception that this meter answers."""
        if request.function not in READ_FUNCTIONS:
            return _refuse(request, ILLEGAL_FUNCTION)
        if not 1 <= request.count <= self.profile.limits.max_words:
            return _refuse(request, ILLEGAL_VALUE)
        registers = self._of_function(request.function)
        data = bytearray()
        for address in range(request.address, request.address + request.count):
            word = registers.get(address)
            if word is None:
                return _refuse(request, ILLEGAL_ADDRESS)
            data += word
        return Reply(unit=request.unit, function=request.function, data=bytes(data))

    def _of_function(self, function: int) -> dict[int, bytes]:
        if function in self._words or function not in self.profile.also_functions:
            return self._words.get(function, {})
        return next(iter(self._words.values()))

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


def _refuse(request: ReadRequest, code: int) -> Reply:
    return Reply(unit=request.unit, function=request.function, exception=code)
