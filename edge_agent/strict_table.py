"""Fills a settings dataclass from a TOML table and collects every problem instead of stopping at the first."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

Settings = TypeVar("Settings")


def fill(settings_type: type[Settings], table: object, *, where: str, problems: list[str]) -> Settings | None:
    """A ``settings_type`` from ``table``; None when there was a problem, each told in one line of ``problems``.

    Unknown keys, wrong types and missing keys are problems. ``settings_type`` is a dataclass; its ``__post_init__`` may raise
    ValueError for values that do not fit each other.
    """
    if not isinstance(table, Mapping):
        problems.append(f"{where}: expected a table, found {type(table).__name__}")
        return None
    before = len(problems)
    hints, fields = _fields(settings_type)  # type: ignore[arg-type]
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in fields:
            close = difflib.get_close_matches(key, fields, n=1)
            known = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(sorted(fields))}"
            problems.append(f"{where}: unknown key {key!r}; {known}")
            continue
        try:
            values[key] = msgspec.convert(value, hints[key])
        except msgspec.ValidationError as exc:
            problems.append(f"{where}: {key} = {value!r}: {str(exc)[0].lower()}{str(exc)[1:]}")
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in table:
            problems.append(f"{where}: missing key {name!r}")
    if len(problems) > before:
        return None
    try:
        return settings_type(**values)
    except ValueError as exc:
        problems.append(f"{where}: {exc}")
        return None


@functools.cache          # resolving the names of the types takes longer than the rest: half a second for the rows of a thousand meters
def _fields(settings_type: type) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    """Types and fields by name."""
    fields = {field.name: field for field in dataclasses.fields(settings_type) if field.init}
    return typing.get_type_hints(settings_type), fields
