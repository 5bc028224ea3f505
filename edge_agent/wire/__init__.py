"""edge_agent/wire"""
