"""edge_agent/state"""
