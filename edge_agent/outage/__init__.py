"""Outages: what they cost the customers."""

from edge_agent.outage.event_log import Interruptions, interruptions_of
from edge_agent.outage.indices import IndexSettings, Indices, Interruption, indices_of

__all__ = [
    "IndexSettings", "Indices", "Interruption", "Interruptions", "indices_of", "interruptions_of",
]
