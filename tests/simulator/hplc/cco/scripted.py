"""A network that follows a script, and a concentrator that speaks bytes to a CCO over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from edge_agent.wire.gdw10376_2 import AddressField, Decoder10376, Frame10376, encode, parse_unit, request, units
from edge_agent.wire.gdw10376_2.units.unit import Unit
from firmware_profiles.modules import load_modules
from simulator.hplc.cco import Arrived, Cco, CcoProfile, Member
from simulator.hplc.cco.messages import CarrierMessage, decode_message, encode_message

MAIN, METER, OTHER, THIRD = "000000002600", "000000000161", "000000000162", "000000000163"
SUPPLY = load_modules()["family-a"].coordinator
_FILE = Path(__file__).parents[3] / "data" / "vectors" / "gdw10376_2.json"
VECTORS = json.loads(_FILE.read_text(encoding="utf-8"))

_ASKS = 0x14        # these want an answer of their own

Answer = Callable[[CarrierMessage], bytes | None]


def vector(meaning: str) -> bytes:
    """The bytes of the one vector whose meaning begins so."""
    found = [bytes.fromhex(one["hex"]) for one in VECTORS if one["meaning"].startswith(meaning)]
    assert len(found) == 1, f"{len(found)} vectors begin with {meaning!r}"
    return found[0]


class ScriptedCarrier:
    """Members and answers as a test says. ``answer`` gives the data of a station's answer, None for silence; it takes ``way_s``."""

    def __init__(self, members: Sequence[Member] = (), *, way_s: float = 0.4) -> None:
        self.table = {member.address: member for member in members}
        self.teis = {member.tei: member.address for member in members}
        self.answer: Answer = lambda message: message.data
        self.way_s = way_s
        self.now = 0.0
        self.nid = 0x2600
        self.band = 2
        self.neighbours: tuple[int, ...] = ()
        self.allowed: list[frozenset[str] | None] = []
        self.sent: list[tuple[str, bytes]] = []
        self.broadcasts: list[CarrierMessage] = []
        self.refused: list[str] = []
        self.restarts = self.identified = 0
        self._coming: list[Arrived] = []

    @property
    def now_s(self) -> float:
        return self.now

    def run_until(self, time_s: float) -> None:
        assert time_s >= self.now
        self.now = time_s

    def take_arrived(self) -> list[Arrived]:
        here = [one for one in self._coming if one.at_s <= self.now]
        self._coming = [one for one in self._coming if one.at_s > self.now]
        return here

    def take_refused(self) -> list[str]:
        taken, self.refused = self.refused, []
        return taken

    def send(self, address: str, payload: bytes) -> bool:
        self.sent.append((address, payload))
        if address not in self.table:
            return False
        if payload[1:3] == b"\x08\x00":
            return True         # of the event service: nobody answers it
        message = decode_message(payload)
        data = self.answer(message)
        if data is not None:
            self.arrive(address, encode_message(CarrierMessage(
                identifier=message.identifier, function=message.function, is_up=True, sequence=message.sequence, address=address, data=data,
            )))
        return True

    def arrive(self, address: str, payload: bytes, *, is_broadcast: bool = False) -> None:
        at_s = self.now + self.way_s
        self._coming.append(Arrived(
            at_s=at_s, sent_s=at_s - self.way_s / 2, address=address, tei=self.table[address].tei, payload=payload,
            is_broadcast=is_broadcast,
        ))

    def broadcast(self, payload: bytes) -> None:
        self.broadcasts.append(decode_message(payload))

    def members(self) -> Sequence[Member]:
        return list(self.table.values())

    def member(self, address: str) -> Member | None:
        return self.table.get(address)

    def address_of(self, tei: int) -> str | None:
        return self.teis.get(tei)

    def neighbour_nids(self) -> Sequence[int]:
        return self.neighbours

    def allow(self, addresses: frozenset[str] | None) -> None:
        self.allowed.append(addresses)

    def identify_phases(self) -> None:
        self.identified += 1

    def restart(self) -> None:
        self.restarts += 1


def tree() -> list[Member]:
    """The tree of the vectors: CCO, one proxy with a station behind it, one more station."""
    return [
        Member(address=MAIN, tei=1, proxy_tei=0, level=0, role=4),
        Member(address=METER, tei=2, proxy_tei=1, level=1, role=2),
        Member(address=OTHER, tei=3, proxy_tei=2, level=2, role=1),
        Member(address=THIRD, tei=4, proxy_tei=1, level=1, role=1),
    ]


class Concentrator:
    """Bytes to and from a CCO, in virtual time. Reports are confirmed unless ``confirms`` is off."""

    def __init__(self, carrier: ScriptedCarrier, **profile: object) -> None:
        self.carrier = carrier
        self.cco = Cco(carrier, CcoProfile(supply=SUPPLY, **profile), main_address=MAIN)
        self.confirms = True
        self.now_s = 0.0
        self.heard = b""
        self.reports: list[tuple[float, Frame10376]] = []
        self.answers: list[tuple[float, Frame10376]] = []
        self._decoder = Decoder10376()
        self._sequence = 0x40

    def run(self, seconds: float) -> None:
        """Let time pass as a server does: from one due time to the next."""
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.now_s = min(until_s, self.cco.next_due_s())
            self.cco.advance(self.now_s)
            self._take(self.cco.take_output())

    def send_bytes(self, wire: bytes, wait_s: float = 0.2) -> bytes:
        """What the CCO says within ``wait_s``."""
        before = len(self.heard)
        self.cco.receive(wire, self.now_s)
        self.run(wait_s)
        return self.heard[before:]

    def ask(self, unit: Unit, meter: str | None = None, *, wait_s: float = 0.2, sequence: int | None = None) -> Unit | None:
        """The typed answer to a request, None for silence within ``wait_s``."""
        self._sequence = (self._sequence + 1) % 256 if sequence is None else sequence
        addresses = None if meter is None else AddressField(source=MAIN, destination=meter)
        before = len(self.answers)
        self.send_bytes(encode(request(unit, sequence=self._sequence, addresses=addresses)), wait_s)
        return next((parse_unit(one) for _, one in self.answers[before:] if one.sequence == self._sequence), None)

    def add(self, *addresses: str) -> Unit | None:
        return self.ask(units.AddNodes(nodes=tuple(units.NodeProtocol(address=one, protocol=2) for one in addresses)))

    def told(self, kind: type[Unit]) -> list[Unit]:
        """Units of this kind that the CCO reported, repeats among them."""
        found = [parse_unit(frame) for _, frame in self.reports]
        return [unit for unit in found if isinstance(unit, kind)]

    def _take(self, wire: bytes) -> None:
        self.heard += wire
        self._decoder.feed(wire)
        while (frame := self._decoder.next_frame()) is not None:
            (self.reports if frame.prm else self.answers).append((self.now_s, frame))
            if frame.prm and self.confirms and frame.afn != _ASKS:
                self.cco.receive(confirm_of(frame), self.now_s)


def confirm_of(frame: Frame10376) -> bytes:
    """Written out: 68 15 00 43, R with the sequence, 00 01 00, four bytes of status, two of wait, sum, 16."""
    body = bytes([0x43, 0, 0, 0, 0, 0, frame.sequence, 0x00, 0x01, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0])
    return bytes([0x68, 0x15, 0x00]) + body + bytes([sum(body) & 0xFF, 0x16])


def with_archive(*addresses: str, **profile: object) -> Concentrator:
    """A concentrator whose CCO holds these, with its own report behind it."""
    concentrator = Concentrator(ScriptedCarrier(tree()), **profile)
    concentrator.run(12.0)
    if addresses:
        assert isinstance(concentrator.add(*addresses), units.Confirm)
    return concentrator
