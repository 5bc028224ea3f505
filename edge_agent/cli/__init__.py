"""edge_agent/cli"""
