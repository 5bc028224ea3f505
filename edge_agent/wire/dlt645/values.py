"""From the payload of an identifier to its values, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from edge_agent.wire.dlt645.fields import Field, Quality, Value, decode_field, encode_field
from edge_agent.wire.dlt645.identifiers import Identifier, identifier
from edge_agent.wire.dlt645.identifiers_1997 import BLOCK_END

_SHOWN_TARIFFS_1997 = 5       # total and four tariffs; meters fill 901F up with zeros
_1997_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Value645:
    """One value. Numbers with decimals are exact ``Decimal``, without ``int``; None wherever ``quality`` is not GOOD."""

    name: str
    unit: str
    value: Value | None
    quality: Quality
    raw: bytes                # low byte first, as received


def decode_data(di: str, payload: bytes) -> tuple[Value645, ...]:
    """The values of ``di`` (as printed: 02010100, of 1997: 9010) in ``payload``, what follows the identifier in a reply.

    Never raises for any payload. Nothing in it gives no values: a meter says so that it has no such record. An unknown identifier gives
    one raw value; a wrong length gives one that is not decodable.
    """
    if not payload:
        return ()
    known = identifier(di)
    if known is None:
        return (Value645(name=f"data {di}", unit="", value=None, quality=Quality.RAW, raw=payload),)
    if known.is_block and len(di) == _1997_DIGITS:
        payload = _without_filling(payload)
    fields = _fields_of(known, len(payload))
    if fields is None:
        return (Value645(name=known.name, unit=known.unit or "", value=None, quality=Quality.NOT_DECODABLE, raw=payload),)
    values, at = [], 0
    for field in fields:
        raw = payload[at : at + field.size] if field.size else payload
        value, quality = decode_field(field, raw)
        values.append(Value645(name=field.name, unit=field.unit, value=value, quality=quality, raw=raw))
        at += field.size
    return tuple(values)


def encode_data(di: str, values: Sequence[Value | Fraction | None]) -> bytes:
    """The payload of ``di`` from values in the table's units and order; None is "not available". A block may end early.

    Raises:
        ValueError, TypeError: an identifier that no table has, a wrong number of values, a value that does not fit.
    """
    known = identifier(di)
    if known is None:
        raise ValueError(f"{di}: no table has this identifier")
    is_count_right = len(values) == len(known.fields) or (known.is_block and 0 < len(values) < len(known.fields))
    if not is_count_right:
        raise ValueError(f"{di} ({known.name}) has {len(known.fields)} values, {len(values)} are given")
    return b"".join(encode_field(field, value) for field, value in zip(known.fields, values, strict=False))


def _fields_of(known: Identifier, size: int) -> tuple[Field, ...] | None:
    """The fields that ``size`` bytes hold, None where the length fits none."""
    if len(known.fields) == 1 and not known.fields[0].size:
        return known.fields
    held = 0
    for count, field in enumerate(known.fields, start=1):
        held += field.size
        if held == size and (count == len(known.fields) or (known.is_block and count % known.fields_per_member == 0)):
            return known.fields[:count]
    return None


def _without_filling(payload: bytes) -> bytes:
    """A 1997 block without its end mark and without members of zeros behind the fourth tariff."""
    size = 4
    whole = payload[:-1] if payload[-1] == BLOCK_END and len(payload) % size == 1 else payload
    while len(whole) > size * _SHOWN_TARIFFS_1997 and len(whole) % size == 0 and not any(whole[-size:]):
        whole = whole[:-size]
    return whole
