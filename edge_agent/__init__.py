"""The edge agent: reads every meter of a transformer area, detects, locates and publishes."""
