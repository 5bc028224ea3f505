"""What is learned or open and must outlive a restart: named blobs, replaced whole, the last two kept."""

from edge_agent.state.requests import RelearnRequest, Requests, requests_directory
from edge_agent.state.store import StateStore

__all__ = ["RelearnRequest", "Requests", "StateStore", "requests_directory"]
