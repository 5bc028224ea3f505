"""edge_agent/publish"""
