"""Chip ids as stations give them when they join: head of the standard, class, vendor, model, serial, check.

The text gives the fields; vendor and model of simulated modules, their serial and the check sum are ours [I].
"""

from __future__ import annotations

import hashlib

from edge_agent.wire.gdw10376_2.units.network import CHIP_ID_HEAD
from simulator.hplc.cco.carrier import Member
from simulator.hplc.network import DeviceKind

_CLASS_HPLC = 2
_VENDOR_AND_MODEL = bytes.fromhex("00010002")
_CHECK_BYTES = 8


def chip_id(address: str) -> bytes:
    """24 bytes; the serial is made from the module's address, the last ten digits in BCD."""
    body = CHIP_ID_HEAD + bytes([_CLASS_HPLC]) + _VENDOR_AND_MODEL + bytes.fromhex(address[-10:])
    return body + hashlib.blake2b(body, digest_size=_CHECK_BYTES).digest()


def device_type(member: Member) -> int:
    if member.level == 0:
        return DeviceKind.CCO
    return DeviceKind.THREE_PHASE_METER_UNIT if member.is_three_phase else DeviceKind.METER_UNIT
