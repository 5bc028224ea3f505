"""What is learned or open and must outlive a restart: named blobs, replaced whole, the last two kept."""

from edge_agent.state.requests import DispatchRequest, NeighbourRequest, RelearnRequest, Requests, requests_directory
from edge_agent.state.store import StateStore

__all__ = ["DispatchRequest", "NeighbourRequest", "RelearnRequest", "Requests", "StateStore", "requests_directory"]
