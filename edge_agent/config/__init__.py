"""The agent's configuration file (TOML), checked as a whole: every problem at once, each with its place."""

from edge_agent.config.load import broker_address, load_config
from edge_agent.config.tables import BusTable, Config, MeterConfig

__all__ = ["BusTable", "Config", "MeterConfig", "broker_address", "load_config"]
