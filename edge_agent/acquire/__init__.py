"""edge_agent/acquire"""
