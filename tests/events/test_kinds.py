"""Every kind of finding can be published."""

import pytest

from edge_agent.contract import topics
from edge_agent.events import KINDS, kind_of


@pytest.mark.parametrize("kind", [*KINDS, "something.unlisted"])
def test_its_class_is_a_topic_and_its_stream_is_journaled(kind):
    assert topics.event_suffix(kind_of(kind).event_class).startswith("event/")
    assert kind_of(kind).stream in "ae"
    assert kind_of(kind).action
