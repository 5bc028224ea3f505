"""edge_agent/runtime"""
