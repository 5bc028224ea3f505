"""edge_agent/detect/load"""
