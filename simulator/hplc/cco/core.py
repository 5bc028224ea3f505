"""What a CCO consists of: its parts and the few things that belong to none of them."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass, field

from edge_agent.wire.gdw10376_2 import AddressField, Code, Frame10376, UpInfo, encode, reply
from edge_agent.wire.gdw10376_2.units import Content, Unit
from simulator.hplc.cco.archive import Archive
from simulator.hplc.cco.carrier import CarrierNetwork, Member
from simulator.hplc.cco.misbehaviour import CcoMisbehaviour
from simulator.hplc.cco.outbox import Outbox
from simulator.hplc.cco.profile import CcoProfile
from simulator.hplc.cco.reads import Reads
from simulator.hplc.cco.reports import Reports
from simulator.hplc.cco.router_cycle import RouterCycle
from simulator.hplc.cco.search import Search
from simulator.hplc.gasp.events import Event
from simulator.hplc.gasp.gathering import CcoGathering

_NEVER = float("inf")
_THREE_PHASE_METER = 4      # "channel feature" of R


@dataclass(slots=True)
class Core:
    """Times in s of the virtual clock, infinity for "not".

    ``clock_set_to``: what 05H F101 said at ``clock_set_s``. ``pages``: the table that a round of page queries goes through, as it was
    when the round began. ``last_events``: sequence number of the last event by TEI.
    """

    profile: CcoProfile
    carrier: CarrierNetwork
    archive: Archive
    outbox: Outbox
    main_address: str
    misbehaviour: CcoMisbehaviour
    reports: Reports = field(init=False)
    reads: Reads = field(init=False)
    search: Search = field(init=False)
    cycle: RouterCycle = field(init=False)
    supply: CcoGathering = field(init=False)
    pages: dict[Code, list[Member]] = field(default_factory=dict)
    allows_events: bool = True
    allows_area_identification: bool = False
    reports_refused: bool = False
    area_until_s: float = _NEVER
    reset_s: float = _NEVER
    clock_set_s: float = 0.0
    clock_set_to: datetime.datetime | None = None
    sequence: int = 0
    bad_messages: int = 0
    unknown_teis: int = 0
    refused: set[str] = field(default_factory=set)
    last_events: dict[int, int] = field(default_factory=dict)

    def send(self, frame: Frame10376, now_s: float) -> None:
        """Put a frame on the UART, after the time that a module takes; an answer says whether reports wait."""
        if isinstance(frame.info, UpInfo) and not frame.prm and len(self.reports):
            frame = dataclasses.replace(frame, info=dataclasses.replace(frame.info, event_pending=True))
        self.outbox.put(encode(frame), now_s + self.profile.answer_delay_s)

    def answer(self, to: Frame10376, unit: Unit, now_s: float) -> None:
        """Answer a request; for a slave, R says its phase and on how many relays it hangs."""
        info = None
        if isinstance(to.addresses, AddressField):
            member = self.carrier.member(to.addresses.destination)
            if member is not None:
                info = UpInfo(
                    sequence=to.sequence, phase=member.phase, relay_level=max(0, member.level - 1),
                    meter_channel=_THREE_PHASE_METER if member.is_three_phase else 0,
                )
        self.send(reply(to, unit, info=info), now_s)

    def next_sequence(self) -> int:
        """Of a message of the CCO on the power line."""
        self.sequence = (self.sequence + 1) % 65_536
        return self.sequence

    def is_new_event(self, event: Event, tei: int) -> bool:
        """A repeat has the sequence number of the event that this station sent last."""
        is_new = self.last_events.get(tei) != event.sequence
        self.last_events[tei] = event.sequence
        return is_new

    def list_allowed(self) -> None:
        """Tell the network who may join: the archive, or everybody while a search is on."""
        self.carrier.allow(None if self.search.is_open else frozenset(self.archive.addresses()))

    def take_content(self, sequence: int, content: Content | None, now_s: float) -> None:
        """An answer to 14H F1, None: denied."""
        self.cycle.take_content(sequence, content, self.archive.protocol, now_s)
