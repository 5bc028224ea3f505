"""From findings to events: open, revise, close, without repeats; one identity and a rising revision for each."""

from edge_agent.events.change import EventChange, EventSettings
from edge_agent.events.ids import EventIds
from edge_agent.events.kinds import KINDS, EventKind, kind_of
from edge_agent.events.lifecycle import EventBook

__all__ = ["KINDS", "EventBook", "EventChange", "EventIds", "EventKind", "EventSettings", "kind_of"]
