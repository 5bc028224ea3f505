"""edge_agent/contract"""
