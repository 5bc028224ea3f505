"""``hplc-edge profiles``: lists, shows and checks meter profiles."""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge_agent.cli.command import Command
from edge_agent.errors import ConfigError
from firmware_profiles.dlt645 import CODINGS_645, DataPoint
from firmware_profiles.loader import METERS, ProfileError, load_all, load_profile
from firmware_profiles.schema import MODBUS, Point, Profile
from firmware_profiles.selection import NoProfile, select

_DONE, _CHECK_FAILED = 0, 1
_CODING_WIDTH = max(map(len, CODINGS_645))


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="all profiles, one a line")
    listing.add_argument("--json", action="store_true", help="one list of objects")
    show = actions.add_parser("show", help="one profile with its points")
    show.add_argument("name", metavar="NAME", help="profile, meter or model, for example 'sdm630'; or a profile FILE")
    show.add_argument("--json", action="store_true", help="one object")
    check = actions.add_parser("check", help="verify profile files and their golden bytes; without FILE all that are shipped")
    check.add_argument("files", metavar="FILE", nargs="*", type=Path)


def run(args: argparse.Namespace) -> int:
    if args.action == "check":
        return _check(args.files)
    if args.action == "show":
        return _show(find_profile(args.name), as_json=args.json)
    return _list(load_shipped(), as_json=args.json)


def find_profile(name: str) -> Profile:
    """The shipped profile named so (profile, meter or model), or the one in the file ``name``.

    Raises:
        ConfigError: no such profile, several, or a file that is wrong.
    """
    try:
        if name.endswith(".toml"):
            return load_profile(Path(name))
        return select(load_shipped(), name)
    except ProfileError as exc:
        raise ConfigError(exc.problems) from exc
    except NoProfile as exc:
        raise ConfigError([str(exc)]) from exc


@functools.cache
def load_shipped() -> Mapping[str, Profile]:
    """All shipped profiles by name.

    Raises:
        ConfigError: a shipped file is wrong.
    """
    try:
        return load_all()
    except ProfileError as exc:
        raise ConfigError(exc.problems) from exc


def _list(profiles: Mapping[str, Profile], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps([_summary(profile) for profile in profiles.values()], indent=1))
        return _DONE
    width = max(len(name) for name in profiles)
    for profile in profiles.values():
        print(f"{profile.name:{width}}  {profile.phases:3}  {len(profile.all_points):3} points  {profile.meter}")
    return _DONE


def _show(profile: Profile, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({**_summary(profile), "points": [_point(point) for point in profile.all_points]}, indent=1))
        return _DONE
    for key, value in _summary(profile).items():
        shown = "; ".join(dict.fromkeys(map(str, value))) if isinstance(value, list) else value
        print(f"{key:18} {'-' if shown in ('', None) else shown}")
    print()
    for point in profile.all_points:
        scale = "" if point.scale == 1 else f" x {point.scale}"
        print(f"{_where(point)}  {point.title:28} {point.unit + scale:12} {point.poll:8} {point.key}{_order(point)}")
    for block in profile.data_blocks:
        print(f"{block.identifier}  block of {', '.join(point.key for point in block.members)}")
    return _DONE


def _where(point: Point | DataPoint) -> str:
    """Where a value stands and in what form."""
    if isinstance(point, DataPoint):
        return f"{point.identifier}  {point.byte_count} {point.coding:{_CODING_WIDTH}}"
    return f"FC{point.function:02} 0x{point.address:04X}  {point.type:4}"


def _order(point: Point | DataPoint) -> str:
    if isinstance(point, DataPoint):
        return " signed" if point.is_signed else ""
    return "" if point.high_word_first or point.words == 1 else " low word first"


def _check(files: list[Path]) -> int:
    wrong = 0
    for path in files or sorted(METERS.glob("*.toml")):
        try:
            profile = load_profile(path)
        except ProfileError as exc:
            wrong += 1
            for problem in exc.problems:
                print(problem, file=sys.stderr)
            continue
        if files:
            print(f"{path}: ok: {len(profile.all_points)} points, {len(profile.golden)} golden cases")
    if not files:
        try:
            print(f"{len(load_all())} shipped profiles: ok")
        except ProfileError:
            print(f"{wrong} of the shipped profiles are wrong", file=sys.stderr)
            wrong = wrong or 1
    return _CHECK_FAILED if wrong else _DONE


def _summary(profile: Profile) -> dict[str, Any]:
    return {
        "profile": profile.name, "maker": profile.maker, "meter": profile.meter, "models": list(profile.models),
        "protocol": profile.protocol, "firmware": profile.firmware, "phases": profile.phases, "max_current_a": profile.max_current_a,
        "nominal_voltage_v": profile.nominal_voltage_v, **_line(profile),
        "source": profile.source, "notes": profile.notes, "golden": [golden.origin for golden in profile.golden],
    }


def _line(profile: Profile) -> dict[str, Any]:
    serial = f"{profile.serial.baud} {profile.serial.format}"
    if profile.protocol != MODBUS:
        return {"serial": serial}
    return {"function": profile.function, "serial": f"{serial} unit {profile.serial.unit}", "max_words": profile.limits.max_words}


def _point(point: Point | DataPoint) -> dict[str, Any]:
    if isinstance(point, DataPoint):
        return {
            "quantity": point.title, "column": point.column, "id": point.identifier, "coding": point.coding, "bytes": point.byte_count,
            "signed": point.is_signed, "scale": str(point.scale), "unit": point.unit, "poll": point.poll,
        }
    return {
        "quantity": point.title, "column": point.column, "function": point.function, "address": point.address, "type": point.type_title,
        "word_order": f"{point.word_order} word first", "scale": str(point.scale), "unit": point.unit, "poll": point.poll,
    }


COMMAND = Command(name="profiles", summary="list, show and check meter profiles", configure=configure, run=run)
