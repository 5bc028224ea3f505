"""The meters behind one wire, by unit address, and what they do wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from edge_agent.wire.modbus import ReadRequest, Reply
from simulator.meter.misbehaviour import Misbehaviour


class Answering(Protocol):
    """A meter of any kind."""

    def answer(self, request: ReadRequest) -> Reply | None: ...


@dataclass(slots=True)
class MeterBank:
    """``misbehave(request)`` may name what goes wrong with this answer; None answers well. An unknown unit is silence."""

    meters: dict[int, Answering] = field(default_factory=dict)
    misbehave: Callable[[ReadRequest], Misbehaviour | None] | None = None

    def answer(self, request: ReadRequest) -> Reply | None:
        meter = self.meters.get(request.unit)
        return meter.answer(request) if meter is not None else None
