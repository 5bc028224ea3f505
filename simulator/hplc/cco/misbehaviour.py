"""What real modules sometimes do, to be switched on in tests of whoever talks to them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class CcoMisbehaviour:
    """``is_silent``: takes bytes and says nothing. ``unknown_addresses`` join every outage report. ``report_copies``: of each report."""

    is_silent: bool = False
    unknown_addresses: tuple[str, ...] = ()
    report_copies: int = 1
