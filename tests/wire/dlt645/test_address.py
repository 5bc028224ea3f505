"""Who is meant by an address field. Rules: DL/T 645-2007 section 5.2.2."""

from __future__ import annotations

import pytest

from edge_agent.wire.dlt645 import BROADCAST, WILDCARD, matches

METER = "123456789012"


@pytest.mark.parametrize(
    ("pattern", "is_meant"),
    [
        (METER, True),
        (BROADCAST, True),
        (WILDCARD, True),
        ("AAAAAAAA9012", True),
        ("AA3456789012", True),
        ("AAAAAAAAAA12", True),
        ("AAAAAAAAAA13", False),
        ("AAAA56789011", False),
        ("123456789013", False),
        ("1234AAAAAA12", False),
        ("123456AAAAAA", False),
    ],
)
def test_wildcards_stand_for_digits_at_the_high_end_only(pattern, is_meant):
    assert matches(pattern, METER) is is_meant
