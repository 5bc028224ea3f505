"""What the standard's text leaves open about the network layer: values and their reasons are in ``assumptions.toml``."""

from __future__ import annotations

from simulator.hplc.assumptions import assumed, assumed_row

HOP_FACTOR = assumed("network.hop_factor")
NEW_PROXY_FACTOR = assumed("network.new_proxy_factor")
GOOD_LINK = assumed("network.good_link")
PATIENCE_PERIODS = int(assumed("network.patience_periods"))
WORST_LINK = assumed("network.worst_link")
CHANGE_GAIN = assumed("network.change_gain")
CHANGE_SPREAD_S = assumed("network.change_spread_s")
FORGOTTEN_LINK = assumed("network.forgotten_link")
SCHEDULE_PERIODS = int(assumed("network.schedule_periods"))
FORMED_AFTER_S = assumed("network.formed_after_s")
BEACON_SHARE = assumed("network.beacon_share")
ROUTE_PERIOD_S = assumed("network.route_period_s")
ZERO_CROSS_SCATTER_MS = assumed("network.zero_cross_scatter_ms")
BROADCAST_MODES = tuple(map(int, assumed_row("network.broadcast_modes")))
BEACON_MODES = tuple(map(int, assumed_row("network.beacon_modes")))
STURDY_BEACON_MODES = tuple(map(int, assumed_row("network.sturdy_beacon_modes")))
MOST_TURNS = assumed("network.most_turns")
MANAGEMENT_MODE = int(assumed("network.management_mode"))
