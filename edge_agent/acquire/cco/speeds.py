"""At which speeds the port of a module is used: any module speaks 9600 after its reset. Q/GDW 10376.2-2024 05H F10."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from edge_agent.wire.gdw10376_2.units.settings import SERIAL_SPEEDS_BAUD

_START_BAUD = SERIAL_SPEEDS_BAUD[0]


def baud_of(url: str) -> int | None:
    """Of a serial URL; None for links that have no speed."""
    parts = urlsplit(url)
    if parts.scheme != "serial":
        return None
    return int(dict(parse_qsl(parts.query)).get("baud", _START_BAUD))


def url_after_reset(url: str) -> str | None:
    """The same port at the speed of a module after its reset; None where that is the speed of ``url``, or it has none."""
    if baud_of(url) in (None, _START_BAUD):
        return None
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), "baud": str(_START_BAUD)}
    return f"serial://{parts.path}?{urlencode(query)}"


def speed_problem(url: str) -> str:
    """Why a module cannot be set to the speed of ``url``; empty where it can."""
    baud = baud_of(url)
    if baud is None or baud in SERIAL_SPEEDS_BAUD:
        return ""
    return f"url {url!r}: a module has the speeds {', '.join(map(str, SERIAL_SPEEDS_BAUD))}"
