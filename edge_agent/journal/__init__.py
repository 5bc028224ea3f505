"""edge_agent/journal"""
