"""What every application data unit offers."""

from __future__ import annotations

from typing import Protocol

from edge_agent.wire.gdw10376_2.codes import Code


class Unit(Protocol):
    """Typed application data of one AFN and Fn.

    Units are frozen dataclasses. ``to_bytes`` raises ValueError for a field that does not fit; their ``parse(code, data)`` raises
    FrameError in one line for data that is not of this layout, and nothing else.
    """

    @property
    def code(self) -> Code: ...

    def to_bytes(self) -> bytes: ...
