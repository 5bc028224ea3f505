"""edge_agent/detect"""
