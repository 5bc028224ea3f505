"""Building frames of a conversation: requests, own reports, replies, confirms; and which reply belongs to which request.

Source: Q/GDW 10376.2-2024 sections 6.2 (sequence, module flag) and 6.5.1; C bytes 43, 83 and C3 as captures show them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from edge_agent.wire.gdw10376_2.codes import CommType, Direction
from edge_agent.wire.gdw10376_2.frame import AddressField, Frame10376
from edge_agent.wire.gdw10376_2.information import DownInfo, UpInfo
from edge_agent.wire.gdw10376_2.units.answers import Confirm, Deny
from edge_agent.wire.gdw10376_2.units.unit import Unit

SEQUENCES = 256
_CONFIRM_OR_DENY = (Confirm.code, Deny.code)


class SequenceNumbers:
    """Message numbers 0..255 in turn, leaving out those still in use: a late reply must not answer a younger request."""

    def __init__(self, first: int = 0) -> None:
        self._next = first % SEQUENCES

    def take(self, in_use: Collection[int] = ()) -> int:
        """The next free number. Raises ValueError when all 256 are in use."""
        for step in range(SEQUENCES):
            number = (self._next + step) % SEQUENCES
            if number not in in_use:
                self._next = (number + 1) % SEQUENCES
                return number
        raise ValueError("all 256 sequence numbers are in use")


def request(unit: Unit, *, sequence: int, addresses: AddressField | None = None, comm_type: int = CommType.HPLC) -> Frame10376:
    """A command or question of the concentrator (C = 43). ``addresses`` where it is for a slave: own main address, relays, meter."""
    relays = len(addresses.relays) if addresses is not None else 0
    return _frame(unit, DownInfo(sequence=sequence, relay_level=relays), addresses=addresses, prm=True, comm_type=comm_type)


def report(
    unit: Unit, *, sequence: int, addresses: AddressField | None = None, info: UpInfo | None = None, comm_type: int = CommType.HPLC
) -> Frame10376:
    """What the module says by itself (C = C3): 03H F10 after a reset, 06H, 14H. ``info`` gives phase and quality."""
    return _frame(unit, _up_info(info, sequence), addresses=addresses, prm=True, comm_type=comm_type)


def reply(to: Frame10376, unit: Unit, *, info: UpInfo | None = None) -> Frame10376:
    """The answer of the other side: same sequence, addresses swapped. ``info`` gives phase and quality of an answer upward.

    Upward C = 83. Downward C = 43: a reply ought not to set PRM, and yet captured concentrators do.
    """
    addresses = None
    if to.addresses is not None:
        addresses = AddressField(source=to.addresses.destination, destination=to.addresses.source)
    return _answer(to, unit, addresses, info)


def confirm(to: Frame10376, *, wait_s: int = 0, is_old_form: bool = False) -> Frame10376:
    """00H F1 to a request or report; between concentrator and module only, so without addresses."""
    return _answer(to, Confirm(wait_s=wait_s, is_old_form=is_old_form), None, None)


def deny(to: Frame10376, error: int) -> Frame10376:
    """00H F2 with a DenyReason; without addresses."""
    return _answer(to, Deny(error=error), None, None)


def is_answer(frame: Frame10376, to: Frame10376) -> bool:
    """Whether ``frame`` answers ``to``: other direction, same sequence, and the same code or a confirm or deny.

    Sequence numbers come round: for a read, compare the meter's address as well (``answers_for``).
    """
    if frame.direction is to.direction or frame.sequence != to.sequence:
        return False
    return frame.code in _CONFIRM_OR_DENY or frame.code == to.code


def answers_for(frame: Frame10376, meter: str) -> bool:
    """Whether an upward frame comes from ``meter``, or from the module itself (no addresses), which speaks for every meter."""
    return frame.addresses is None or frame.addresses.source == meter


def _answer(to: Frame10376, unit: Unit, addresses: AddressField | None, info: UpInfo | None) -> Frame10376:
    if to.direction is Direction.DOWN:
        return _frame(unit, _up_info(info, to.sequence), addresses=addresses, prm=False, comm_type=to.comm_type)
    return _frame(unit, DownInfo(sequence=to.sequence), addresses=addresses, prm=True, comm_type=to.comm_type)


def _up_info(info: UpInfo | None, sequence: int) -> UpInfo:
    return UpInfo(sequence=sequence) if info is None else dataclasses.replace(info, sequence=sequence)


def _frame(unit: Unit, info: DownInfo | UpInfo, *, addresses: AddressField | None, prm: bool, comm_type: int) -> Frame10376:
    return Frame10376(
        afn=unit.code.afn, fn=unit.code.fn, info=info, data=unit.to_bytes(), addresses=addresses, prm=prm, comm_type=comm_type
    )
