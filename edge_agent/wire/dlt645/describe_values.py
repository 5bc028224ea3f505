"""Values of one identifier as JSON, with the keys of the test vectors."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from edge_agent.wire.dlt645.fields import Quality, Value
from edge_agent.wire.dlt645.identifiers import identifier
from edge_agent.wire.dlt645.status_words import status_names
from edge_agent.wire.dlt645.values import Value645, decode_data

_STATUS_WORD_DI = "040005"


def described_values(di: str, payload: bytes) -> dict[str, object]:
    """``value`` and ``unit`` of a single value; ``values_V`` of a block in one unit; ``values`` with names where units differ."""
    known = identifier(di)
    values = decode_data(di, payload)
    if known is None or not values or values[0].quality is Quality.RAW:
        return {}
    if di.startswith(_STATUS_WORD_DI):
        return _status_words(di, values)
    if len(values) == 1 and not known.is_block:
        return {"value": json_value(values[0].value), "unit": values[0].unit} | _quality(values)
    if known.unit is not None and known.is_block:
        key = f"values_{known.unit}" if known.unit else "values"
        return {key: [json_value(value.value) for value in values]} | _quality(values)
    rows = [{"quantity": value.name, "unit": value.unit, "value": json_value(value.value)} for value in values]
    return {"values": rows} | _quality(values)


def json_value(value: Value | None) -> str | int | float | None:
    """As the vectors print it: numbers with decimals as float, times as "2017-06-05 10:22:51"."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value if value is None or isinstance(value, int | str) else value.isoformat()


def _quality(values: tuple[Value645, ...]) -> dict[str, object]:
    doubtful = [value.quality.value for value in values if value.quality is not Quality.GOOD]
    if not doubtful:
        return {}
    return {"quality": doubtful[0] if len(values) == 1 else [value.quality.value for value in values]}


def _status_words(di: str, values: tuple[Value645, ...]) -> dict[str, object]:
    first = 1 if di.endswith("FF") else int(di[-2:], 16)
    said: dict[str, object] = {}
    for number, value in enumerate(values, start=first):
        if isinstance(value.value, int):
            said[f"status_word_{number}"] = value.value
            said[f"status_word_{number}_bits"] = status_names(number, value.value)
    return said | _quality(values)
