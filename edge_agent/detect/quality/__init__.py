"""edge_agent/detect/quality"""
