"""simulator/load"""
