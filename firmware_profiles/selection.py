"""Finds the profile for a meter by name, model and firmware version."""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Mapping

from firmware_profiles.schema import Profile

_COMPARISONS = {">=": operator.ge, "<=": operator.le, "<": operator.lt, ">": operator.gt, "==": operator.eq, "!=": operator.ne}
_CLAUSE = re.compile(r"(>=|<=|==|!=|<|>)\s*([0-9]+(?:\.[0-9]+)*)")


class NoProfile(LookupError):
    """No profile, or more than one, fits what was asked for; the message says which come near."""


def select(profiles: Mapping[str, Profile], model: str, firmware: str | None = None) -> Profile:
    """The profile whose name, meter or one of whose models is ``model`` (case does not matter) and whose firmware range holds.

    A profile named outright wins. Without ``firmware`` a model with several firmware ranges is refused, since the maps differ.

    Raises:
        NoProfile: none or several fit.
    """
    if model in profiles:
        return profiles[model]
    wanted = model.casefold()
    named = [
        profile for profile in profiles.values() if wanted in {name.casefold() for name in (profile.name, profile.meter, *profile.models)}
    ]
    fitting = [profile for profile in named if firmware is None or firmware_fits(profile.firmware, firmware)]
    exact = [profile for profile in fitting if wanted in (profile.name.casefold(), profile.meter.casefold())]
    candidates = exact or fitting
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise NoProfile(f"{model!r} fits several profiles: {', '.join(sorted(profile.name for profile in candidates))}; name one of them")
    if named:
        ranges = ", ".join(f"{profile.name} ({profile.firmware or 'any'})" for profile in named)
        raise NoProfile(f"no profile of {model!r} covers firmware {firmware}: {ranges}")
    close = difflib.get_close_matches(model, [*profiles, *(profile.meter for profile in profiles.values())], n=3, cutoff=0.4)
    raise NoProfile(f"no profile {model!r}; " + (f"near: {', '.join(close)}" if close else "see: hplc-edge profiles list"))


def is_firmware_range(clauses: str) -> bool:
    """Whether ``clauses`` is empty or comparisons such as ``>=2.1, <3.0``."""
    return not clauses or all(_CLAUSE.fullmatch(clause.strip()) for clause in clauses.split(","))


def firmware_fits(clauses: str, version: str) -> bool:
    """Whether ``version`` ("2.10") lies in ``clauses`` (">=2.1, <3.0"); an empty range holds for all."""
    return all(_COMPARISONS[sign](*_padded(version, bound)) for sign, bound in _CLAUSE.findall(clauses))


def _padded(version: str, bound: str) -> tuple[list[int], list[int]]:
    left, right = ([int(part) for part in re.findall(r"[0-9]+", text)] for text in (version, bound))
    length = max(len(left), len(right))
    return left + [0] * (length - len(left)), right + [0] * (length - len(right))
