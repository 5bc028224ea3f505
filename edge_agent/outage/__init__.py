"""Outages: where they are, what they are, and what they cost the customers."""

from edge_agent.outage.engine import OutageEngine
from edge_agent.outage.event_log import Interruptions, interruptions_of
from edge_agent.outage.indices import IndexSettings, Indices, Interruption, indices_of
from edge_agent.outage.settings import OutageSettings

__all__ = [
    "IndexSettings", "Indices", "Interruption", "Interruptions", "OutageEngine", "OutageSettings", "indices_of", "interruptions_of",
]
