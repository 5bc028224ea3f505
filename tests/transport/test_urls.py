"""Which transports there are, and how a wrong URL is told."""

import sys
from types import ModuleType

import pytest

from edge_agent import transport
from edge_agent.errors import ConfigError
from edge_agent.transport import Framing, create_link, framing_of
from edge_agent.transport.memory import register


def test_each_scheme_has_its_framing():
    register("somewhere", lambda data: [])
    for url, framing in {
        "tcp://192.0.2.1": Framing.TCP, "rtu+tcp://192.0.2.1:4001": Framing.RTU, "serial:///dev/ttyUSB0": Framing.RTU,
        "memory://somewhere": Framing.RTU,
    }.items():
        create_link(url)
        assert framing_of(url) is framing


def test_link_is_named_for_people():
    assert create_link("tcp://gateway.example").name == "gateway.example:502"
    assert create_link("serial:///dev/ttyUSB0?baud=19200").name == "/dev/ttyUSB0"


@pytest.mark.parametrize(
    ("query", "bits"), [("", 10), ("?format=8N1", 10), ("?format=8E1", 11), ("?format=8N2", 11), ("?format=8E2", 12), ("?format=7E1", 10)]
)
def test_a_character_takes_its_bits(query: str, bits: int):
    assert create_link("serial:///dev/ttyUSB0" + query).seconds_per_character == pytest.approx(bits / 9600)


@pytest.mark.parametrize(
    "url",
    [
        "udp://192.0.2.1", "192.0.2.1:502", "", "tcp://", "tcp://host:99999", "tcp://host:0", "tcp://host:abc", "tcp://[::1", "tcp://host/path",
        "tcp://host?baud=9600", "tcp://user@host", "serial://", "serial://ttyUSB0", "serial:///dev/ttyUSB0?baud=abc",
        "serial:///dev/ttyUSB0?baud=²", "serial:///dev/ttyUSB0?baud=9601", "serial:///dev/ttyUSB0?format=9N1",
        "serial:///dev/ttyUSB0?speed=9600", "serial:///dev/ttyUSB0?rs485=yes", "memory://nobody-registered-this",
    ],
)
def test_wrong_url_is_one_line_that_repeats_it(url: str):
    with pytest.raises(ConfigError) as caught:
        create_link(url)
    (problem,) = caught.value.problems
    assert repr(url) in problem
    assert "\n" not in problem


def test_unknown_scheme_is_told_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'udp'; known: memory://, rtu\+tcp://, serial://, tcp://$"):
        create_link("udp://192.0.2.1")


def test_scheme_that_two_modules_claim_stops_the_program_with_both(monkeypatch: pytest.MonkeyPatch):
    second = ModuleType("edge_agent.transport.zz_second")
    second.SCHEMES = {"tcp": Framing.TCP}      # type: ignore[attr-defined]
    second.__file__ = "zz_second.py"
    monkeypatch.setitem(sys.modules, second.__name__, second)
    found = list(transport.pkgutil.iter_modules(transport.__path__, "edge_agent.transport."))
    monkeypatch.setattr(transport.pkgutil, "iter_modules", lambda *_: [*found, found[0]._replace(name=second.__name__)])
    transport._schemes.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"'tcp' is claimed by .*tcp\.py and zz_second\.py"):
            create_link("tcp://192.0.2.1")
    finally:
        transport._schemes.cache_clear()
