"""HPLC's channel access: back-off timers, exchanges with acknowledgement, collisions; beacon periods."""
