"""edge_agent/events"""
