"""edge_agent/transport"""
